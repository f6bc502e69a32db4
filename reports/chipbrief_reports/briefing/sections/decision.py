"""Page 1: what to buy, what it costs, and what would change that."""

from __future__ import annotations

from chipbrief.evaluate import Interval, LaneCost, VendorFleet
from chipbrief_reports.briefing.breakeven import breakeven_price_usd, breakeven_volume
from chipbrief_reports.briefing.desk import LANE_NAMES, Desk, absent, cell
from chipbrief_reports.briefing.document import (
    Bullets,
    Cell,
    Column,
    Headline,
    Headlines,
    Paragraph,
    Ref,
    Row,
    Section,
    Table,
    Text,
    text,
)
from chipbrief_reports.briefing.sections.sensitivity import spoken, tornado_bars
from chipbrief_reports.wording import count, joined, midsentence, money, number, price, whole

__all__ = ["decision"]


def decision(desk: Desk) -> Section:
    """The recommendation, the ranked options, what would change the answer and what is not covered."""
    return Section(
        "decision",
        "Decision",
        _title(desk),
        (
            Headlines(_headlines(desk)),
            Paragraph(_recommendation(desk)),
            _options(desk),
            Bullets("What would change this answer", _changes(desk)),
            Bullets("What is not covered", _uncovered(desk)),
        ),
    )


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
        return "Buy tokens: this load is too small for hardware"
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
    profile = desk.system(leg.hardware).profile
    return profile.system.name if leg.lane == "own" else profile.chip


def _leg_name(desk: Desk, leg: VendorFleet) -> str:
    outcome = next(o for o in desk.results.outcomes if o.hardware == leg.hardware and o.lane(leg.lane))
    offered = outcome.lane(leg.lane)
    assert offered is not None
    return desk.offer_name(leg.hardware, offered)


def _headlines(desk: Desk) -> tuple[Headline, ...]:
    route, whole = desk.route, _best_whole(desk)
    items = [
        Headline(
            money(route.usd_month.value),
            desk.span(route.usd_month),
            text("a month, every class by its cheapest offer", desk.range_note),
        ),
        Headline(
            f"${price(route.usd_mtok.value)}",
            desk.span(route.usd_mtok),
            text("per million tokens, input and output together", _blend_note(desk)),
        ),
    ]
    if whole and route.usd_month.value < whole.usd_month.value:
        saved = 1.0 - route.usd_month.value / whole.usd_month.value
        items.append(
            Headline(
                f"−{number(saved * 100)} %",
                "",
                text(f"against {_leg_name(desk, whole)} for everything", desk.cost_note(*_lane_of(desk, whole))),
            )
        )
    fastest = _fastest(desk)
    if fastest:
        items.append(fastest)
    return tuple(items[:4])


def _blend_note(desk: Desk) -> Ref:
    return desk.notes.say(
        "C2: dollars of the month over all input (cached too) and output tokens delivered; Cost prints each by itself."
    )


def _fastest(desk: Desk) -> Headline | None:
    """The highest modelled speed of one user in the leading class, over the slowest system that keeps the SLO."""
    served = [o for o in desk.outcomes(desk.leading) if o.metrics]
    if not served:
        return None
    best = max(served, key=lambda o: o["tok_s_user"].value)
    speed = best["tok_s_user"]
    caption = text(
        f"tok/s for one user of {midsentence(desk.label(desk.leading))} on {desk.name(best.hardware)}, at peak load",
        desk.speed_note(best.hardware),
    )
    return Headline(number(speed.value), desk.span(speed), caption)


def _best_whole(desk: Desk) -> VendorFleet | None:
    """The cheapest single option that carries every class."""
    whole = [fleet for fleet in desk.fleets if len(fleet.served) == len(desk.mix.classes)]
    return min(whole, key=lambda fleet: fleet.usd_month.value, default=None)


def _lane_of(desk: Desk, fleet: VendorFleet) -> tuple[str, LaneCost]:
    outcome = next(o for o in desk.results.outcomes if o.hardware == fleet.hardware and o.class_id in fleet.served)
    found = outcome.lane(fleet.lane)
    assert found is not None
    return fleet.hardware, found


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
        words = f"For {midsentence(desk.label(desk.leading))}, the largest class, this is the cheapest offer in "
        sentences.append(text(words, f"{number(share * 100)} % of {desk.results.samples} draws", desk.range_note, ". "))
    if desk.route.unserved:
        names = joined([midsentence(desk.label(c)) for c in desk.route.unserved])
        return text(*sentences[:2], f"No system in the registry serves {names}: see Latency for the reasons.")
    return text(*sentences)


