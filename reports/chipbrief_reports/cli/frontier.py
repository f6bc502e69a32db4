"""The Pareto frontier of each class and system: as data, and as a table a class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chipbrief_reports.cli.output import table
from chipbrief_reports.wording import number, plain, seconds

if TYPE_CHECKING:
    from chipbrief.evaluate import Results
    from chipbrief.workload import ServiceLevels

__all__ = ["Frontiers", "frontiers", "frontiers_text"]

Frontiers = dict[tuple[str, str], list[dict[str, Any]]]

SHOWN = 8
HEAD = ("system", "deployment", ">batch", ">tok/s/user", ">TTFT p95", ">tok/s/chip", ">USD/Mtok", "keeps the levels")
_LEVELS = ("ttft_p95_s", "tpot_p95_s", "e2e_p95_s")


def frontiers(results: Results) -> Frontiers:
    """Points that no other of the class on the system beats, fastest for a user first, by class and system.

    Each has the deployment, the batch, times [s], tok/s of a user and of a chip, USD/Mtok owned at the assumed
    utilisation (C2), and whether it keeps the class's service levels.
    """
    found: Frontiers = {}
    listed = results.frontier_table()
    for row in listed[listed["pareto"]].to_dict("records") if len(listed) else ():
        point = {str(name): value for name, value in row.items() if name not in ("class", "hardware", "pareto")}
        point["meets"] = _meets(point, results.wanted(row["class"]).slo)
        found.setdefault((row["class"], row["hardware"]), []).append(point)
    for points in found.values():
        points.sort(key=lambda point: (-point["tok_s_user"], point["usd_mtok_capacity"]))
    return found


def _meets(point: dict[str, Any], slo: ServiceLevels) -> bool:
    limits = (slo.ttft_p95, slo.tpot_p95, slo.e2e_p95)
    return all(
        limit is None or point[name] <= limit * (1.0 + 1e-9) for name, limit in zip(_LEVELS, limits, strict=True)
    )


def frontiers_text(wanted: dict[str, Any]) -> str:
    """The table of a class, at most a few points of each system, spread over its frontier."""
    rows = [row for outcome in wanted["outcomes"] for row in _rows(outcome)]
    heading = (
        f"Pareto frontier of {wanted['id']}: USD/Mtok is owned, at the assumed utilisation (all points with --json)"
    )
    return f"{heading}\n{table(HEAD, rows)}" if rows else f"No frontier of {wanted['id']}"


def _rows(outcome: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for i, point in enumerate(_spread(outcome["frontier"])):
        yield (
            outcome["system"] if i == 0 else "",
            point["deployment"],
            plain(number(point["batch"], 3)),
            plain(number(point["tok_s_user"], 3)),
            plain(seconds(point["ttft_p95_s"])),
            plain(number(point["tok_s_chip"], 3)),
            plain(number(point["usd_mtok_capacity"])),
            "yes" if point["meets"] else "no",
        )


def _spread(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(points) <= SHOWN:
        return list(points)
    return [points[round(i * (len(points) - 1) / (SHOWN - 1))] for i in range(SHOWN)]
