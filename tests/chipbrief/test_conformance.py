"""The checks that every plugin must pass: each finds its fault, and nothing in a plugin that is sound."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chipbrief import Hardware, HardwareProfile
from chipbrief.catalogue import Catalogue
from chipbrief.conformance import CHECKS, Finding, ReferenceCase, Subject, examine, examine_apart, predicted
from chipbrief.errors import ChipbriefError
from chipbrief.finance import CostLine, load_finance_terms
from chipbrief.hardware import Deployment, HbmBandwidth, HbmThroughput, SystemCost
from chipbrief.physics import Num
from chipbrief.registry import PluginRecord, candidates

DAY = date(2026, 11, 24)
SHIPPED = [candidate.name for candidate in candidates() if candidate.distribution == "chipbrief"]


@dataclass(frozen=True)
class Kit:
    text: str
    catalogue: Catalogue
    folder: Path

    def findings(
        self, *changes: tuple[str, str], subject: dict[str, Any] | None = None, **models: Any
    ) -> list[Finding]:
        """What the checks find in the machine of round numbers, with changes of its profile or its models."""
        text = self.text
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        hardware = Hardware.from_profile(HardwareProfile.from_text(text), **models)
        plugin = PluginRecord("acme", "chipbrief-acme", "1.2.3", ("acme-x1",))
        found = Subject(plugin, (hardware,), (), None, (), self.catalogue, load_finance_terms(), DAY)
        found = dataclasses.replace(found, **(subject or {}))
        return [finding for _, findings in examine(found) for finding in findings]

    def only(self, check: str, *changes: tuple[str, str], **rest: Any) -> str:
        """The first thing that the one check finds which finds anything."""
        found = self.findings(*changes, **rest)
        assert {finding.check for finding in found} == {check}, found
        return found[0].sentence


@pytest.fixture(scope="module")
def kit(root: Path, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    text = (root / "tests" / "data" / "acme-x1.yaml").read_text(encoding="utf-8")
    text = text.replace("storage: [bf16]", "storage: [bf16, fp8, mxfp4]")
    return Kit(text, catalogue, tmp_path_factory.mktemp("cases"))


# -- all vendors, and the page --------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", SHIPPED)
def test_every_shipped_plugin_keeps_all_of_them(vendor: str) -> None:
    report = examine_apart(vendor, DAY)
    assert [finding.sentence for finding in report.findings] == []
    assert report.reached == tuple(CHECKS)
    assert report.plugin.hardware


def test_the_page_lists_every_check_as_the_code_states_it(root: Path) -> None:
    page = (root / "docs" / "conformance.md").read_text(encoding="utf-8")
    table = page.split("| id | rule |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", table, re.MULTILINE)
    assert rows == [(check.id, check.text) for check in CHECKS.values()]


def test_a_sound_plugin_has_no_findings(kit: Kit) -> None:
    assert kit.findings() == []


def test_nothing_but_the_kit_imports_pytest(root: Path) -> None:
    code = (
        "import sys, chipbrief.conformance.__main__, chipbrief_reports.cli.plugin; assert 'pytest' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    text = "".join(path.read_text() for path in (root / "registry").rglob("*.py") if path.name != "testing.py")
    assert "import pytest" not in text


def test_a_plugin_that_is_not_installed_is_told_the_nearest() -> None:
    with pytest.raises(ChipbriefError, match=rf"no plugin '{SHIPPED[0]}x' is installed; did you mean '{SHIPPED[0]}'\?"):
        examine_apart(f"{SHIPPED[0]}x", DAY)


# -- profiles -------------------------------------------------------------------------------------------------


def test_figures_still_to_be_filled_in_are_listed_by_path(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "x1.yaml"
    path.write_text(
        "name: TODO\nmemory:\n  bandwidth: {value: 8 TB/s, kind: vendor_spec, source: TODO, date: 2026}\n"
        "  capacity: {value: TODO, kind: vendor_spec}\nobserved:\n  - {model: a, speed: {source: a, date: TODO}}\n"
    )
    failed = PluginRecord("acme", "chipbrief-acme", "1.2.3", (), "InputError: x")
    found = kit.findings(subject={"files": (path,), "hardware": (), "plugin": failed})
    assert [finding.sentence for finding in found] == [
        "x1.yaml: name is still to be written",
        "x1.yaml: memory.bandwidth has no source",
        "x1.yaml: memory.capacity has no source, no date and no value",
        "x1.yaml: observed[0].speed has no date, no value and no kind",
        "acme: does not load until its to-do list is done",
    ]


def test_what_does_not_load_says_why(kit: Kit) -> None:
    failed = PluginRecord("acme", "chipbrief-acme", "1.2.3", (), "ImportError: no licence")
    told = kit.only("loads", subject={"hardware": (), "plugin": failed})
    assert told == "acme: does not load: ImportError: no licence"


def test_a_heavy_import_is_named(kit: Kit) -> None:
    told = kit.only("thin-import", subject={"heavy": ("pandas",)})
    assert told == "acme: imports pandas as it loads: import it in the function that needs it"


@pytest.mark.parametrize(
    ("check", "old", "new", "told"),
    [
        ("cited", "title: Acme data sheet", 'title: " "', "acme-x1:system.chips has no source"),
        ("cited", "date: 2026-11}", "date: 1989-01}", "acme-x1:memory.bandwidth has the date 1989-01"),
        ("cited", "date: 2026-11}", "date: 2026-12}", "acme-x1:memory.bandwidth has the date 2026-12"),
        ("positive", "low: 1 TB/s", "low: 0 TB/s", "acme-x1:memory.bandwidth is 0 MB/s to 3 TB/s"),
        ("lint", "aliases: [x1]", "aliases: [x1]\nreference: {compute: {bf16_achieved: {value: 1500 TFLOPS, kind: "
         "vendor_measured, source: acme, date: 2026}}}", "[above-peak]"),
    ],
)  # fmt: skip
def test_what_a_profile_says_wrong(kit: Kit, check: str, old: str, new: str, told: str) -> None:
    found = [finding for finding in kit.findings((old, new)) if finding.check == check]
    assert told in found[0].sentence


def test_more_than_a_peak_is_found_where_no_loader_stood_before_it(kit: Kit) -> None:
    profile = HardwareProfile.from_text(kit.text)
    over = profile.efficiency.model_copy(update={"kv": profile.efficiency.kv.model_copy(update={"value": 1.5})})
    hardware = Hardware.from_profile(profile.model_copy(update={"efficiency": over}))
    found = kit.findings(subject={"hardware": (hardware,)})
    assert "acme-x1:efficiency.kv is up to 150 %: 100 % at most" in [finding.sentence for finding in found]


# -- models ---------------------------------------------------------------------------------------------------


def faulty(change: Callable[[Num, Num, Num], Any]) -> type[HbmThroughput]:
    """The shared model, with another decode step."""

    @dataclass(frozen=True, kw_only=True)
    class Faulty(HbmThroughput):
        def decode_step_s(self, architecture: Any, deployment: Any, batch: Num, context: Num, tokens_each: Num = 1.0):  # type: ignore[no-untyped-def]
            return change(super().decode_step_s(architecture, deployment, batch, context, tokens_each), batch, context)

        decode_step_s.__trail__ = HbmThroughput.decode_step_s.__trail__  # type: ignore[attr-defined]

    return Faulty


def broken() -> None:
    raise ValueError("two\nlines")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s, b, c: broken(), "throughput.decode_step_s raised ValueError: two lines for llama-3.1-8b on 1 chip"),
        (lambda s, b, c: s * np.nan, "decode_step_s gave nan for llama-3.1-8b on 1 chip, bf16 at batch 1, context 1"),
        (lambda s, b, c: s * np.inf, "gave inf"),
        (lambda s, b, c: -s, "gave -"),
        (lambda s, b, c: 0.0 * s, "gave 0 for llama-3.1-8b on 1 chip, bf16 at batch 1, context 1, expected a finite"),
        (lambda s, b, c: np.ones(7), "gave (7,) for llama-3.1-8b on 1 chip, bf16, expected numbers of shape (6,)"),
        (lambda s, b, c: "fast", "gave str for"),
        (lambda s, b, c: None, "gave nan for"),
    ],
)
def test_what_is_no_number_is_found_once(kit: Kit, change: Any, told: str) -> None:
    assert told in kit.only("numbers", throughput=faulty(change))


def test_state_between_questions_is_found(kit: Kit) -> None:
    calls = iter(range(1, 10_000))
    told = kit.findings(throughput=faulty(lambda s, b, c: s * (1 + 1e-6 * next(calls))))
    assert "throughput.decode_step_s gives another answer the second time" in told[0].sentence
    assert told[0].check == "same-output"


def test_a_model_that_does_not_broadcast_is_found(kit: Kit) -> None:
    told = kit.only("broadcasting", throughput=faulty(lambda s, b, c: s * 0.0 + np.max(s)))
    assert "decode_step_s gives [" in told
    assert "one by one: use NumPy functions that broadcast" in told


def test_a_model_that_cannot_be_sampled_is_found(kit: Kit) -> None:
    told = kit.only("broadcasting", throughput=faulty(lambda s, b, c: s[0] if np.ndim(s) == 2 else s))
    assert "with its Figures sampled" in told


def test_more_work_in_less_time_is_found(kit: Kit) -> None:
    told = kit.only("more-work", throughput=faulty(lambda s, b, c: s * 50.0 / (1.0 + np.log(c + 1.0))))
    assert "throughput.decode_step_s takes less time with more context for llama-3.1-8b on 1 chip" in told
    assert re.search(r"[\d.]+ s at 1 and [\d.]+ s at 2$", told)


def test_what_is_faster_than_the_peaks_is_found(kit: Kit) -> None:
    told = kit.only("roofline", throughput=faulty(lambda s, b, c: s / 1000.0))
    assert "the peaks of the profile allow" in told


@dataclass(frozen=True, kw_only=True)
class FlatRate(SystemCost):
    """A price that nothing drives."""

    def lines(self, lane: Any, finance: Any, load: Num) -> tuple[CostLine, ...]:
        return (CostLine("all", "All", 12.0 + 0.0 * load, (), "C1", ()),) if lane == "own" else ()

    lines.__trail__ = SystemCost.lines.__trail__  # type: ignore[attr-defined]


def test_a_cost_without_drivers_is_found(kit: Kit) -> None:
    found = [finding.sentence for finding in kit.findings(cost=FlatRate)]
    assert found == [
        "acme-x1: cost.lines: an owned hour costs no more when finance:electricity doubles; make it a driver",
        "acme-x1: cost.lines: an owned hour costs no more when finance:cost_of_capital doubles; make it a driver",
        "acme-x1: cost.lines: an owned hour costs no more when finance:pue doubles; make it a driver",
        "acme-x1: cost.lines: an hour (own) costs no more when price.system doubles; make it a driver",
    ]


@dataclass(frozen=True, kw_only=True)
class Backwards(SystemCost):
    """Power that falls with the load."""

    def power_w(self, load: Num) -> Num:
        return super().power_w(1.0 - load)

    power_w.__trail__ = SystemCost.power_w.__trail__  # type: ignore[attr-defined]


def test_power_that_falls_with_the_load_is_found(kit: Kit) -> None:
    told = kit.only("cost-rises", cost=Backwards)
    assert "cost.power_w goes from 1e+04 W idle to 2000 W at full load" in told


@dataclass(frozen=True, kw_only=True)
class TakesAll(HbmThroughput):
    """A machine on which everything fits."""

    def deployments(self, architecture: Any, precision: Any, context: float) -> list[Deployment]:
        return [Deployment.aggregated(self.pool(architecture, precision, tensor=1))]


def test_a_model_that_does_not_fit_must_be_refused(kit: Kit) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Endless(HbmBandwidth):
        def running_batch_limit(self, architecture: Any, pool: Any, context: Num) -> Num:
            return 64.0 + 0.0 * context

        running_batch_limit.__trail__ = HbmBandwidth.running_batch_limit.__trail__  # type: ignore[attr-defined]

    found = kit.findings(throughput=TakesAll, bandwidth=Endless)
    assert {finding.check for finding in found} == {"refusal"}
    assert "offers 1 chip, bf16 for a model of 80 PB in bf16: raise Refusal where it does not fit" in found[0].sentence
    assert re.search(r"offers llama-3\.1-70b on 1 chip, bf16: [\d.]+ GB of weights in 90 GB$", found[1].sentence)


def test_what_is_offered_has_room_for_a_sequence(kit: Kit) -> None:
    found = kit.findings(throughput=TakesAll)
    assert any("has room for no sequence" in finding.sentence for finding in found if finding.check == "refusal")


def test_a_method_without_a_trail_is_found(kit: Kit) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Silent(HbmThroughput):
        def prefill_s(self, *args: Any, **named: Any) -> Num:
            return super().prefill_s(*args, **named)

    told = kit.only("trail", throughput=Silent)
    assert told == "acme-x1: throughput.prefill_s declares no equation: write @uses('E3', figures=[...]) above it"


# -- reference cases ------------------------------------------------------------------------------------------

CASES = """
schema: reference-cases/1
cases:
  - {system: acme-x1, metric: speed, model: llama-3.1-8b, precision: bf16, chips: 1, batch: 1, context: 1000,
     expected: %s, tolerance: 1 %%, source: a, date: 2026}
