"""The door for vendors: installed distributions with every fault a plugin can have, and the vendors beside them."""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from chipbrief.errors import ChipbriefError, PluginError
from chipbrief.registry import PluginRecord, Registry, load_registry

VENDORS = {"amd", "aws", "cerebras", "google", "groq", "intel", "meta", "microsoft", "nvidia", "sambanova"}
SYSTEMS = {
    "amd-mi300x",
    "amd-mi325x",
    "amd-mi350x",
    "amd-mi355x",
    "aws-inferentia2",
    "aws-trainium1",
    "aws-trainium2",
    "aws-trainium3",
    "cerebras-cs3",
    "cerebras-cs4",
    "google-tpu-8i",
    "google-tpu-v5e",
    "google-tpu-v6e",
    "google-tpu-v7",
    "groq-lpu",
    "intel-gaudi3",
    "meta-mtia-2i",
    "meta-mtia-300",
    "meta-mtia-400",
    "microsoft-maia-200",
    "nvidia-b200",
    "nvidia-b300",
    "nvidia-gb200-nvl72",
    "nvidia-gb300-nvl72",
    "nvidia-gh200",
    "nvidia-groq3-lpx",
    "nvidia-h100",
    "nvidia-h200",
    "nvidia-l40s",
    "nvidia-rtx-pro-6000",
    "nvidia-vera-rubin-nvl72",
    "sambanova-sn40l",
    "sambanova-sn50",
}
HOOK = "from chipbrief import Hardware, hookimpl\nfrom pathlib import Path\n@hookimpl\ndef chipbrief_hardware():\n    "
READ = "Hardware.from_yaml(Path(__file__).parent / 'x1.yaml')"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path) -> Iterator[Install]:
    """Put a distribution where Python finds it, as an installer does: a package and its dist-info."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    acme = (data / "acme-x1.yaml").read_text(encoding="utf-8")

    def add(
        name: str, code: str, *, version: str = "1.2.3", changes: dict[str, str] | None = None, metadata: bool = True
    ) -> None:
        profile = acme
        for old, new in (changes or {}).items():
            assert old in profile
            profile = profile.replace(old, new)
        package = tmp_path / f"chipbrief_test_{name}"
        package.mkdir()
        (package / "__init__.py").write_text(code)
        (package / "x1.yaml").write_text(profile)
        info = tmp_path / f"chipbrief_test_{name}-{version}.dist-info"
        info.mkdir()
        if metadata:
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: chipbrief-test-{name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[chipbrief]\n{name} = chipbrief_test_{name}\n")

    yield add
    for module in set(sys.modules) - before:
        if module.startswith("chipbrief_test_"):
            del sys.modules[module]


def record(registry: Registry, name: str) -> PluginRecord:
    [found] = [plugin for plugin in registry.plugins if plugin.name == name]
    return found


# -- what is installed ----------------------------------------------------------------------------------------


def test_the_vendors_walk_in_by_the_public_door(registry: Registry) -> None:
    assert {point.name for point in entry_points(group="chipbrief")} >= VENDORS
    assert set(registry.hardware) >= SYSTEMS
    assert {p.distribution for p in registry.plugins if p.name in VENDORS} == {"chipbrief"}
    assert not registry.failed


def test_systems_are_sorted_by_id_and_found_by_every_name(registry: Registry) -> None:
    assert list(registry.hardware) == sorted(registry.hardware) == [h.id for h in registry]
    assert registry["cs3"].id == "cerebras-cs3"
    assert all(registry[alias] is h for h in registry for alias in h.profile.aliases)


def test_an_unknown_system_is_told_the_nearest(registry: Registry) -> None:
    with pytest.raises(ChipbriefError, match=r"unknown hardware 'nvidia-b20'; did you mean 'nvidia-b200'\?"):
        registry["nvidia-b20"]


def test_the_order_of_registration_changes_nothing(registry: Registry) -> None:
    points = list(entry_points(group="chipbrief"))
    again = load_registry(reversed(points))
    assert (list(again.hardware), again.names, again.plugins) == (
        list(registry.hardware),
        registry.names,
        registry.plugins,
    )


def test_two_registries_share_nothing(registry: Registry) -> None:
    assert load_registry(strict=True).hardware is not registry.hardware


# -- a stranger -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [f"return [{READ}]", f"yield {READ}", f"return iter(({READ},))"], ids=["list", "generator", "iterator"]
)
def test_a_stranger_with_one_yaml_file_and_a_hook_is_in_the_registry(install: Install, body: str) -> None:
    install("acme", HOOK + body)
    registry = load_registry(strict=True)
    assert set(registry.hardware) >= SYSTEMS | {"acme-x1"}
    assert record(registry, "acme") == PluginRecord("acme", "chipbrief-test-acme", "1.2.3", ("acme-x1",))
    assert str(record(registry, "acme")) == "acme (chipbrief-test-acme 1.2.3): acme-x1"


def test_a_plugin_may_add_nothing(install: Install) -> None:
    install("empty", HOOK + "return []")
    assert record(load_registry(strict=True), "empty").loaded


# -- faults ---------------------------------------------------------------------------------------------------

FAULTS = {
    "import_error": ("import a_module_that_is_not_there", "ModuleNotFoundError: No module named 'a_module_that_is"),
    "syntax_error": ("def (", "SyntaxError: "),
    "exit_at_import": ("raise SystemExit(3)", "SystemExit: 3"),
    "exit_in_hook": (HOOK + "raise SystemExit", "SystemExit"),
    "raises_in_hook": (HOOK + "raise ValueError('two\\nlines')", "ValueError: two lines"),
    "raises_late": (HOOK + f"yield {READ}\n    raise RuntimeError('late')", "RuntimeError: late"),
    "wrong_hook_name": (
        "from chipbrief import hookimpl\n@hookimpl\ndef chipbrief_hardwares():\n    return []",
        "unknown hook 'chipbrief_hardwares'",
    ),
    "wrong_arguments": (
        "from chipbrief import hookimpl\n@hookimpl\ndef chipbrief_hardware(path):\n    return []",
        "Argument(s) {'path'} are declared in the hookimpl but can not be found in the hookspec",
    ),
    "no_hook": ("def chipbrief_hardware():\n    return []", "implements no chipbrief_hardware hook"),
    "gives_a_name": (HOOK + "return ['acme-x1']", "chipbrief_hardware gave str, expected Hardware"),
    "gives_a_profile": (HOOK + f"return [{READ}.profile]", "gave HardwareProfile, expected Hardware"),
    "gives_a_string": (HOOK + "return 'acme-x1'", "returned str, expected an iterable of Hardware"),
    "gives_one_system": (HOOK + f"return {READ}", "returned Hardware, expected an iterable of Hardware"),
    "gives_nothing_of_use": (
        HOOK + "return [Hardware(profile=None, bandwidth=1, throughput=2, cost=3)]",
        "AttributeErr",
    ),
    "twice_the_same": (HOOK + f"return [{READ}, {READ}]", "belongs to acme-x1 (chipbrief-test-twice_the_same)"),
    "missing_file": (
        HOOK + "return [Hardware.from_yaml(Path('/nowhere/x2.yaml'))]",
        "x2.yaml: cannot be read: No such",
    ),
}


@pytest.mark.parametrize(("name", "fault"), FAULTS.items(), ids=FAULTS)
def test_a_failing_plugin_is_one_record_and_the_others_work(
    install: Install, name: str, fault: tuple[str, str]
) -> None:
    code, message = fault
    install(name, code, version="9.8.7")
    registry = load_registry()
    assert set(registry.hardware) == SYSTEMS
    [failed] = registry.failed
    assert (failed.name, failed.distribution, failed.version) == (name, f"chipbrief-test-{name}", "9.8.7")
    assert failed.hardware == ()
    assert message in (failed.error or "")
    assert "\n" not in str(failed)
    assert str(failed).startswith(f"{name} (chipbrief-test-{name} 9.8.7) failed: ")


def test_any_number_of_failing_plugins_leaves_the_others_loaded(install: Install) -> None:
    for name, (code, _) in FAULTS.items():
        install(name, code)
    install("acme", HOOK + f"return [{READ}]")
    registry = load_registry()
    assert set(registry.hardware) == SYSTEMS | {"acme-x1"}
    assert {failed.name for failed in registry.failed} == set(FAULTS)


def test_strict_makes_a_failing_plugin_fatal_and_names_it(install: Install) -> None:
    install("broken", "raise SystemExit(3)")
    with pytest.raises(PluginError, match=r"^plugin broken \(chipbrief-test-broken 1\.2\.3\) failed: SystemExit: 3$"):
        load_registry(strict=True)


def test_an_invalid_profile_is_a_failed_plugin_with_file_line_and_field(install: Install) -> None:
    changes = {
        "capacity: {value: 100 GB, kind: assumed, source: acme, date: 2026}": "capacity: 100 GB",
        "chip: {value: 100 GB/s": "chip: {value: 100 GB",
    }
    install("invalid", HOOK + f"return [{READ}]", changes=changes)
    registry = load_registry()
    assert set(registry.hardware) == SYSTEMS
    error = record(registry, "invalid").error or ""
    assert error.startswith("InputError: ")
    assert "chipbrief_test_invalid/x1.yaml:15:13: memory.capacity: a number needs its source" in error
    assert "x1.yaml:38:17: interconnect.chip.value: expected a bandwidth" in error


@pytest.mark.parametrize("changes", [{"id: acme-x1": "id: nvidia-b200"}, {"aliases: [x1]": "aliases: [b200]"}])
def test_a_name_that_is_taken_is_refused_with_both_distributions(install: Install, changes: dict[str, str]) -> None:
    install("copycat", HOOK + f"return [{READ}]", changes=changes)
    registry = load_registry()
    error = record(registry, "copycat").error or ""
    assert "(chipbrief-test-copycat) belongs to nvidia-b200 (chipbrief)" in error
    assert registry["nvidia-b200"].profile.vendor == "NVIDIA"
    assert set(registry.hardware) == SYSTEMS


def test_of_two_strangers_with_one_id_the_first_by_name_stays(install: Install) -> None:
    install("zeta", HOOK + f"return [{READ}]")
    install("alpha", HOOK + f"return [{READ}]")
    registry = load_registry()
    assert record(registry, "alpha").loaded
    assert "acme-x1 (chipbrief-test-zeta) belongs to acme-x1 (chipbrief-test-alpha)" in str(record(registry, "zeta"))


def test_a_distribution_without_metadata_does_not_end_the_run(install: Install) -> None:
    install("nameless", "raise ValueError('no')", metadata=False)
    install("other", HOOK + f"return [{READ}]")
    registry = load_registry()
    assert set(registry.hardware) == SYSTEMS | {"acme-x1"}
    assert str(record(registry, "nameless")).startswith("nameless (unknown unknown) failed: ValueError: no")


def test_ctrl_c_during_an_import_is_not_swallowed(install: Install) -> None:
    install("interrupted", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_registry()
