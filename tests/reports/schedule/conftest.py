"""A folder with a small briefing that has a schedule, and `chipbrief` in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chipbrief_reports.editions import Manifest, Series

CHIPBRIEF = Path(sys.executable).with_name("chipbrief")
MIX = """
schema: workload-mix/1
name: small
classes:
  - id: chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 1000, output: 200}
    arrival: {requests_per_day: 200k}
    slo: {ttft_p95: 2 s, tpot_p95: 50 ms}
hardware: [nvidia-b200]
"""
BRIEFING = """
schema: briefing/1
title: Weekly chat
mix: mix.yaml
sections: [decision]
formats: [md]
schedule:
  cron: "0 7 * * MON"
  timezone: Europe/Berlin
"""
FIRST = "2026-11-24T20:00:00Z"  # after the slot of Monday 23 November, 07:00 in Berlin
SLOT = "2026-11-23T0600Z"


@dataclass(frozen=True)
class Done:
    """How a process ended: its code, its document, and the events of its log."""

    code: int
    document: dict[str, Any]
    events: list[dict[str, Any]]
    stderr: str

    def of(self, *names: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] in names]


class Forked:
    """`chipbrief` in children of a warm process: each is a process of its own, and need not import anything again."""

    def __init__(self, folder: Path) -> None:
        self._said = {name: str(folder / name) for name in ("stdout", "stderr")}
        self._server: subprocess.Popen[str] | None = None

    def __call__(self, folder: Path, *arguments: str, die_at: int = 0) -> dict[str, int]:
        """Exit code of one call, and how many operations on files it began; it may die before one of them."""
        server = self._started()
        assert server.stdin is not None
        assert server.stdout is not None
        order = {"folder": str(folder), "arguments": arguments, "die_at": die_at, **self._said}
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        assert answer, "no answer"
        return json.loads(answer)

    def run(self, folder: Path, *arguments: str) -> Done:
        """One call, and what it said."""
        code = self(folder, *arguments)["code"]
        return done(code, *(Path(name).read_text() for name in self._said.values()))

    def _started(self) -> subprocess.Popen[str]:
        if self._server is None:
            words = [sys.executable, str(Path(__file__).with_name("forked.py"))]
            self._server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self._server

    def close(self) -> None:
        if self._server and self._server.stdin:
            with self._server:
                self._server.stdin.close()


@dataclass(frozen=True)
class Desk:
    """The folder, and what can be done in it."""

    folder: Path
    forked: Forked

    def schedule(self, *lines: str, name: str = "weekly", formats: str = "[md]") -> Path:
        """Write a briefing with further lines in its schedule."""
        file = self.folder / f"{name}.yaml"
        extra = "".join(f"  {line}\n" for line in lines)
        file.write_text(BRIEFING.replace("[md]", formats) + extra)
        return file

    def change(self, requests: str) -> None:
        """Another mix, so that the next edition is another."""
        (self.folder / "mix.yaml").write_text(MIX.replace("200k", requests))

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> Done:
        """`chipbrief schedule ... --json` in the folder."""
        if environment is None:
            return self.forked.run(self.folder, "schedule", *arguments, "--json")
        return self.ended(self.start(*arguments, environment=environment))

    def start(self, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """The same without waiting."""
        return subprocess.Popen(
            [str(CHIPBRIEF), "schedule", *arguments, "--json"],
            cwd=self.folder,
            env=os.environ | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self, process: subprocess.Popen[str]) -> Done:
        """What a process that was started said."""
        out, err = process.communicate(timeout=240)
        return done(process.returncode, out, err)

    def tick(self, now: str = FIRST, *arguments: str, **extra: Any) -> Done:
        """One tick at a moment, which leaves the pages about the editions alone."""
        return self.run("tick", "--engine", "serial", "--no-site", "--now", now, *arguments, **extra)

    def series(self, name: str = "weekly") -> Series:
        return Series(self.folder / "editions", name)

    def whole(self, name: str = "weekly") -> list[str]:
        """Slots of all editions, each of which must be whole."""
        series = self.series(name)
        found = series.manifests()
        for manifest in found:
            assert isinstance(manifest, Manifest), manifest
            assert series.broken_files(manifest) == []
            assert not manifest.printed or manifest.pruned or {"briefing.md", "briefing.pdf"} & manifest.files.keys()
        return [manifest.slot for manifest in found]


def done(code: int, out: str, err: str) -> Done:
    events = []
    for line in err.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and "event" in found:
            events.append(found)
    return Done(code, json.loads(out) if out.strip() else {}, events, err)


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forked]:
    found = Forked(tmp_path_factory.mktemp("said"))
    yield found
    found.close()


@pytest.fixture
def desk(tmp_path: Path, forked: Forked) -> Desk:
    (tmp_path / "mix.yaml").write_text(MIX)
    found = Desk(tmp_path, forked)
    found.schedule()
    return found
