"""Series on a shelf, made of facts by hand: every figure is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chipbrief_reports.changes import CHANGES, FACTS, Facts, Value, difference
from chipbrief_reports.editions import FileEntry, Manifest, Series
from chipbrief_reports.editions.manifest import entries_of
from chipbrief_reports.timetable import parse_slot, slot_name

FIRST = datetime(2026, 3, 2, 6, tzinfo=UTC)
WEEK = timedelta(days=7)
METHOD = {"metrics": "version 1", "chipbrief": "0.1.0 sha256:0123", "draws": "200, seed 1"}
FILES = {
    "briefing.html": b"<!DOCTYPE html><link rel='icon' href='data:,'><title>Briefing</title><p>An edition</p>",
    "briefing.pdf": b"%PDF-1.7 edition",
    "briefing.xlsx": b"PK workbook",
    "briefing.md": b"# Edition\n",
}


def facts(
    price: float,
    *,
    speed: float = 100.0,
    method: Mapping[str, str] = METHOD,
    title: str = "Two chips",
    rented: bool = True,
) -> Facts:
    """Two classes, two systems: owned at `price`, rented at twice that; the month is 1 000 times the price."""
    values = {
        "bot.acme-1.own.usd_mtok": Value("price, Bot, Acme 1, owned", price, price * 0.8, price * 1.5, "USD", "acme-1"),
        "bot.acme-1.tok_s_user": Value("speed of one user, Bot on Acme 1", speed, 90.0, 130.0, "tok/s", "acme-1"),
        "bot.zeta.api.usd_mtok": Value("price, Bot, Zeta, by the token", 0.5, 0.5, 0.5, "USD", "zeta"),
        "fleet.acme-1.own.usd_month": Value(
            "month, Acme 1, owned", 1e3 * price, 8e2 * price, 2e3 * price, "USD", "acme-1"
        ),
        "route.usd_month": Value("cost of a month", 500.0 * price, 400.0 * price, 900.0 * price, "USD"),
    }
    if rented:
        label = "price, Bot, Acme 1, rented on demand"
        key = "bot.acme-1.rent_on_demand.usd_mtok"
        values[key] = Value(label, 2.0 * price, 1.5 * price, 3.0 * price, "USD", "acme-1")
    return Facts(
        title=title,
        as_of="2026-03-02",
        values=values,
        answers={"Bot": "Zeta, by the token"},
        systems={"acme-1": "Acme One", "zeta": "Zeta Wafer"},
        workload={"classes[bot].id": "bot", "classes[bot].title": "Support bot"},
        method=dict(method),
    )


def put(
    series: Series,
    at: datetime,
    found: Facts,
    before: tuple[str, Facts] | None = None,
    *,
    files: Mapping[str, bytes] = FILES,
) -> Manifest:
    """Publish an edition, with what changed since the one before."""
    slot, work = slot_name(at), series.new_work(at)
    changes = difference(before[1], found, threshold=0.02, names=(before[0], slot)) if before else None
    (work / FACTS).parent.mkdir()
    (work / FACTS).write_bytes(replace(found, as_of=at.date().isoformat()).as_bytes())
    if changes:
        (work / CHANGES).write_bytes(changes.as_bytes())
    for name, content in files.items():
        (work / name).write_bytes(content)
    manifest = Manifest(
        name=series.name,
        slot=slot,
        state="printed",
        title=found.title,
        as_of=at.date().isoformat(),
        built_at=f"{at + timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ}",
        previous=before[0] if before else None,
        files=entries_of(work),
        pages=12,
        changes=changes.counts() if changes else {},
    )
    series.publish(work, manifest)
    series.point_latest(at)
    return manifest


def put_all(series: Series, found: Sequence[Facts], start: datetime = FIRST, step: timedelta = WEEK) -> list[Manifest]:
    """Publish editions a step apart."""
    told: list[Manifest] = []
    for number, one in enumerate(found):
        before = (told[-1].slot, found[number - 1]) if told else None
        told.append(put(series, start + number * step, one, before))
    return told


def unchanged(series: Series, at: datetime, same_as: str) -> Manifest:
    """Publish that nothing had changed."""
    manifest = Manifest(
        name=series.name,
        slot=slot_name(at),
        state="unchanged",
        title="Two chips",
        as_of=at.date().isoformat(),
        built_at=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        previous=same_as,
        same_as=same_as,
    )
    series.publish(series.new_work(at), manifest)
    series.point_latest(at)
    return manifest


def many(series: Series, number: int) -> None:
    """A thousand editions without the waiting for a disk: written as publish leaves them."""
    for n in range(number):
        at = FIRST + n * WEEK / 7
        folder = series.path(slot_name(at))
        (folder / "data").mkdir(parents=True)
        content = replace(facts(10.0 + n % 7, title="Daily"), as_of=at.date().isoformat()).as_bytes()
        (folder / FACTS).write_bytes(content)
        manifest = Manifest(
            name=series.name,
            slot=folder.name,
            state="printed",
            title="Daily",
            as_of=at.date().isoformat(),
            built_at=f"{at:%Y-%m-%dT%H:%M:%SZ}",
            files=entries_of(folder) | {"briefing.html": FileEntry("0" * 64, 10)},
        )
        (folder / "manifest.json").write_bytes(manifest.as_bytes())


def slot_of(number: int) -> str:
    return slot_name(FIRST + number * WEEK)


def example(root: Path) -> list[Manifest]:
    """Five slots: three printed, of which the first is pruned, one unchanged, one damaged."""
    series = Series(root, "two-chips")
    other = {**METHOD, "chipbrief": "0.2.0 sha256:4567"}
    told = put_all(series, [facts(10.0), facts(12.0), facts(9.0, speed=150.0, method=other)])
    told.append(unchanged(series, FIRST + 3 * WEEK, told[2].slot))
    series.path(slot_of(4)).mkdir()
    series.prune(told[0])
    assert parse_slot(told[0].slot) == FIRST
    return told
