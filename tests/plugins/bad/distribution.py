"""A distribution of bad plugins, put into a wheel and installed by pip, as anybody's would be."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

NAME, VERSION = "chipbrief-bad", "6.6.6"
PACKAGE = "chipbrief_bad"
HOOK = "from chipbrief import Hardware, hookimpl\nfrom pathlib import Path\n@hookimpl\ndef chipbrief_hardware():\n    "
MODEL = """
from dataclasses import dataclass
import numpy as np
from pathlib import Path
from chipbrief import Hardware, hookimpl
from chipbrief.hardware import HbmThroughput

@dataclass(frozen=True, kw_only=True)
class Bad(HbmThroughput):
    def decode_step_s(self, architecture, deployment, batch, context, tokens_each=1.0):
        good = super().decode_step_s(architecture, deployment, batch, context, tokens_each)
        {body}

@hookimpl
def chipbrief_hardware():
    return [Hardware.from_yaml(Path(__file__).parent / "{name}.yaml", throughput=Bad)]
"""

# what fails as it is loaded: the code of each, and what its line says
LOADING = {
    "import_error": ("import a_module_that_is_not_there", "ModuleNotFoundError: No module named 'a_module_that_is_not"),
    "system_exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "wrong_hook": (
        "from chipbrief import hookimpl\n@hookimpl\ndef chipbrief_hardwares():\n    return []",
        "unknown hook 'chipbrief_hardwares'",
    ),
    "wrong_arguments": (
        "from chipbrief import hookimpl\n@hookimpl\ndef chipbrief_hardware(path):\n    return []",
        "Argument(s) {'path'} are declared in the hookimpl but can not be found in the hookspec",
    ),
    "raises_late": (
        HOOK + "yield Hardware.from_yaml(Path(__file__).parent / 'raises_late.yaml')\n    raise RuntimeError('late')",
        "RuntimeError: late",
    ),
    "duplicate_id": (
        HOOK + "return [Hardware.from_yaml(Path(__file__).parent / 'duplicate_id.yaml')]",
        "the hardware name 'nvidia-b200' of nvidia-b200 (chipbrief-bad) belongs to nvidia-b200 (chipbrief)",
    ),
}
# what fails as its models are asked: the end of decode_step_s, and what its line says
ASKED = {
    "raises": ("raise ZeroDivisionError('boom')", "ZeroDivisionError: boom"),
    "exits": ("raise SystemExit('out of here')", "SystemExit: out of here"),
    "gives_nan": ("return good * np.nan", "decode_step_s gave nan for"),
    "wrong_shape": ("return np.ones(7)", "shape"),
    "negative": ("return -good", "decode_step_s gave -"),
}
FOREVER = "while True: pass"


def modules(profile: str) -> dict[str, str]:
    """Every file of the package."""
    files = {"__init__.py": ""}
    for name, (code, _) in LOADING.items():
        files[f"{name}.py"] = code
    for name, body in {**{name: body for name, (body, _) in ASKED.items()}, "forever": FOREVER}.items():
        files[f"{name}.py"] = MODEL.format(body=body, name=name)
    for name in ("raises_late", "duplicate_id", "forever", *ASKED):
        id_ = "nvidia-b200" if name == "duplicate_id" else f"bad-{name.replace('_', '-')}"
        files[f"{name}.yaml"] = profile.replace("acme-x1", id_).replace("[x1]", "[]")
    return files


def wheel(folder: Path, profile: str, names: list[str]) -> Path:
    """A wheel with those plugins as entry points."""
    info = f"{PACKAGE}-{VERSION}.dist-info"
    points = "".join(f"{name} = {PACKAGE}.{name}\n" for name in names)
    files = {f"{PACKAGE}/{name}": text for name, text in modules(profile).items()} | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[chipbrief]\n{points}",
    }
    rows = [f"{name},{_digest(text)},{len(text.encode())}" for name, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    path = folder / f"{PACKAGE}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def _digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def install(folder: Path, profile: str, names: list[str]) -> Path:
    """Have pip install them into a folder of their own; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", target]
    subprocess.run([*map(str, command), str(wheel(folder, profile, names))], check=True, capture_output=True)
    return target
