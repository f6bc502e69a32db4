"""CPU seconds of `chipbrief sensitivity`: the default example, six classes on three systems, by number of draws.

The draws (evaluation, ranking and tornado) are timed apart from the break-evens, which do not depend on their number.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time

from measure import THREAD_VARIABLES, machine, table

for variable in THREAD_VARIABLES:
    os.environ[variable] = "1"

from chipbrief.catalogue import load_catalogue  # noqa: E402
from chipbrief.evaluate import evaluate  # noqa: E402
from chipbrief.registry import load_registry  # noqa: E402
from chipbrief.sensitivity import chosen_again_lines, leading_tornado, ranking, straight_lines  # noqa: E402
from chipbrief.workload import load_mix  # noqa: E402
from chipbrief_templates import DEFAULT_MIX  # noqa: E402

STAGES = ("evaluate", "ranking", "tornado", "straight", "chosen_again")


def measured(samples: int) -> dict[str, float]:
    """CPU seconds of each stage of one run."""
    registry, catalogue = load_registry(), load_catalogue()
    mix = load_mix(DEFAULT_MIX, models=catalogue.names, hardware=registry.names)
    clock = [time.process_time()]
    results = evaluate(mix, registry, catalogue, as_of="2026-11-24", samples=samples)
    clock.append(time.process_time())
    ranked = {wanted.id: ranking(results, wanted.id) for wanted in mix.classes}
    clock.append(time.process_time())
    for name, found in ranked.items():
        if found.leader:
            leading_tornado(results, name, found.leader.offer)
    clock.append(time.process_time())
    for along in (straight_lines, chosen_again_lines):
        for wanted in mix.classes:
            along(results, wanted.id)
        clock.append(time.process_time())
    return {stage: b - a for stage, a, b in zip(STAGES, clock, clock[1:], strict=False)}


def main() -> None:
    """Measure as the arguments say and print the table, or one JSON document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, nargs="+", default=[400, 2000], help="draws (default: 400 2000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often; medians are printed (default: 3)")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    a = parser.parse_args()
    found = {}
    for samples in a.samples:
        runs = [measured(samples) for _ in range(a.rounds)]
        found[samples] = {stage: statistics.median(run[stage] for run in runs) for stage in STAGES}
    if a.json:
        print(json.dumps({"machine": machine(), "cpu_seconds": found}, indent=2))
        return
    rows = [["draws", *STAGES, "all, CPU s"]]
    for samples, stages in found.items():
        rows.append([f"{samples:,}", *(f"{stages[s]:.2f}" for s in STAGES), f"{sum(stages.values()):.1f}"])
    print(f"{machine()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
