"""Sensitivity as text: for each class one sentence, its ranking, its tornado and its break-evens."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from chipbrief_reports.cli.command import Document
from chipbrief_reports.cli.output import table
from chipbrief_reports.wording import joined, number, percent, plain, tokens

__all__ = ["text"]

BARS, OFFERS, MOST_OFFERS, TURNS, PRICE_TURNS = 6, 4, 12, 5, 8  # rows at most; the JSON has all
RARE = 0.01
LANES = {
    "own": "owned",
    "rent_three_years": "rented for 3 years",
    "rent_one_year": "rented for 1 year",
    "rent_on_demand": "rented on demand",
    "api": "from the API",
}
SHARED = {
    "output_tokens": "output tokens, mean",
    "requests_per_day": "requests a day",
    "concurrent_users": "users in flight",
    "utilisation": "utilisation",
    "usd_per_kwh": "electricity, USD/kWh",
}
PRICES = {
    "system_price_usd": "price of {system}, USD",
    "rent_usd_chip_hour": "{system} {lane}, USD/chip-hour",
    "api_usd_mtok": "{system}'s API price, USD/Mtok",
}
NOTES = """\
Shares: every draw moves all inputs within their ranges and the model by its own error; offers and deployments are
those at the inputs' values, and where a draw misses a service level the offer still counts, at that draw's price.
Break-evens: at the inputs' values; for output length and volume every deployment is chosen again, for the others it
stays as it is. Utilisation is that of the bare price at capacity; a plan's own follows from its load."""


def text(document: Document) -> str:
    """Everything, a paragraph of notes last."""
    drawn = f"as of {document['as_of']}, {document['samples']:,} draws, seed {document['seed']}"
    parts = [f"{document['title']} ({drawn})"]
    parts += [_class(wanted, document["samples"]) for wanted in document["classes"]]
    return "\n\n".join([*parts, NOTES])


def _class(wanted: dict[str, Any], samples: int) -> str:
    heading = f"{wanted['title']} ({wanted['id']}): {wanted['model']}"
    missing = [f"{system}: {reason}" for system, reason in wanted["not_offered"].items()]
    if not wanted["offers"]:
        return "\n".join([heading, "No system keeps the service levels.", *missing])
    parts = ["\n".join([heading, *_sentences(wanted, samples)]), _ranking(wanted, missing), _tornado(wanted)]
    return "\n\n".join([*parts, _break_evens(wanted)])


def _sentences(wanted: dict[str, Any], samples: int) -> list[str]:
    leader, *others = wanted["offers"]
    if not others:
        return [f"{_offer(leader)}, is the only offer that keeps the service levels."]
    system = leader["system"]
    found = [f"{_offer(leader)}, is cheapest in {_share(leader['cheapest_share'])} of {samples:,} draws."]
    by_system = wanted["cheapest_share_by_system"][system]
    if by_system > leader["cheapest_share"]:
        found.append(f"{system} in one way or another is cheapest in {_share(by_system)}.")
    often = max(wanted["offers"], key=lambda offer: offer["cheapest_share"])
    if often["cheapest_share"] > leader["cheapest_share"]:
        found.append(
            f"{_offer(often)}, is cheapest more often, in {_share(often['cheapest_share'])}, but dearer in the median."
        )
    if wanted["cheapest_at_values"] != wanted["leader"]:
        found.append(
            f"At the inputs' values {_offer(wanted['cheapest_at_values'])}, costs less: "
            "the order is by the median of the draws."
        )
    if wanted["tied_share"]:
        found.append(f"In {_share(wanted['tied_share'])} of the draws several are equally cheap and share the draw.")
    return found


def _ranking(wanted: dict[str, Any], missing: list[str]) -> str:
    offers = wanted["offers"]
    shown = [offer for i, offer in enumerate(offers) if i < OFFERS or offer["cheapest_share"] >= RARE][:MOST_OFFERS]
    rows = [
        (
            offer["system"],
            LANES.get(offer["lane"], offer["lane"]),
            _number(offer["usd_mtok"]["value"]),
            _range(offer["usd_mtok"]),
            _share(offer["cheapest_share"]),
        )
        for offer in shown
    ]
    left = [offer["cheapest_share"] for offer in offers if offer not in shown]
    together = f"{_share(sum(left))} of the draws" if sum(left) else "no draw"
    more = [f"{len(left)} more {'is' if len(left) == 1 else 'are'} cheapest in {together}."] if left else []
    return "\n".join([table(("system", "lane", ">USD/Mtok", "80 % range", ">cheapest in"), rows), *more, *missing])


