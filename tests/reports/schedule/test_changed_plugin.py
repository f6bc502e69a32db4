"""Two editions with a plugin between them that changed: its price is a change of fact, its code one of method."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
ACME = (ROOT / "tests" / "data" / "acme-x1.yaml").read_text(encoding="utf-8")
HOOK = """
from pathlib import Path
from chipbrief import Hardware, hookimpl

@hookimpl
def chipbrief_hardware():
    yield Hardware.from_yaml(Path(__file__).parent / "x1.yaml")
"""
MIX = "hardware: [nvidia-b200]"


def install(folder: Path, version: str, profile: str, code: str) -> dict[str, str]:
    """A distribution as an installer leaves it; the environment in which it is found."""
    shutil.rmtree(folder, ignore_errors=True)
    package, info = folder / "chipbrief_acme", folder / f"chipbrief_acme-{version}.dist-info"
    package.mkdir(parents=True)
    info.mkdir()
    (package / "__init__.py").write_text(code)
    (package / "x1.yaml").write_text(profile)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: chipbrief-acme\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("[chipbrief]\nacme = chipbrief_acme\n")
    return {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def printed(desk, tmp_path):
    """The first edition, with Acme's X1 beside a B200."""
    mix = desk.folder / "mix.yaml"
    mix.write_text(mix.read_text().replace(MIX, "hardware: [nvidia-b200, acme-x1]"))
    environment = install(tmp_path / "site", "1.0", ACME, HOOK)
    assert desk.tick("2026-11-24T20:00:00Z", environment=environment).code == 0
    return desk


def changes(desk, environment):
    import json

    found = json.loads((desk.folder / "editions/weekly/latest/data/changes.json").read_text())["found"]
    return {(change["kind"], change["id"]): (change["before"], change["after"]) for change in found}


def test_a_changed_price_is_a_fact_and_a_changed_plugin_is_method(printed, tmp_path):
    dearer = ACME.replace(
        '"$100,000", low: 80000 USD, high: 150000 USD', '"$120,000", low: 80000 USD, high: 150000 USD'
    )
    environment = install(tmp_path / "site", "1.1", dearer, f"{HOOK}\n# another way to do the same\n")
    assert [e["event"] for e in printed.tick("2026-12-01T00:00:00Z", environment=environment).of("printed")] == [
        "printed"
    ]
    found = changes(printed, environment)
    assert found["input", "acme-x1:price.system"] == ("100,000 USD", "120,000 USD")
    method = {key: value for key, value in found.items() if key[0] == "method"}
    [(key, (before, after))] = method.items()
    assert key == ("method", "plugin acme of chipbrief-acme")
    assert (before.split()[0], after.split()[0]) == ("1.0", "1.1")
    assert ("value", "chat.acme-x1.own.usd_mtok") in found
    page = (printed.folder / "editions/weekly/latest/briefing.md").read_text()
    assert "The method changed too (plugin acme of chipbrief-acme)" in page


def test_a_changed_price_alone_leaves_the_method_alone(printed, tmp_path):
    dearer = ACME.replace('"$100,000"', '"$120,000"')
    environment = install(tmp_path / "site", "1.0", dearer, HOOK)
    printed.tick("2026-12-01T00:00:00Z", environment=environment)
    assert not [key for key in changes(printed, environment) if key[0] == "method"]


def test_a_plugin_that_fails_later_is_no_unchanged_edition(printed, tmp_path):
    environment = install(tmp_path / "site", "1.0", ACME, "raise RuntimeError('broken today')")
    mix = printed.folder / "mix.yaml"
    done = printed.tick("2026-12-01T00:00:00Z", environment=environment)
    assert done.of("failed")  # the mix names a system that is not there, and that is told
    assert "acme-x1" in done.of("failed")[0]["error"]
    mix.write_text(mix.read_text().replace("hardware: [nvidia-b200, acme-x1]", ""))
    done = printed.tick("2026-12-01T00:10:00Z", environment=environment)
    assert done.of("printed")
    page = (printed.folder / "editions/weekly/latest/briefing.md").read_text()
    assert "broken today" in page
