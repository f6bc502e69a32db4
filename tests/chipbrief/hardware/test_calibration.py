"""A profile with a calibration beside it: what it takes from there, what stays its own, and what may be wrong."""

import textwrap
from pathlib import Path

import pytest

from chipbrief.errors import InputError
from chipbrief.hardware import Hardware, HardwareProfile

FITTED = "kind: calibrated, source: fit, date: 2026-11"
CALIBRATION = f"""\
schema: calibration/1
vendor: Acme
software: "made up"
families:
  first:
    efficiency:
      weights: {{value: 60 %, low: 50 %, high: 70 %, {FITTED}}}
      kv: {{value: 60 %, {FITTED}}}
      decode: {{value: 60 %, {FITTED}}}
      prefill: {{value: 60 %, {FITTED}}}
      attention: {{value: 30 %, {FITTED}}}
      experts: {{value: 80 %, {FITTED}}}
      collectives: {{value: 60 %, {FITTED}}}
    latency:
      layer: {{value: 20 us, {FITTED}}}
      layer_spread: {{value: 40 us, {FITTED}}}
      sequence: {{value: 2 us, {FITTED}}}
      prefill_pass: {{value: 200 us, {FITTED}}}
      prefill_chunk: {{value: 2000, {FITTED}}}
      host: {{value: 20 ms, {FITTED}}}
    scheduling:
      overlap: {{value: 2, {FITTED}}}
    errors:
      tpot:
        seen: {{value: 1, low: 0.8, high: 1.25, {FITTED}}}
    calibrated_on:
      times: {{hardware: [acme-x1], models: [llama-3.1-8b], attention: [full]}}
  second:
    scheduling:
      overlap: {{value: 3, {FITTED}}}
sources:
  fit: {{title: A fit, locator: docs/calibration.md}}
"""


def without(text: str, *sections: str) -> str:
    """A profile's text without some of its sections."""
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            inside = line.split(":")[0] in sections
        kept += [] if inside else [line]
    return "".join(kept)


@pytest.fixture
def bare(data: Path) -> str:
    """The made-up machine without what a calibration states."""
    text = without((data / "acme-x1.yaml").read_text(encoding="utf-8"), "efficiency", "latency")
    return text.replace("system:\n", "calibration: first\nsystem:\n", 1)


def folder_of(tmp_path: Path, profile: str, calibration: str | None = CALIBRATION) -> Path:
    (tmp_path / "x1.yaml").write_text(profile, encoding="utf-8")
    if calibration is not None:
        (tmp_path / "calibration.yaml").write_text(calibration, encoding="utf-8")
    return tmp_path / "x1.yaml"


def problems(path: Path) -> list[str]:
    with pytest.raises(InputError) as refused:
        HardwareProfile.from_yaml(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in refused.value.problems]


def test_a_profile_takes_what_it_does_not_state_from_its_family(tmp_path: Path, bare: str) -> None:
    profile = HardwareProfile.from_yaml(folder_of(tmp_path, bare))
    assert profile.efficiency.weights.value == 0.6
    assert profile.efficiency.weights.text() == "60 %"
    assert (profile.efficiency.weights.low, profile.efficiency.weights.high) == pytest.approx((0.5, 0.7))
    assert profile.latency.layer.value == pytest.approx(20e-6)
    assert profile.scheduling.overlap is not None
    assert profile.scheduling.overlap.value == 2.0
    assert profile.errors["tpot"]["seen"].lowest == 0.8
    assert profile.calibrated_on.times.hardware == ("acme-x1",)
    assert profile.memory.capacity.value == 100e9


def test_its_figures_are_those_of_the_profile_with_the_sources_of_the_calibration(tmp_path: Path, bare: str) -> None:
    profile = HardwareProfile.from_yaml(folder_of(tmp_path, bare))
    _, figure = profile.figures["acme-x1:latency.layer_spread"]
    assert (figure.value, figure.kind) == (pytest.approx(40e-6), "calibrated")
    assert profile.sources[figure.source].title == "A fit"
    assert profile.sources["acme"].title == "Acme data sheet"