def _joined_legs(desk: Desk, legs: list[VendorFleet]) -> Text:
    parts: list[Text] = []
    for i, leg in enumerate(legs):
        names = joined([midsentence(desk.label(c)) for c in leg.served])
        hardware, cost = _lane_of(desk, leg)
        what = f"tokens from {cost.note}" if leg.lane == "api" else _units(desk, leg)
        link = "" if i == 0 else (" and " if i == len(legs) - 1 else ", ")
        parts.append(text(f"{link}{what} for {names}", desk.cost_note(hardware, cost)))
    return text(*parts)


def _units(desk: Desk, leg: VendorFleet) -> str:
    profile = desk.system(leg.hardware).profile
    if leg.lane == "own":
        return f"{whole(leg.systems.value)} {profile.system.name}"
    term = LANE_NAMES[leg.lane].removeprefix("rented").strip(", ")
    return f"{count(leg.chips.value, profile.chip, profile.chip)} ({term})"


# -- the options ----------------------------------------------------------------------------------------------

OPTIONS = 5  # rows below the first; the rest stands in Cost

_COLUMNS = (
    Column("Option", "", "left", 2.4),
    Column("Classes", "in SLO", width=0.8),
    Column("Cost", "$/month", width=1.5),
    Column("Price", "$/Mtok", width=1.2),
    Column("Systems", "", width=0.9),
    Column("Power", "MW", width=0.8),
    Column("Capex", "$ million", width=1.1),
    Column("Load model", "", "left", 1.2),
)


def _options(desk: Desk) -> Table:
    """Every way to carry the mix, the most classes first, then the cheapest."""
    rows = [_route_row(desk), *(_fleet_row(desk, fleet) for fleet in _shown(desk))]
    whole = _best_whole(desk)
    title = "No single option carries every class"
    if whole:
        ratio = whole.usd_month.value / desk.route.usd_month.value
        title = (
            f"One vendor for everything costs {number(ratio)} times as much at best"
            if ratio >= 1.05
            else f"{_leg_name(desk, whole)} alone costs no more than a mixed route"
        )
    return Table(
        "options",
        title,
        "The cheapest ways to carry the mix at its peak; ranges are 80 % intervals; every lane of every system stands in Cost",
        _COLUMNS,
        tuple(rows),
        text(
            "Systems are whole and pooled over the classes; power is IT power times PUE",
            desk.notes.cite("", ["finance:pue"]),
            ".",
        ),
    )


def _shown(desk: Desk) -> list[VendorFleet]:
    """The first options in their order, every system's best among them."""
    best = {id(next(f for f in desk.fleets if f.hardware == name)) for name in {f.hardware for f in desk.fleets}}
    rest = [id(fleet) for fleet in desk.fleets if id(fleet) not in best]
    kept = best | set(rest[: max(OPTIONS - len(best), 0)])
    return [fleet for fleet in desk.fleets if id(fleet) in kept]


def _route_row(desk: Desk) -> Row:
    route, pue = desk.route, desk.results.terms.pue.value
    served = len(desk.mix.classes) - len(route.unserved)
    systems = sum(leg.systems.value for leg in route.legs)
    return Row(
        (
            Cell(text("Cheapest offer for each class"), best=True),
            cell(f"{served} of {len(desk.mix.classes)}"),
            desk.spread(route.usd_month, desk.range_note, best=True),
            desk.spread(route.usd_mtok, best=True),
            cell(whole(systems)) if systems else absent(""),
            cell(number(route.power_w.value * pue / 1e6)) if route.power_w.value else absent(""),
            _millions(desk, route.capex_usd) if route.capex_usd.value else absent(""),
            Cell(text("as below")),
        )
    )


def _fleet_row(desk: Desk, fleet: VendorFleet) -> Row:
    hardware, cost = _lane_of(desk, fleet)
    pue = desk.results.terms.pue.value
    owned = fleet.lane == "own"
    return Row(
        (
            Cell(text(_leg_name(desk, fleet), desk.cost_note(hardware, cost)), dot=desk.dot(hardware)),
            cell(f"{len(fleet.served)} of {len(desk.mix.classes)}"),
            desk.spread(fleet.usd_month),
            desk.spread(fleet.usd_mtok),
            desk.counted(fleet.systems) if fleet.systems.value else absent(""),
            cell(number(fleet.power_w.value * pue / 1e6)) if owned else absent(""),
            _millions(desk, fleet.capex_usd) if owned else absent(""),
            Cell(text(desk.basis(hardware, fleet.lane))),
        )
    )


