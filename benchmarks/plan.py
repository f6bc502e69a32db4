"""Seconds and gap of a plan: 20 generated classes on 15 systems over 36 months, one thread, the solver's stages apart.

The classes are drawn with a seed from shapes, volumes and service levels of the kinds that mixes name; the systems
are the first of the registry that can be bought or rented. Finding the operating points is timed apart: it is the
evaluation that every command does.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

from measure import THREAD_VARIABLES, machine, table

for variable in THREAD_VARIABLES:
    os.environ[variable] = "1"

import numpy as np  # noqa: E402

from chipbrief.catalogue import Catalogue, load_catalogue  # noqa: E402
from chipbrief.config import parse_yaml  # noqa: E402
from chipbrief.evaluate import evaluate  # noqa: E402
from chipbrief.fleet import Limits, plan, problem_of  # noqa: E402
from chipbrief.registry import Registry, load_registry  # noqa: E402
from chipbrief.workload import WorkloadMix, mix_from_document  # noqa: E402

SECONDS_TARGET, GAP_TARGET = 30.0, 0.01
MODELS = (
    "gpt-oss-120b",
    "gpt-oss-20b",
    "llama-3.1-8b",
    "llama-3.3-70b",
    "llama-3.1-405b",
    "qwen3-32b",
    "qwen3-235b-a22b",
    "deepseek-r1",
)
KINDS = {  # input, output, TTFT p95, tok/s a user
    "chat": (1200, 300, 2.0, 25),
    "rag": (6000, 400, 3.0, 25),
    "agentic_coding": (60000, 400, 15.0, 30),
    "long_reasoning": (800, 6000, 5.0, 20),
    "summarisation": (12000, 600, 8.0, 15),
    "classification": (300, 20, None, None),
}


def generated(
    classes: int, systems: int, months: int, seed: int, registry: Registry, catalogue: Catalogue
) -> WorkloadMix:
    """A mix of that size."""
    rng = np.random.default_rng(seed)
    models = [name for name in MODELS if name in catalogue.models]
    lines = ["schema: workload-mix/1", f"name: generated-{classes}"]
    lines += [f"horizon: {{start: 2026-12, months: {months}, growth_per_year: 1.8}}", "classes:"]
    for number in range(classes):
        kind = list(KINDS)[number % len(KINDS)]
        into, out, ttft, speed = KINDS[kind]
        size = rng.uniform(0.7, 1.4)
        requests = int(10 ** rng.uniform(4.0, 6.5) * 1000 / (into / 20 + out))
        slo = f"{{ttft_p95: {ttft} s, tpot_p95: {1000 / speed:.1f} ms}}" if speed else "{deadline: 24 h}"
        lines.append(
            f"  - {{id: c{number}, kind: {kind}, model: {models[number % len(models)]}, slo: {slo}, "
            f"tokens: {{input: {int(into * size)}, output: {int(out * size)}}}, "
            f"arrival: {{requests_per_day: {max(requests, 1)}}}}}"
        )
    offered = [h.id for h in registry if h.profile.price.sold or h.profile.price.rent != type(h.profile.price.rent)()]
    lines.append(f"hardware: [{', '.join(offered[:: max(len(offered) // systems, 1)][:systems])}]")
    names = {"models": catalogue.names, "hardware": registry.names}
    return mix_from_document(parse_yaml("\n".join(lines), "generated.yaml"), Path(), **names)


def measured(classes: int, systems: int, months: int, seed: int, limits: Limits) -> dict:
    """One plan of one generated mix."""
    registry, catalogue = load_registry(), load_catalogue()
    mix = generated(classes, systems, months, seed, registry, catalogue)
    began = time.process_time()
    results = evaluate(mix, registry, catalogue, as_of="2026-11-24", samples=2)
    evaluated = time.process_time()
    problem = problem_of(results)
    found = plan(problem.without(problem.unserved()), limits)
    ended = time.process_time()
    return {
        "seed": seed,
        "classes": classes,
        "unserved": len(problem.unserved()),
        "systems": systems,
        "months": months,
        "points": len(problem.points),
        "evaluate_seconds": evaluated - began,
        "plan_seconds": ended - evaluated,
        "gap": found.gap,
        "usd": found.usd,
    }


def main() -> None:
    """Measure as the arguments say and print the table, or one JSON document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--systems", type=int, default=15)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--mixes", type=int, default=3, help="generated mixes, one a seed (default: 3)")
    parser.add_argument("--seconds", type=float, default=30.0, help="the solver's limit (default: 30)")
    parser.add_argument("--gap", type=float, default=GAP_TARGET, help="where it stops (default: 0.01)")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    a = parser.parse_args()
    limits = Limits(gap=a.gap, seconds=a.seconds)
    found = [measured(a.classes, a.systems, a.months, seed, limits) for seed in range(1, a.mixes + 1)]
    if a.json:
        print(json.dumps({"machine": machine(), "plans": found}, indent=2))
        return
    rows = [["seed", "points", "evaluate CPU s", "plan CPU s", "gap", "USD"]]
    rows += [
        [
            str(one["seed"]),
            str(one["points"]),
            f"{one['evaluate_seconds']:.1f}",
            f"{one['plan_seconds']:.1f}",
            f"{one['gap']:.2%}",
            f"{one['usd']:,.0f}",
        ]
        for one in found
    ]
    slowest, widest = max(one["plan_seconds"] for one in found), max(one["gap"] for one in found)
    print(f"{machine()}\n{a.classes} classes, {a.systems} systems, {a.months} months\n\n{table(rows)}\n")
    print(f"slowest {slowest:.1f} of {SECONDS_TARGET:.0f} s; widest gap {widest:.2%} of {GAP_TARGET:.0%}")


if __name__ == "__main__":
    main()
