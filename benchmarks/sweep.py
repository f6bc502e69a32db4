"""Operating points per CPU second: chipbrief's sweep beside the same kind of sweep through its peers, in one run.

Every side runs in a process of its own, on one thread, so that its memory is its own; the sides take turns, round by
round, so that what else the machine does meets all of them alike. Medians of the rounds are compared. What the ways
mean stands at the head of `own_sweep.py` and `peer_sweep.py`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from measure import machine, run, table
from peers import PEERS, peer_python

HERE = Path(__file__).parent
OWN_WAYS = ("tables", "best", "csv", "all")
PEER_WAYS = ("entry", "lean")
REFERENCE = "chipbrief, tables"  # a value for every point in memory, as the peers return it
SPEED_TARGET = 1_000_000  # points a CPU second on systems with HBM
MEMORY_TARGET = 400  # MB


def sides(peers: list[str], points: int, seconds: float) -> dict[str, list[str]]:
    """The command of every side, by its name in the table."""
    own = [sys.executable, str(HERE / "own_sweep.py"), "--points", str(points)]
    found = {f"chipbrief, {way}": [*own, "--way", way] for way in OWN_WAYS}
    for name in peers:
        peer = [str(peer_python(name)), str(HERE / "peer_sweep.py"), "--peer", name, "--seconds", str(seconds)]
        found |= {f"{PEERS[name].label}, {way}": [*peer, "--way", way] for way in PEER_WAYS}
    return found


def measured(commands: dict[str, list[str]], rounds: int) -> dict[str, list[dict]]:
    """The reports of every side, one a round; the memory is as the system counted it from outside."""
    found: dict[str, list[dict]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            cost = run(command)
            found[name].append(json.loads(cost.stdout) | {"max_rss_mb": cost.max_rss_mb})
    return found


def summary(found: dict[str, list[dict]]) -> dict[str, dict]:
    """Of each side its last report, with the median and range of its speed and how many times faster chipbrief is."""
    speeds = {name: [row["points_per_cpu_second"] for row in rows] for name, rows in found.items()}
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    return {
        name: rows[-1]
        | {
            "points_per_cpu_second": medians[name],
            "points_per_cpu_second_range": [min(speeds[name]), max(speeds[name])],
            "max_rss_mb": max(row["max_rss_mb"] for row in rows),
            "chipbrief_is_faster_by": medians[REFERENCE] / medians[name],
        }
        for name, rows in found.items()
    }


def text(report: dict) -> str:
    """The report as a table, with what was aimed at in words below it."""
    rows = [["", "points", "CPU s", "points/CPU s", "range", "memory", "ratio"]]
    rows += [_row(name, side) for name, side in report["sides"].items()]
    speed = report["sides"][REFERENCE]["points_per_cpu_second"] / SPEED_TARGET
    most = max(side["max_rss_mb"] for name, side in report["sides"].items() if name.startswith("chipbrief"))
    words = [
        f"ratio: the speed of '{REFERENCE}' over that of the row",
        f"speed: {speed:.2f} times {SPEED_TARGET:,} points a CPU second",
        f"memory: {most:.0f} MB at most, {most / MEMORY_TARGET:.2f} of {MEMORY_TARGET} MB",
    ]
    return "\n".join([f"{report['machine']}, {report['rounds']} rounds", "", table(rows), "", *words])


def _row(name: str, side: dict) -> list[str]:
    low, high = side["points_per_cpu_second_range"]
    return [
        name,
        f"{side['points']:,}",
        f"{side['cpu_seconds']:.2f}",
        f"{side['points_per_cpu_second']:,.0f}",
        f"{low:,.0f} to {high:,.0f}",
        f"{side['max_rss_mb']:.0f} MB",
        f"{side['chipbrief_is_faster_by']:,.1f}",
    ]


def main() -> None:
    """Measure as the arguments say and print the table, or one JSON document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000, help="points of chipbrief's sweeps (default: 1000000)")
    parser.add_argument("--seconds", type=float, default=5, help="CPU seconds of a peer's sweep (default: 5)")
    parser.add_argument("--rounds", type=int, default=5, help="sweeps of each side (default: 5)")
    parser.add_argument("--peer", action="append", choices=PEERS, help="only this peer; may be repeated")
    parser.add_argument("--no-peers", action="store_true", help="without the peers, which pip would have to install")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    arguments = parser.parse_args()
    peers = [] if arguments.no_peers else arguments.peer or list(PEERS)
    found = measured(sides(peers, arguments.points, arguments.seconds), arguments.rounds)
    report = {"machine": machine(), "rounds": arguments.rounds, "sides": summary(found)}
    print(json.dumps(report, indent=2) if arguments.json else text(report))


if __name__ == "__main__":
    main()