def test_the_value_of_the_profile_itself_wins(tmp_path: Path, bare: str) -> None:
    own = "latency:\n  layer: {value: 5 us, kind: assumed, source: acme, date: 2026}\n"
    profile = HardwareProfile.from_yaml(folder_of(tmp_path, bare + own))
    assert profile.latency.layer.value == pytest.approx(5e-6)
    assert profile.latency.layer.source == "acme"
    assert profile.latency.host.value == pytest.approx(20e-3)  # beside it the fitted ones stay


def test_a_source_of_the_profile_wins_over_one_of_that_name_in_the_calibration(tmp_path: Path, bare: str) -> None:
    own = bare.replace("sources:\n", "sources:\n  fit: {title: My own fit, locator: notes.md}\n")
    assert HardwareProfile.from_yaml(folder_of(tmp_path, own)).sources["fit"].title == "My own fit"


def test_a_missing_file_is_named(tmp_path: Path, bare: str) -> None:
    [problem] = problems(folder_of(tmp_path, bare, None))
    assert problem.startswith("calibration.yaml: cannot be read: ")


def test_a_missing_family_is_told_the_nearest(tmp_path: Path, bare: str) -> None:
    [problem] = problems(folder_of(tmp_path, bare.replace("calibration: first", "calibration: frist")))
    line = 1 + bare.splitlines().index("calibration: first")
    assert problem == f"x1.yaml:{line}:14: calibration: calibration.yaml has no family 'frist'; did you mean 'first'?"


def test_a_profile_given_as_text_has_no_folder_to_look_in(bare: str) -> None:
    with pytest.raises(InputError, match="calibration: is given, but there is no folder to look in"):
        HardwareProfile.from_text(bare)


def test_what_the_family_lacks_too_is_asked_for(tmp_path: Path, bare: str) -> None:
    found = problems(folder_of(tmp_path, bare.replace("calibration: first", "calibration: second")))
    assert {problem.split(": ", 1)[1] for problem in found} >= {"efficiency: is missing", "latency: is missing"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("calibration/1", "calibration/2", "calibration.yaml:1:9: schema: expected 'calibration/1'"),
        ("    scheduling:\n      overlap: {value: 3", "    sheduling:\n      overlap: {value: 3", "sheduling"),
        ("vendor: Acme\n", "", "vendor: is missing"),
        ("sources:\n", "sauces:\n", "sauces: is not a field here; did you mean 'sources'?"),
    ],
)
def test_a_fault_of_the_file_is_named_with_its_place(
    tmp_path: Path, bare: str, old: str, new: str, message: str
) -> None:
    assert CALIBRATION.count(old) == 1
    found = problems(folder_of(tmp_path, bare, CALIBRATION.replace(old, new)))
    assert any(message in problem for problem in found), found
    assert all(problem.startswith("calibration.yaml:") for problem in found)


def test_a_fault_of_a_fitted_figure_is_named_by_its_field(tmp_path: Path, bare: str) -> None:
    found = problems(
        folder_of(tmp_path, bare, CALIBRATION.replace("layer_spread: {value: 40 us", "layer_spread: {value: 40 W"))
    )
    assert [problem.split(": ")[1] for problem in found] == ["latency.layer_spread.value"]


def test_a_folder_of_systems_shares_its_calibration_which_is_no_system(tmp_path: Path, bare: str) -> None:
    folder_of(tmp_path, bare)
    second = bare.replace("id: acme-x1", "id: acme-x2").replace("aliases: [x1]", "aliases: [x2]")
    (tmp_path / "x2.yaml").write_text(second, encoding="utf-8")
    systems = Hardware.from_folder(tmp_path)
    assert [system.id for system in systems] == ["acme-x1", "acme-x2"]
    assert [system.profile.latency.host.value for system in systems] == [pytest.approx(20e-3)] * 2


def test_a_machine_with_a_calibration_is_the_one_that_states_the_same_itself(tmp_path: Path, bare: str) -> None:
    family = CALIBRATION[CALIBRATION.index("    efficiency:") : CALIBRATION.index("  second:")]
    inline = bare.replace("calibration: first\n", "").replace(
        "sources:\n", textwrap.dedent(family) + "sources:\n  fit: {title: A fit, locator: docs/calibration.md}\n"
    )
    beside = HardwareProfile.from_yaml(folder_of(tmp_path, bare))
    assert HardwareProfile.from_text(inline) == beside.model_copy(update={"calibration": None})
