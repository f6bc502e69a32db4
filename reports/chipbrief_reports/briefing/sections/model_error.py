"""How far predictions are from measurements that no constant was fitted to: the table, a sentence, a word a system."""

from __future__ import annotations

from chipbrief.evidence import Score
from chipbrief.evidence.model_error import PointSource
from chipbrief.hardware import Hardware
from chipbrief_reports.briefing.desk import Desk, absent
from chipbrief_reports.briefing.document import Cell, Column, Ref, Row, Table, Text, text
from chipbrief_reports.wording import count, joined, number, percent

__all__ = ["error_sentence", "error_table", "standing"]

SPOKEN = {
    "TPOT": "time per token",
    "TTFT": "time to the first token",
    "E2E": "time to the whole answer",
    "speed per user": "speed of a user",
    "throughput offline": "saturated throughput",
    "throughput under SLO": "throughput under service levels",
    "throughput at concurrency": "throughput at a given load",
}
MANY = 10  # points from which a family is worth a word of its own


def error_sentence(desk: Desk) -> Text:
    """The error of the first family in full, and of every other large one in brief."""
    covered = [score for score in desk.error.by_family if score.covered]
    if not covered:
        return text("No measured point stands behind the systems of this registry.")
    first, *others = covered
    assert first.median is not None
    assert first.p90 is not None
    tail = f" in the median and by {percent(first.p90)} at the 90th percentile" if first.covered > 1 else ""
    words = (
        f"On {count(first.covered, 'point')} that the constants were not fitted to, predicted and measured "
        f"{SPOKEN[first.group]} differ by {percent(first.median)}{tail}"
    )
    rest = [
        f"{SPOKEN[s.group]} by {percent(s.median)} on {s.covered}"
        for s in others
        if s.median is not None and s.covered >= MANY
    ]
    return text(words, error_note(desk), f"; {joined(rest)}." if rest else ".")


def error_table(desk: Desk) -> Table:
    """Errors by family and kind of machine, and of all points."""
    columns = (
        Column("What is predicted", "", "left", 3.8),
        Column("Points", width=0.8),
        Column("Predicted"),
        Column("Median error", "%", width=1.2),
        Column("90th percentile", "%", width=1.4),
        Column("Bias", "%", width=0.8),
        Column("In interval", "%", width=1.1),
    )
    return Table(
        "model-error",
        _table_title(desk.error.whole),
        "Error: predicted over measured, less 1; without its sign but for the bias, its median; interval: the 80 % that the model gives",
        columns,
        (
            *(_row(score, _spoken(score.group)) for score in desk.error.by_machine),
            _row(desk.error.whole, "all", last=True),
        ),
        text(
            "HBM and SRAM: where weights are read from; speculation: a draft model is stated or suspected",
            error_note(desk),
            ".",
        ),
        dense=True,
    )


def _table_title(whole: Score) -> str:
    if whole.inside is None:
        return "Model against measurement: no point could be predicted"
    held = round(whole.inside * whole.covered)
    return f"Model against measurement: {held} of {count(whole.covered, 'measured value')} {'lies' if held == 1 else 'lie'} in the 80 % interval"


def _spoken(group: str) -> str:
    """`TPOT, HBM` as `time per token, HBM`."""
    family, _, machine = group.partition(", ")
    return f"{SPOKEN[family]}, {machine}"


def _row(score: Score, name: str, *, last: bool = False) -> Row:
    title = name[0].upper() + name[1:]
    found = (score.median, score.p90, score.bias, score.inside)
    if None in found:
        errors = [absent(""), absent(""), absent(""), absent("")]
    else:
        median, p90, bias, inside = (share or 0.0 for share in found)
        errors = [Cell(text(words)) for words in (_percents(median), _percents(p90), _signed(bias), _percents(inside))]
    counts = (Cell(text(f"{score.points}")), Cell(text(f"{score.covered}")))
    return Row((Cell(text(title)), *counts, *errors), group=last)


def _percents(share: float) -> str:
    return number(share * 100.0)


def _signed(share: float) -> str:
    """Whole percents with a sign, none for what rounds to nothing."""
    rounded = round(share * 100.0)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{number(abs(share) * 100.0)}" if sign else "0"


# -- where the points come from -------------------------------------------------------------------------------


def error_note(desk: Desk) -> Ref:
    """The points' sources, and where the rest is told."""
    error = desk.error
    points = count(len(error.points), "measured point")
    words = (
        f"{points} that {'ships' if len(error.points) == 1 else 'ship'} with chipbrief, chosen by a rule that looks at no "
        "error; each with its prediction, interval and address in data/measured_points.csv; the command chipbrief validate "
        "judges them again. How the constants were fitted, and how the points were chosen: docs/calibration.md."
    )
    named = [source.title for source in error.sources[:2]]
    others = len(error.sources) - len(named)
    who = joined([*named, *([count(others, "more source")] if others else [])])
    return desk.notes.say(words, [_cited(source) for source in error.sources], f"{points}: {who}; docs/calibration.md")


def _cited(source: PointSource) -> tuple[str, str, str]:
    days = source.first if source.first == source.last else f"{source.first} to {source.last}"
    return f"{source.title} ({count(source.points, 'point')})", source.locator, days


# -- a system -------------------------------------------------------------------------------------------------


def standing(desk: Desk, hardware: Hardware) -> Text:
    """How many measured points stand behind a system, and what its constants were fitted to."""
    score = desk.error.of_system(hardware.id)
    note: tuple[Ref, ...] = (error_note(desk),) if score.points else ()
    return text(_judged(score), *note, f" {_fitted(hardware)}")


def _judged(score: Score) -> str:
    if not score.points:
        return "There is no measured point to judge its model on."
    points = count(score.points, "measured point")
    if score.median is None:
        none = "cannot predict the one measured point there is" if score.points == 1 else f"predicts none of {points}"
        return f"Its model {none} to judge it on."
    missed = score.points - score.covered
    rest = f"; it cannot predict {missed} of them" if missed else ""
    middle = "" if score.covered == 1 else " in the median"
    return f"On {points} that no constant was fitted to, its model is off by {percent(score.median)}{middle}{rest}."


def _fitted(hardware: Hardware) -> str:
    """What the constants were fitted to, by what is known of it."""
    on = hardware.profile.calibrated_on
    mine = [
        words
        for words, seen in (("times", on.times), ("saturated throughput", on.throughput))
        if hardware.id in seen.hardware
    ]
    if mine:
        others = "" if len(mine) == 2 else f", not to its {'throughput under load' if mine == ['times'] else 'times'}"
        return f"Its constants were fitted to its measured {joined(mine)}{others}."
    if on.times.hardware or on.throughput.hardware:
        return "Its constants were fitted to measurements of its relatives, none of its own."
    return "None of its constants was fitted to a measurement of it."
