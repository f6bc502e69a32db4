"""Page 1: what to buy, what it costs, and what would change that."""

from __future__ import annotations

from chipbrief.evaluate import VendorFleet
from chipbrief_reports.briefing.desk import Desk
from chipbrief_reports.briefing.document import Block, Bullets, Headline, Headlines, Paragraph, Ref, Section, Text, text
from chipbrief_reports.briefing.sections.news import news
from chipbrief_reports.briefing.sections.options import best_whole, lane_of, leg_name, options
from chipbrief_reports.briefing.sections.outlook import changes, uncovered
from chipbrief_reports.wording import LANE_NAMES, THIN, count, joined, midsentence, money, number, price, whole

__all__ = ["decision"]


def decision(desk: Desk) -> Section:
    """The recommendation, the ranked options, what would change the answer and what is not covered."""
    blocks: list[Block] = []
    if desk.route.legs:
        blocks.append(Headlines(_headlines(desk)))
    blocks.append(Paragraph(_recommendation(desk)))
    blocks += news(desk)
    if desk.route.legs:
        blocks.append(options(desk))
    turns = changes(desk)
    if turns:
        blocks.append(Bullets("What would change this answer", turns))
    blocks.append(Bullets("What is not covered", uncovered(desk)))
    return Section("decision", "Decision", _title(desk), tuple(blocks))


def _title(desk: Desk) -> str:
    lanes = {
        "own": "own",
        "rent_three_years": "rent",
        "rent_one_year": "rent",
        "rent_on_demand": "rent",
        "api": "buy tokens",
    }
    verbs = list(dict.fromkeys(lanes[leg.lane] for leg in desk.route.legs))
    if not verbs:
        return "Nothing in the registry serves this mix"
    if verbs == ["buy tokens"]:
        hardware = any(c.lane != "api" for w in desk.mix.classes for _, c in desk.results.offers(w.id))
        return (
            "Buy tokens: for this load they are cheaper than any hardware compared"
            if hardware
            else "Buy tokens: no system here serves this mix by itself"
        )
    if len(verbs) == 1:
        names = joined(list(dict.fromkeys(_bought(desk, leg) for leg in desk.route.legs)))
        missing = joined([midsentence(desk.label(c)) for c in desk.route.unserved])
        return f"{verbs[0].capitalize()} {names} for every class" + (f" but {missing}" if missing else "")
    parts = [
        f"{verb} {joined(list(dict.fromkeys(_bought(desk, leg) for leg in desk.route.legs if lanes[leg.lane] == verb)))}"
        for verb in verbs
        if verb != "buy tokens"
    ]
    rest = ", buy tokens for the rest" if "buy tokens" in verbs else ""
    many = sum(len(leg.served) for leg in desk.route.legs if leg.lane != "api") > 1
    words = f"{joined(parts)} for the heavy {'classes' if many else 'class'}{rest}"
    return words[0].upper() + words[1:]


def _bought(desk: Desk, leg: VendorFleet) -> str:
    """What a lane's price is for: a system when owned, a chip when rented."""
    return desk.several(leg.hardware) if leg.lane == "own" else desk.chip(leg.hardware)


def _headlines(desk: Desk) -> tuple[Headline, ...]:
    route, whole = desk.route, best_whole(desk)
    items = [
        Headline(
            money(route.usd_month.value),
            desk.span(route.usd_month),
            text(
                "a month, every class by its cheapest offer", desk.trail_note("route.usd_month"), THIN, desk.range_note
            ),
        ),
        Headline(
            f"${price(route.usd_mtok.value)}",
            desk.span(route.usd_mtok),
            text(
                "per million tokens, input and output together",
                _blend_note(desk),
            ),
        ),
    ]
    if whole and route.usd_month.value < whole.usd_month.value:
        saved = 1.0 - route.usd_month.value / whole.usd_month.value
        items.append(
            Headline(
                f"−{number(saved * 100)} %",
                "",
                text(f"against {leg_name(desk, whole)} for everything", _saving_note(desk, whole)),
            )
        )
    fastest = _fastest(desk)
    if fastest:
        items.append(fastest)
    return tuple(items[:4])


