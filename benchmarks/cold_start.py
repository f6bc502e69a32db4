"""CPU seconds of programs from a cold start: chipbrief beside an empty click program and beside the peers.

Each round starts every program once, so that what else the machine does meets all of them alike; a first round that
is not counted lets Python keep the compiled modules, as an installation does.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import statistics
import sys
import tempfile
from pathlib import Path

from measure import machine, run, table
from peers import PEERS, peer_python

EMPTY_CLICK_PROGRAM = '''
import click


@click.command()
def main() -> None:
    """Do nothing."""


main()
'''
EMPTY = "an empty click program, --help"
HELP = "chipbrief --help"
COMPARE = "chipbrief compare"
BUDGET = 3  # empty click programs for one chipbrief --help


def programs(folder: Path, peers: list[str]) -> dict[str, list[str]]:
    """What is started, by its name in the table."""
    empty = folder / "empty.py"
    empty.write_text(EMPTY_CLICK_PROGRAM, encoding="utf-8")
    ours = str(Path(sys.executable).with_name("chipbrief"))
    found = {
        "python -c pass": [sys.executable, "-c", "pass"],
        EMPTY: [sys.executable, str(empty), "--help"],
        HELP: [ours, "--help"],
        COMPARE: [ours, "compare"],
        f"{COMPARE}, one system, 2 draws": [ours, "compare", "--hardware", "nvidia-h100", "--samples", "2"],
    }
    for name in peers:
        peer, python = PEERS[name], str(peer_python(name))
        found[f"{peer.label}, {peer.help_words}"] = [python, *peer.help_command]
        found[f"{peer.label}, one estimate"] = [python, *peer.estimate_command]
    return found


def measured(commands: dict[str, list[str]], rounds: int) -> dict[str, dict[str, float]]:
    """Least and median CPU seconds, and resident memory, of every command."""
    costs = [{name: run(command) for name, command in commands.items()} for _ in range(rounds + 1)][1:]
    return {
        name: {
            "cpu_seconds_min": min(cost[name].cpu_seconds for cost in costs),
            "cpu_seconds_median": statistics.median(cost[name].cpu_seconds for cost in costs),
            "max_rss_mb": max(cost[name].max_rss_mb for cost in costs),
        }
        for name in commands
    }


def ratios(found: dict[str, dict[str, float]], peers: list[str]) -> dict[str, float]:
    """How many times the median CPU seconds of one program are those of another."""
    pairs = [(HELP, EMPTY)]
    for name in peers:
        peer = PEERS[name]
        pairs += [(HELP, f"{peer.label}, {peer.help_words}"), (COMPARE, f"{peer.label}, one estimate")]
    median = {name: row["cpu_seconds_median"] for name, row in found.items()}
    return {f"{one} / {other}": median[one] / median[other] for one, other in pairs}


def text(report: dict) -> str:
    """The report as two tables and a verdict."""
    rows = [["CPU seconds of one cold start", "least", "median", "memory"]]
    rows += [
        [name, f"{row['cpu_seconds_min']:.3f}", f"{row['cpu_seconds_median']:.3f}", f"{row['max_rss_mb']:.0f} MB"]
        for name, row in report["programs"].items()
    ]
    compared = [["median / median", "ratio"], *([pair, f"{ratio:.2f}"] for pair, ratio in report["ratios"].items())]
    kept = report["ratios"][f"{HELP} / {EMPTY}"] < BUDGET
    verdict = f"{HELP} {'keeps' if kept else 'misses'} its budget: less than {BUDGET} empty click programs."
    head = f"{report['machine']}, {report['rounds']} rounds"
    return "\n".join([head, "", table(rows), "", table(compared), "", verdict])


def main() -> None:
    """Measure as the arguments say and print the tables, or one JSON document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="counted starts of each program (default: 15)")
    parser.add_argument("--peer", action="append", choices=PEERS, help="only this peer; may be repeated")
    parser.add_argument("--no-peers", action="store_true", help="without the peers, which pip would have to install")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    arguments = parser.parse_args()
    peers = [] if arguments.no_peers else arguments.peer or list(PEERS)
    with tempfile.TemporaryDirectory() as folder:
        found = measured(programs(Path(folder), peers), arguments.rounds)
    report = {
        "machine": machine(),
        "chipbrief": importlib.metadata.version("chipbrief"),
        "rounds": arguments.rounds,
        "programs": found,
        "ratios": ratios(found, peers),
    }
    print(json.dumps(report, indent=2) if arguments.json else text(report))


if __name__ == "__main__":
    main()