def _millions(desk: Desk, value: Interval) -> Cell:
    scaled = Interval(value.value / 1e6, value.low / 1e6, value.high / 1e6)
    return cell(number(scaled.value), desk.span(scaled))


# -- what would change it -------------------------------------------------------------------------------------


def _changes(desk: Desk) -> tuple[Text, ...]:
    found = [_owner_turns(desk), *_volume_turns(desk), _growth(desk), _driver(desk)]
    return tuple(item for item in found if item)[:3]


def _owner_turns(desk: Desk) -> Text | None:
    """The price at which owning another system is as cheap for the leading class."""
    leg = desk.route.leg_of(desk.leading)
    if leg is None:
        return None
    target = next(c for o, c in desk.results.offers(desk.leading)).usd_month.value
    others = [o for o in desk.outcomes(desk.leading) if o.hardware != leg.hardware and o.status == "meets"]
    priced = [(o, p) for o in others if (p := breakeven_price_usd(desk.results, o, target)) is not None]
    if not priced:
        names = joined([desk.name(o.hardware) for o in others])
        if not names:
            return None
        return text(
            f"No purchase price makes {names} the cheapest for {midsentence(desk.label(desk.leading))}: power and space alone cost more."
        )
    outcome, usd = max(priced, key=lambda pair: pair[1] / desk.system(pair[0].hardware).profile.price.system.value)
    listed = desk.system(outcome.hardware).profile.price.system
    return text(
        f"{desk.name(outcome.hardware)} would carry {midsentence(desk.label(desk.leading))} at the same cost if a system "
        f"cost {money(usd)}, not {money(listed.value)}",
        desk.notes.cite("", [f"{outcome.hardware}:price.system"]),
        ".",
    )


def _volume_turns(desk: Desk) -> list[Text]:
    """For classes bought by the token: the volume at which hardware is as cheap."""
    found: list[tuple[float, Text]] = []
    for wanted in desk.mix.classes:
        offers = desk.results.offers(wanted.id)
        if not offers or offers[0][1].lane != "api":
            continue
        api = offers[0][1].usd_month.value
        hardware = next(((o, c) for o, c in offers if c.lane != "api"), None)
        multiple = breakeven_volume(*hardware, api) if hardware else None
        if hardware and multiple:
            name = desk.offer_name(hardware[0].hardware, hardware[1])
            words = f"{wanted.label}: from {number(multiple)} times today's volume, {name}, is cheaper than tokens"
            found.append((multiple, text(words, desk.cost_note(hardware[0].hardware, hardware[1]), ".")))
    return [words for _, words in sorted(found, key=lambda pair: pair[0])]


def _driver(desk: Desk) -> Text | None:
    """The input that moves the owned cost of the leading class most, on the system that carries it."""
    leg = desk.route.leg_of(desk.leading)
    outcome = next((o for o in desk.outcomes(desk.leading) if leg and o.hardware == leg.hardware and o.metrics), None)
    bars = tornado_bars(desk, outcome) if outcome else []
    if outcome is None or not bars:
        return None
    low, high = sorted((bars[0].low, bars[0].high))
    return text(
        f"On {desk.name(outcome.hardware)}, {spoken(bars[0].figure)} moves the cost of {midsentence(desk.label(desk.leading))} most: "
        f"${number(low)} to ${number(high)} a million tokens at capacity",
        desk.notes.cite("", [bars[0].figure]),
        ".",
    )


def _growth(desk: Desk) -> Text | None:
    horizon = desk.mix.horizon
    if horizon is None or horizon.growth_at_end == 1.0:
        return None
    return text(
        f"Demand at the end of the {count(horizon.months, 'month')} is planned at {number(horizon.growth_at_end)} times "
        "today's; Capacity shows the systems that takes."
    )


def _uncovered(desk: Desk) -> tuple[Text, ...]:
    items = [
        text("Queues: times hold for a full running batch at the peak, not for chance arrivals on top of it."),
        text(
            "Speculative decoding, prefill and decode on separate pools, and the memory and loading of cached prefixes."
        ),
        text("Fleets that trade one class's idle hardware for another's; tax, lead times and falling prices."),
    ]
    if desk.results.missing:
        names = joined([f"{p.name} ({p.distribution} {p.version}: {p.error})" for p in desk.results.missing])
        items.insert(0, text(f"Missing from the registry: {names}."))
    return tuple(items)
