"""Speeds against published and measured ones, and against the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chipbrief.claims.document import Claim
from chipbrief.claims.quantity import Span, number
from chipbrief.claims.rulings import Cited, Context, Ruling, reason_of, weighed
from chipbrief.evidence import Point
from chipbrief.hardware import HardwareProfile

__all__ = ["measured", "model"]

TOLERANCE = 0.15  # between two measurements of one machine and model
TWICE = 2.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """A published speed of one user, or of the tokens of a chip."""

    low: float
    high: float
    chips: int | None
    cited: Cited


def measured(claim: Claim, context: Context) -> Ruling | None:
    """A speed must lie within what has been published of the same machine and model, 15 % allowed on both ends.

    `speed`: of one user alone, profile and measured points together, vendors' own claims included. `throughput`
    without a number of users: saturated points, and the profile's own `<model>_offline` of a system, by chip. Above
    the span, or below a third of it, differs; between the two nothing is decided, since software and load differ.
    """
    stated, found = claim.quantity, context.profile(claim)
    if stated is None or found is None or len(claim.models) != 1 or claim.metric not in ("speed", "throughput"):
        return None
    alone = claim.metric == "speed"
    if claim.users not in (None, 1) or (not alone and claim.per not in ("chip", "system")):
        return None
    seen = _of_one_user(claim, context, found) if alone else _saturated(claim, context)
    return _against(claim, found, seen) if seen else None


def _against(claim: Claim, found: HardwareProfile, seen: Sequence[_Seen]) -> Ruling:
    stated = claim.quantity
    assert stated is not None
    chips = found.chips if claim.metric == "throughput" and claim.per == "system" else 1
    span = Span(min(one.low for one in seen) * chips, max(one.high for one in seen) * chips)
    several = number(span.low, 4) if span.low == span.high else f"{number(span.low, 4)} to {number(span.high, 4)}"
    wide = span.widened(TOLERANCE)
    allowed = f"15 % allowed: {number(wide.low, 4)} to {number(wide.high, 4)}"
    line = f"published {several} tok/s, {allowed}, stated {stated.text}"
    on = {one.chips for one in seen if one.chips and one.chips > 1}
    if claim.metric == "speed" and claim.per in ("chip", "user") and on:
        line += f"; measured on a replica of {max(on)} {found.chip}, not on one"
    cited = tuple(dict.fromkeys(one.cited for one in seen))
    outcome = weighed(stated, span, wide)
    if outcome != "differs":
        within = "" if stated.span.meets(span) else "15 % of "
        return Ruling(outcome, line, reason_of(outcome, stated, f"within {within}what has been published", ""), cited)
    if stated.span.low > wide.high:
        return Ruling("differs", line, "above what has been published", cited)
    if stated.span.high < span.low / 3:
        return Ruling("differs", line, "below a third of what has been published", cited)
    return Ruling("undecided", line, "below what has been published, which another load may explain", cited)


def _of_one_user(claim: Claim, context: Context, found: HardwareProfile) -> list[_Seen]:
    seen = [
        _Seen(one.speed.lowest, one.speed.highest, None, context.figure(found, one.speed))
        for one in found.observed
        if one.model in claim.models
    ]
    points = [p for p in _points(claim, context) if p.metric == "tok_s_per_user" and p.concurrency in (None, 1.0)]
    return seen + [_Seen(p.value, p.value, p.n_chips, _cited(p)) for p in points if p.value]


def _saturated(claim: Claim, context: Context) -> list[_Seen]:
    seen = []
    found = context.profile(claim)
    for name, figure in found.reference.speed.items() if found else ():
        if found and _plain(name) == _plain(f"{claim.models[0]}-offline"):
            low, high = figure.lowest / found.chips, figure.highest / found.chips
            seen.append(_Seen(low, high, found.chips, context.figure(found, figure)))
    for point in _points(claim, context):
        chips = {"tok_s_total": point.n_chips, "tok_s_per_chip": 1}.get(point.metric)
        if point.value and chips and point.scenario == "offline":
            seen.append(_Seen(point.value / chips, point.value / chips, point.n_chips, _cited(point)))
    return seen


def _plain(name: str) -> str:
    """`llama2_70b_offline` and `llama-2-70b-offline` are one name."""
    return "".join(filter(str.isalnum, name.lower()))


def _points(claim: Claim, context: Context) -> list[Point]:
    """Measured points of the claim's machine and model."""
    hardware = context.profile(claim)
    return [
        point
        for point in context.points
        if hardware is not None
        and context.registry.names.get(point.hardware) == hardware.id
        and context.catalogue.names.get(point.model) in claim.models
        and point.scored
    ]


def _cited(point: Point) -> Cited:
    return Cited(point.source_title, point.source_locator, point.date)


# -- the model ------------------------------------------------------------------------------------------------


def model(claim: Claim, context: Context) -> Ruling | None:
    """A throughput at some number of users must lie within twice the 80 % interval that the model predicts.

    Prompts and answers of 1,024 tokens unless the claim has its own, on one system. Nothing is decided against a
    claim within a factor of 2 of the interval's ends, nor where no measured throughput of the machine stands behind
    the model; where the model refuses, nothing is said.
    """
    stated, found = claim.quantity, context.profile(claim)
    if stated is None or found is None or claim.metric != "throughput" or not claim.users or len(claim.models) != 1:
        return None
    interval = _predicted(claim, context, found)
    if interval is None:
        return None
    middle, span = interval
    line = (
        f"{number(middle, 3)} tok/s ({number(span.low, 3)} to {number(span.high, 3)}, 80 %) predicted for "
        f"{claim.users} users, a factor of 2 allowed: {number(span.low / TWICE, 3)} to {number(span.high * TWICE, 3)}, "
        f"stated {stated.text}"
    )
    layer = found.latency.layer
    cited = (Cited("chipbrief's model, E1 to E8", "docs/physics.md", layer.date), context.figure(found, layer))
    if weighed(stated, span) == "agrees":
        return Ruling("agrees", line, reason_of("agrees", stated, "within the model's interval", ""), cited)
    if found.id not in found.calibrated_on.throughput.hardware:
        return Ruling("undecided", line, "the model has no measured throughput of this machine behind it", cited)
    if stated.span.meets(Span(span.low / TWICE, span.high * TWICE)):
        told = "outside the model's interval, within a factor of 2 of it"
        return Ruling("undecided", line, reason_of("undecided", stated, "", "") if stated.bound else told, cited)
    return Ruling("differs", line, "far outside the model's interval", cited)


def _predicted(claim: Claim, context: Context, found: HardwareProfile) -> tuple[float, Span] | None:
    """The model's value and its 80 % interval, or None where it refuses."""
    import io

    from chipbrief.evidence.points import parse_points
    from chipbrief.evidence.predict import predict_point

    chips = found.chips if found.memory.machine == "hbm" else ""
    tokens = claim.output_tokens or ""
    row = f"{found.id},{claim.models[0]},tok_s_total,{chips},{tokens},{claim.users}"
    text = f"hardware,model,metric,n_chips,osl,concurrency\n{row}\n"
    [point] = parse_points(io.BytesIO(text.encode()), claim.id).points
    said = predict_point(point, context.registry, context.catalogue)
    if said.predicted is None or said.low is None or said.high is None:
        return None
    return said.predicted, Span(said.low, said.high)
