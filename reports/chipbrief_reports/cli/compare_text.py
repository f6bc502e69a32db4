"""The comparison as text: a table a class, one row a system and lane, and a closing table of fleets."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from chipbrief.units import DIMENSIONS
from chipbrief_reports.cli.command import Document
from chipbrief_reports.cli.frontier import frontiers_text
from chipbrief_reports.cli.output import table
from chipbrief_reports.wording import number, plain, seconds

__all__ = ["text"]

MARK = "(*)"
LANES = {
    "own": "own",
    "rent_three_years": "rent, 3 years",
    "rent_one_year": "rent, 1 year",
    "rent_on_demand": "rent, on demand",
    "api": "API list price",
}
POINT = ("system", "status", "deployment", ">tok/s/user", ">TTFT p95", ">E2E p50", ">tok/s/system", ">systems")
PRICE = ("lane", ">USD/Mtok", "80 % range")
FLEET = ("system", "lane", "classes", ">systems", ">USD/month", "80 % range", ">USD/Mtok", "80 % range")


def text(document: Document) -> str:
    """All tables, with a heading each."""
    drawn = f"as of {document['as_of']}, {document['samples']} samples, seed {document['seed']}"
    parts = [f"{document['title']} ({drawn})"]
    unmeasured = set(document["unmeasured"])
    parts += [_class(wanted, unmeasured) for wanted in document["classes"]]
    parts.append(_fleets(document, unmeasured))
    if unmeasured:
        from chipbrief.evidence.standing import UNMEASURED

        names = ", ".join(document["unmeasured"])
        parts.append(f"{MARK} {UNMEASURED}, and so a wider range: {names}")
    return "\n\n".join(parts)


def _class(wanted: dict[str, Any], unmeasured: Set[str]) -> str:
    rows = [row for outcome in wanted["outcomes"] for row in _rows(outcome, unmeasured)]
    reasons = [f"{o['system']}: {o['status']}, {o['reason']}" for o in wanted["outcomes"] if o["reason"]]
    heading = f"{wanted['title']} ({wanted['id']}): {wanted['model']}{_levels(wanted['slo'])}"
    beside = [f"\n{frontiers_text(wanted)}"] if any("frontier" in o for o in wanted["outcomes"]) else []
    return "\n".join([heading, table((*POINT, *PRICE), rows), *reasons, *beside])


def _levels(slo: dict[str, Any]) -> str:
    names = {"ttft_p95_s": "TTFT p95", "tpot_p95_s": "TPOT p95", "e2e_p95_s": "E2E p95", "deadline_s": "deadline"}
    exact = DIMENSIONS["time"].format  # a limit is an input, and is not rounded
    levels = [f"{label} {exact(slo[name])}" for name, label in names.items() if slo[name] is not None]
    return f"; at most {', '.join(levels)}" if levels else ""


def _rows(outcome: dict[str, Any], unmeasured: Set[str]) -> Iterator[tuple[str, ...]]:
    """A row a lane; the operating point stands in the first one."""
    point = (_marked(outcome["system"], unmeasured), outcome["status"], *_point(outcome))
    lanes = [_lane(lane) for lane in outcome["lanes"]] or [("-", "-", "-")]
    for i, lane in enumerate(lanes):
        yield (*(point if i == 0 else ("",) * len(point)), *lane)


def _point(outcome: dict[str, Any]) -> tuple[str, ...]:
    metrics = outcome["metrics"]
    if not metrics:
        return ("-",) * 6
    user, system = (_number(metrics[name]["value"]) for name in ("tok_s_user", "tok_s_system"))
    times = (plain(seconds(metrics[name]["value"])) for name in ("ttft_p95_s", "e2e_p50_s"))
    return (outcome["deployment"]["text"], user, *times, system, _whole(metrics["systems"]["value"]))


def _lane(lane: dict[str, Any]) -> tuple[str, str, str]:
    return LANES.get(lane["lane"], lane["lane"]), _number(lane["usd_mtok"]["value"]), _range(lane["usd_mtok"])


def _fleets(document: Document, unmeasured: Set[str]) -> str:
    classes = len(document["classes"])
    rows = [
        (
            _marked(fleet["system"], unmeasured),
            LANES.get(fleet["lane"], fleet["lane"]),
            _served(fleet, classes),
            _whole(fleet["systems"]["value"]) if fleet["lane"] != "api" else "-",
            _number(fleet["usd_month"]["value"]),
            _range(fleet["usd_month"]),
            _number(fleet["usd_mtok"]["value"]),
            _range(fleet["usd_mtok"]),
        )
        for fleet in document["fleets"]
    ]
    if not rows:
        return "No system carries any class within its service levels."
    return f"Fleets of one system, classes pooled\n{table(FLEET, rows)}"


def _marked(system: str, unmeasured: Set[str]) -> str:
    return f"{system} {MARK}" if system in unmeasured else system


def _served(fleet: dict[str, Any], classes: int) -> str:
    without = f", not {', '.join(fleet['unserved'])}" if fleet["unserved"] else ""
    return f"{len(fleet['served'])} of {classes}{without}"


def _range(interval: dict[str, float]) -> str:
    low, high = _number(interval["low"]), _number(interval["high"])
    return "-" if low == high else f"{low} to {high}"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _number(value: float) -> str:
    return plain(number(value))
