"""The peers of the benchmarks, each in a virtual environment of its own: pinned, made once, reused.

`python benchmarks/peers.py` makes what is missing and prints where it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Peer:
    """A program that estimates decode speed from a model and a chip, as chipbrief does.

    Attributes:
        name: Its name as a package.
        version: The version compared with; dependencies are what pip resolves on the day.
        help_words: What the next command is.
        help_command: Starts it and does nothing; arguments for the interpreter of its environment.
        estimate_command: One estimate from a cold start.
    """

    name: str
    version: str
    help_words: str
    help_command: tuple[str, ...]
    estimate_command: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name and version, as tables say it."""
        return f"{self.name} {self.version}"


GENZ_ESTIMATE = """
import functools, tempfile
from GenZ.LLM_inference import llm_decode as genz
with tempfile.TemporaryDirectory() as folder:  # for the CSV file in which it hands the model on
    for name in ("create_full_decode_model", "get_model_df"):
        setattr(genz, name, functools.partial(getattr(genz, name), data_path=folder))
    point = dict(model="llama2_7b", batch_size=8, input_tokens=512, Bb=1, system_name="H100_GPU")
    print(genz.decode_moddeling(**point)["Latency"])
"""

PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "llm-analysis",
            "0.2.2",
            "infer --help",
            ("-m", "llm_analysis.analysis", "infer", "--help"),
            (
                *("-m", "llm_analysis.analysis", "infer", "--model_name=NousResearch_Llama-2-7b-hf"),
                *("--gpu_name=h100-sxm-80gb", "--batch_size_per_gpu=8", "--seq_len=512", "--log_level=ERROR"),
            ),
        ),
        Peer("genz-llm", "0.0.16", "import", ("-c", "import GenZ"), ("-c", GENZ_ESTIMATE)),  # it has no command line
    )
}


def peer_python(name: str) -> Path:
    """The interpreter of a peer's environment, which is made first when it is missing.

    Raises:
        SystemExit: pip could not install the pinned version.
    """
    peer = PEERS[name]
    folder = _cache() / f"{peer.name}-{peer.version}-py{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        _install(peer, folder, python)
    return python


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "chipbrief-benchmarks"


def _install(peer: Peer, folder: Path, python: Path) -> None:
    print(f"installing {peer.label} into {folder}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", f"{peer.name}=={peer.version}"]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"pip could not install {peer.label}:\n{done.stderr[-2000:]}")
    (folder / "installed").touch()


if __name__ == "__main__":
    for peer_name in PEERS:
        print(PEERS[peer_name].label, peer_python(peer_name))
