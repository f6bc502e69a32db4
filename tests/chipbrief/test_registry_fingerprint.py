"""The registry's fingerprint: the same wherever the same is installed, another when any content is."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from chipbrief.registry import load_registry, registry_fingerprint

CODE = (
    "from pathlib import Path\nfrom chipbrief import Hardware, hookimpl\n@hookimpl\n"
    "def chipbrief_hardware():\n    return Hardware.from_folder(Path(__file__).parent)\n"
)
PLUGIN = "plugin acme of chipbrief-test-acme"

Fingerprint = Callable[..., dict[str, str]]


@pytest.fixture
def fingerprint(data: Path, tmp_path: Path) -> Fingerprint:
    """What a new process says where a plugin is installed in a folder of that name."""
    acme = (data / "acme-x1.yaml").read_text(encoding="utf-8")

    def take(folder: str, profile: str = acme, code: str = CODE, *, first: str = "x1.yaml") -> dict[str, str]:
        package = tmp_path / folder / "chipbrief_test_acme"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(code)
        (package / first).write_text(profile)
        (package / "m.yaml").write_text(acme.replace("acme-x1", "acme-y1").replace("[x1]", "[y1]"))
        info = tmp_path / folder / "chipbrief_test_acme-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: chipbrief-test-acme\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text("[chipbrief]\nacme = chipbrief_test_acme\n")
        ran = subprocess.run(
            [sys.executable, "-c", "import json, chipbrief.registry as r; print(json.dumps(r.registry_fingerprint()))"],
            env=os.environ | {"PYTHONPATH": str(tmp_path / folder), "PYTHONHASHSEED": str(len(folder))},
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, str] = json.loads(ran.stdout)
        return found

    return take


def test_it_names_what_results_stand_on() -> None:
    found = registry_fingerprint()
    assert found["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found["numpy"] == np.__version__
    assert found["chipbrief"].startswith("0.1.0 sha256:")
    plugins = load_registry().plugins
    assert found.keys() - {"python", "numpy", "chipbrief"} == {f"plugin {p.name} of {p.distribution}" for p in plugins}


def test_it_depends_on_content_and_on_nothing_else(fingerprint: Fingerprint, data: Path) -> None:
    acme = (data / "acme-x1.yaml").read_text(encoding="utf-8")
    here = fingerprint("here")
    assert here[PLUGIN].startswith("1.2.3 sha256:")
    assert fingerprint("another-folder", "# a remark\n" + acme, first="z.yaml")[PLUGIN] == here[PLUGIN]
    assert "Acme X1" in acme
    assert fingerprint("words", acme.replace("Acme X1", "Acme X1s"))[PLUGIN] != here[PLUGIN]
    assert fingerprint("code", code=CODE + "SPEED = 2\n")[PLUGIN] != here[PLUGIN]


def test_a_plugin_that_fails_differs_from_one_that_works(fingerprint: Fingerprint) -> None:
    assert fingerprint("here", "schema: hardware/1\n")[PLUGIN] == "1.2.3 failed"


class Nameless:
    """A distribution without METADATA, as importlib_metadata shows it once dask has been imported."""

    @property
    def name(self) -> str:
        raise FileNotFoundError("No package metadata was found.")


def test_a_distribution_that_cannot_say_its_name_does_not_end_the_run() -> None:
    point = SimpleNamespace(name="acme", dist=Nameless(), load=lambda: SimpleNamespace())
    [record] = load_registry([point]).plugins  # type: ignore[list-item]
    assert str(record) == "acme (unknown unknown) failed: PluginError: implements no chipbrief_hardware hook"