def _tornado(wanted: dict[str, Any]) -> str:
    bars = [bar for bar in wanted["tornado"] if bar["swing_usd_mtok"] > 0]
    leader = wanted["offers"][0]
    if not bars:
        return f"No input with a range moves the price of {_offer(leader)}."
    rows = [
        (
            _input(bar["input"], leader["system"]),
            bar["low"] or "",
            bar["high"] or "",
            _number(bar["usd_mtok_at_low"]),
            _number(bar["usd_mtok_at_high"]),
        )
        for bar in bars[:BARS]
    ]
    value = _number(leader["usd_mtok"]["value"])
    heading = f"What moves its price, {value} USD/Mtok, one input at a time between the ends of its range"
    more = [f"{len(bars) - BARS} more inputs move it less."] if len(bars) > BARS else []
    return "\n".join([heading, table(("input", ">low", ">high", ">USD/Mtok at low", ">at high"), rows), *more])


def _break_evens(wanted: dict[str, Any]) -> str:
    changes = [change for change in wanted["break_evens"] if not _between_rents(change)]
    shown = _nearest(changes)
    rows = [_row(change) for change in shown]
    quiet = [axis for axis in wanted["axes"] if not axis["changes"]]
    lines = []
    if rows:
        headings = ("input", ">today", ">changes at", "cheapest below", "cheapest above", "note")
        lines += ["Where the cheapest offer changes", table(headings, rows)]
    if len(shown) < len(changes):
        lines.append(f"{len(changes) - len(shown)} more changes, farther from today's values, are in the JSON.")
    shared = [SHARED[axis["axis"]].split(",")[0] for axis in quiet if axis["axis"] in SHARED]
    if shared:
        lines.append(f"No change within 1/8 to 8 times today's value: {joined(shared)}.")
    priced = sum(axis["axis"] in PRICES for axis in quiet)
    if priced:
        lines.append(
            f"Nor with {priced} of the offers' prices." if shared else f"No change with {priced} of the prices."
        )
    return "\n".join(lines)


def _nearest(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each common input, and of all prices together, the changes that are nearest to today, in their order."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for change in changes:
        groups.setdefault(change["axis"] if change["of"] is None else "price", []).append(change)
    shown = []
    for name, group in groups.items():
        near = sorted(group, key=lambda change: abs(math.log(change["value"] / change["today"])))
        shown += near[: PRICE_TURNS if name == "price" else TURNS]
    return [change for change in changes if any(change is one for one in shown)]


def _between_rents(change: dict[str, Any]) -> bool:
    """Whether one rental contract takes the place of another of the same system: that says nothing new."""
    offers = (change["below"], change["above"])
    rented = all(offer and offer["lane"].startswith("rent") for offer in offers)
    return rented and change["below"]["system"] == change["above"]["system"]


def _row(change: dict[str, Any]) -> tuple[str, ...]:
    say = _SAID.get(change["axis"], _number)
    note = (
        "inside its range"
        if change["within_range"]
        else "a level or limit binds"
        if change["by_service_levels"]
        else ""
    )
    below, above = (_offer(offer) if offer else "none keeps the levels" for offer in (change["below"], change["above"]))
    return (_axis(change), say(change["today"]), say(change["value"]), below, above, note)


def _axis(change: dict[str, Any]) -> str:
    name, of = change["axis"], change["of"]
    if of is None:
        return SHARED[name]
    return PRICES[name].format(system=of["system"], lane=LANES.get(of["lane"], of["lane"]))


def _input(name: str, system: str) -> str:
    """A Figure in plain words, and whose it is where it is a partner's."""
    from chipbrief_reports.spoken import spoken

    owner = name.split(":")[0]
    return spoken(name) + (f", {owner}" if owner not in (system, "finance", "model") else "")


def _offer(offer: Mapping[str, Any]) -> str:
    return f"{offer['system']}, {LANES.get(offer['lane'], offer['lane'])}"


def _share(share: float) -> str:
    """`91 %`; what is neither all nor nothing is not rounded to either."""
    if 0.995 <= share < 1.0:
        return "more than 99 %"
    return plain(percent(share))


def _range(interval: dict[str, float]) -> str:
    low, high = _number(interval["low"]), _number(interval["high"])
    return "-" if low == high else f"{low} to {high}"


def _number(value: float) -> str:
    return plain(number(value))


def _third(value: float) -> str:
    """Three figures: a break-even is arithmetic, and is compared with prices of as many."""
    return plain(number(value, 3))


_SAID: Mapping[str, Callable[[float], str]] = {
    "output_tokens": lambda value: plain(tokens(value)),
    "requests_per_day": lambda value: plain(tokens(value)),
    "utilisation": _share,
    "system_price_usd": _third,
    "usd_per_kwh": _third,
    "rent_usd_chip_hour": _third,
    "api_usd_mtok": _third,
}