sources: {a: {title: A, locator: here}}
"""


def told_of_cases(kit: Kit, text: str) -> list[str]:
    path = kit.folder / "cases.yaml"
    path.write_text(text)
    return [finding.sentence for finding in kit.findings(subject={"cases": path})]


def test_a_case_is_recomputed_by_hand(kit: Kit) -> None:
    """Llama-3.1-8B in bf16: 7.504e9 weights that a step reads, 131,072 bytes of cache a token, 32 layers.

    (2 x 7.5046e9 + 131,072 x 1000)/0.5/2e12 s = 15.136 ms, and 32 x 10 us and 1 us: 15.457 ms, so 64.7 tok/s.
    """
    assert told_of_cases(kit, CASES % "64.7 tok/s") == []
    [told] = told_of_cases(kit, CASES % "100 tok/s")
    assert "cases.yaml: cases[0] is off by -35%, more than 1%: speed of llama-3.1-8b is 64." in told
    assert "and 100 tok/s by a; mend the profile or the model" in told


def test_bad_cases_are_told_with_their_place(kit: Kit) -> None:
    [told] = told_of_cases(kit, CASES % "64.7 ms")
    assert "cases.yaml:4:5: cases[0]: expected a speed in tokens such as 900 tok/s, got '64.7 ms'" in told
    [told] = told_of_cases(kit, (CASES % "64.7 tok/s").replace("llama-3.1-8b", "llama-3.1-9b"))
    assert "unknown model 'llama-3.1-9b'; did you mean 'llama-3.1-8b'?" in told
    [told] = told_of_cases(kit, (CASES % "64.7 tok/s").replace("source: a,", "source: b,"))
    assert "unknown source 'b'" in told
    [told] = told_of_cases(kit, (CASES % "64.7 tok/s").replace("acme-x1", "acme-x2"))
    assert "is of acme-x2, which the plugin does not give: acme-x1" in told
    [told] = told_of_cases(kit, (CASES % "64.7 tok/s").replace("chips: 1,", "chips: 3,"))
    assert "is refused: no deployment of 3 chips is offered: 1, 2, 4" in told


@pytest.mark.parametrize(
    ("metric", "more", "expected"),
    [
        ("power", {"model": None, "load": 0.5}, 6000.0),  # 2 kW idle and half of the other 8
        ("batch_limit", {"context": 1000.0}, 564.0),  # (90 - 16.06 GB of weights)/(131,072 x 1000)
        ("throughput", {"batch": 8.0}, None),
        ("decode_step", {}, None),
        ("prefill", {"prompt": 500.0}, None),
    ],
)
def test_every_metric_can_be_asked(kit: Kit, metric: str, more: dict[str, Any], expected: float | None) -> None:
    hardware = Hardware.from_profile(HardwareProfile.from_text(kit.text))
    unit = {"power": "1 W", "batch_limit": "1", "throughput": "1 tok/s"}.get(metric, "1 s")
    base = {"system": "acme-x1", "metric": metric, "model": "llama-3.1-8b", "expected": unit, "tolerance": "1 %"}
    case = ReferenceCase.model_validate({**base, "source": "a", "date": "2026", "chips": 1, **more})
    value = predicted(hardware, case, kit.catalogue)
    assert value > 0
    assert expected is None or value == pytest.approx(expected, rel=2e-3)