def _saving_note(desk: Desk, whole: VendorFleet) -> Ref:
    known = "route.saving_share" in desk.ledger
    return desk.trail_note("route.saving_share") if known else desk.cost_note(*lane_of(desk, whole))


def _blend_note(desk: Desk) -> Ref:
    return desk.trail_note("route.usd_mtok", "Over all input (cached too) and output tokens:")


def _fastest(desk: Desk) -> Headline | None:
    """The highest modelled speed of one user in the leading class, over the slowest system that keeps the SLO."""
    served = [o for o in desk.outcomes(desk.leading) if o.metrics]
    if not served:
        return None
    best = max(served, key=lambda o: o["tok_s_user"].value)
    speed = best["tok_s_user"]
    caption = text(
        f"tok/s for one user of {midsentence(desk.label(desk.leading))} on {desk.name(best.hardware)}, at peak load",
        desk.speed_note(best.hardware, f"{desk.leading}.{best.hardware}.tok_s_user"),
    )
    return Headline(number(speed.value), desk.span(speed), caption)


def _recommendation(desk: Desk) -> Text:
    """At most three sentences: what carries which class, and how firmly the largest choice stands."""
    sentences: list[Text] = []
    for lanes, verb in (
        (("own",), "Own"),
        (("rent_three_years", "rent_one_year", "rent_on_demand"), "Rent"),
        (("api",), "Buy"),
    ):
        legs = [leg for leg in desk.route.legs if leg.lane in lanes]
        if legs:
            sentences.append(text(f"{verb} ", _joined_legs(desk, legs), ". "))
    leading = desk.route.leg_of(desk.leading)
    if leading and len(sentences) < 3:
        cost = next(o for o in desk.outcomes(desk.leading) if o.hardware == leading.hardware).lane(leading.lane)
        assert cost is not None
        share = desk.share_cheapest(desk.leading, cost, leading.hardware)
        largest = f"For {midsentence(desk.label(desk.leading))}, the largest class, this"
        words = f"{largest if len(desk.mix.classes) > 1 else 'This'} is the cheapest offer in "
        rival = "" if share >= 0.5 else f"; {_rival(desk)} comes next and costs less in some of the others"
        draws = f"{'all' if share == 1.0 else f'{number(share * 100)} %'} of {whole(desk.results.samples)} draws"
        sentences.append(text(words, draws, desk.range_note, f"{rival}. "))
    if desk.route.unserved:
        names = joined([midsentence(desk.label(c)) for c in desk.route.unserved])
        return text(*sentences[:2], f"No system in the registry serves {names}: see Latency for the reasons.")
    return text(*sentences)


def _rival(desk: Desk) -> str:
    outcome, cost = desk.results.offers(desk.leading)[1]
    return desk.offer_name(outcome.hardware, cost)


def _joined_legs(desk: Desk, legs: list[VendorFleet]) -> Text:
    parts: list[Text] = []
    for i, leg in enumerate(legs):
        names = joined([midsentence(desk.label(c)) for c in leg.served])
        hardware, cost = lane_of(desk, leg)
        what = f"tokens from {cost.note}" if leg.lane == "api" else _units(desk, leg)
        link = "" if i == 0 else (" and " if i == len(legs) - 1 else ", ")
        parts.append(text(f"{link}{what} for {names}", desk.cost_note(hardware, cost)))
    return text(*parts)


def _units(desk: Desk, leg: VendorFleet) -> str:
    if leg.lane == "own":
        return desk.units(leg)
    term = LANE_NAMES[leg.lane].removeprefix("rented").strip(", ")
    chip = desk.chip(leg.hardware)
    return f"{count(leg.chips.value, chip, chip)} ({term})"
