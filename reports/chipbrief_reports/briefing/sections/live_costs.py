"""The panel that moves the cost model's inputs on the screen: its lines as coefficient x drivers, and the ranking.

A price at capacity (C2) and a class's month (C3) are sums of `CostModel.lines`, so the page needs no cost model of its
own: it multiplies the same coefficients and drivers. Two quantities are functions: the yearly recovery of capital
depends on the economic life (C1), and the energy line's coefficient on the load, in a straight line (E9). Whether a
system's lines really are of that form is tried out here, at both ends of every slider; where they are not, the slider
cannot be moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import floor, isclose, log10, prod
from typing import Any

from chipbrief.evaluate import Footprint, LaneCost, Outcome
from chipbrief.figures import Figure
from chipbrief.finance import (
    CAPITAL_RECOVERY,
    ELECTRICITY_PRICE,
    HOURS_PER_MONTH,
    LANES,
    SECONDS_PER_YEAR,
    CostLine,
    Finance,
    Lane,
    usd_per_mtok,
)
from chipbrief.hardware import Hardware
from chipbrief_reports.briefing.desk import Desk, cell
from chipbrief_reports.briefing.document import Block, Cell, Column, Row, Slider, Sliders, Table, text
from chipbrief_reports.briefing.notes import NoteBook
from chipbrief_reports.briefing.sections.stack import StackOption, stack_options
from chipbrief_reports.wording import number

__all__ = ["PANEL", "live_costs", "live_price", "offer_key", "source_line"]

PANEL = "what-if"
PLACES = ("Cheapest", "Second", "Third")
PRICE = "system_price_usd"
LOAD, LIFE, PUE, UTILISATION = "load", "economic_life", "pue", "utilisation"
WIDER = (
    2.0  # a price may be moved to half and to twice today's, or to the ends of its range where those lie further out
)
ALIKE = 1e-9
BODY = (
    "Utilisation here is the share of its capacity that a replica delivers: the ranking is by the price of a million "
    "input and output tokens at capacity within the service level (C2), the hour of the replica over the tokens of that "
    "hour; it moves Speed against cost too. The months above and the lines below do not assume a utilisation, there it is "
    "what the peak leaves (C3); all other sliders move them. Operating points and replicas stay as chosen today, prices by the token are list "
    "prices that no slider moves, and the ranges, which are today's, are not drawn while anything is moved."
)


def live_costs(desk: Desk) -> list[Block]:
    """The panel; nothing where no class has an offer."""
    model = _Lines(desk)
    if not model.classes:
        return []
    return [
        Sliders(
            PANEL,
            "Move what the costs stand on",
            "Today's values are marked; $/Mtok of input and output at capacity",
            text(BODY),
            _Trial(desk, model).sliders,
            _ranking(model),
            model.data,
        )
    ]


def offer_key(class_id: str, hardware: str, lane: str) -> str:
    """By what the page finds an offer again."""
    return f"{class_id}/{hardware}/{lane}"


def live_price(footprint: Footprint, tokens_s: float) -> dict[str, Any]:
    """From what the page reckons the price of an owned replica's tokens at capacity (C2) again."""
    return {"parts": [[part.hardware.id, part.systems] for part in footprint.parts], "tok_s": tokens_s}


def source_line(desk: Desk, cost: LaneCost, hardware: str) -> str:
    """The equations of an offer and the first Figure that is its own, with its source and date."""
    figures = desk.results.figures()
    rules = ", ".join(e for e in cost.trail.equations if e.startswith("C"))
    parts = [f"{system.id}:{part}" for system in desk.system(hardware).systems for part in ("price", "api")]
    mine = next((name for name in cost.trail.figures if name.startswith(tuple(parts))), None)
    if mine is None:
        return rules
    figure, source = figures[mine]
    return f"{rules}: {mine} {NoteBook.words(figure)} ({source.title}, {figure.date})"


def _ranking(model: _Lines) -> Table:
    columns = (Column("Class", "", "left", 1.4), *(Column(place, "$/Mtok", "left", 2.0) for place in PLACES))
    rows = []
    for one in model.classes:
        ranked = sorted(one["offers"], key=lambda offer: float(offer["usd_mtok"]))[: len(PLACES)]
        cells = [Cell(text(o["name"]), number(o["usd_mtok"]), dot=o["dot"], best=i == 0) for i, o in enumerate(ranked)]
        rows.append(Row((Cell(text(one["label"])), *cells, *[cell("")] * (len(PLACES) - len(cells)))))
    return Table(
        f"{PANEL}-ranking",
        "The cheapest offers at capacity",
        "$ for a million input and output tokens within the service level, at the utilisation of the panel",
        columns,
        tuple(rows),
    )


# -- the lines ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Setting:
    """The world with one quantity moved."""

    finance: Finance
    prices: Mapping[str, float]
    load: float


class _Lines:
    """The cost lines behind every offer of a mix as plain data."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._terms = desk.results.terms
        self._finance = Finance.from_terms(self._terms)
        self.lines: dict[str, list[dict[str, Any]]] = {}
        self.drivers: dict[str, float] = {LOAD: 1.0, **self._shared}

    @cached_property
    def _shared(self) -> dict[str, float]:
        finance = self._finance
        pairs = (
            (PUE, finance.pue),
            (ELECTRICITY_PRICE, finance.electricity),
            (CAPITAL_RECOVERY, finance.capital_recovery),
        )
        return {name: float(value) for name, value in pairs}

    @cached_property
    def data(self) -> dict[str, Any]:
        """What the page sums; drivers at today's values."""
        finance, classes = self._finance, self.classes
        for hardware in self._desk.results.systems:
            for system in hardware.systems:
                self.key(system, "own", float(finance.utilisation))  # for the frontier
        return {
            "stacks": {option.id: self._stack(option) for option in stack_options(self._desk)},
            "classes": classes,
            "lines": self.lines,
            "drivers": self.drivers,
            "recovery": {
                "discount_rate": float(finance.discount_rate),
                "cost_of_capital": float(finance.cost_of_capital),
                "at_the_end": float(finance.residual - finance.decommissioning),
            },
        }

    @cached_property
    def classes(self) -> list[dict[str, Any]]:
        """Every class that has an offer, with all of them."""
        found = []
        for wanted in self._desk.mix.classes:
            offers = [self._offer(o, cost) for o, cost in self._desk.results.offers(wanted.id)]
            if offers:
                found.append({"id": wanted.id, "label": wanted.label, "offers": offers})
        return found

    def _offer(self, o: Outcome, cost: LaneCost) -> dict[str, Any]:
        """One offer: its parts of systems, what they deliver in a second, and what the class takes in a month."""
        head = {
            "key": offer_key(o.class_id, o.hardware, cost.lane),
            "name": self._desk.offer_name(o.hardware, cost),
            "dot": self._desk.dot(o.hardware),
        }
        if cost.lane == "api":
            return {**head, "usd_mtok": cost.usd_mtok.value, "list_price": True}
        assert o.deployment is not None
        shape = self._desk.results.wanted(o.class_id).shape
        rate = o["tok_s_replica"].value / shape.output_mean * (shape.input_mean + shape.output_mean)
        lane = next(lane for lane in LANES if lane == cost.lane)
        footprint, use = Footprint.of(self._desk.system(o.hardware), o.deployment), float(self._finance.utilisation)
        load = o["utilisation"].value
        return {
            **head,
            "usd_mtok": float(usd_per_mtok(footprint.usd_h(lane, self._finance, use), rate, use)),
            "tok_s": rate,
            "parts": [[self.key(part.hardware, lane, use), part.systems] for part in footprint.parts],
            "month_hours": o["replicas"].value * HOURS_PER_MONTH,
            "month_load": load,
            "month_parts": [[self.key(part.hardware, lane, load), part.systems] for part in footprint.parts],
        }

    def _stack(self, option: StackOption) -> dict[str, Any]:
        """One option of page 1: its replicas at work and at their mean load, its idle chips, and its tokens."""
        return {
            "mtok": option.mtok,
            "tokens": option.tokens_usd,
            "replicas": [
                {
                    "hours": r.hours,
                    "load": r.load,
                    "parts": [
                        [self.key(p.hardware, r.lane, 1.0), self.key(p.hardware, r.lane, r.load), p.systems]
                        for p in r.parts
                    ],
                }
                for r in option.replicas
            ],
            "idle": [[self.key(part.hardware, "own", 0.0), hours] for part, hours in option.idle_hours],
        }

    def key(self, hardware: Hardware, lane: Lane, load: float) -> str:
        """The name of the lines of a system in a lane; lines that bend with the load are kept for each load apart."""
        straight = not self.bent(hardware, lane)
        key = f"{hardware.id}/{lane}" + ("" if straight else f"@{load!r}")
        if key not in self.lines:
            self.lines[key] = list(self._products(hardware, lane, load, straight=straight))
        return key

    def bent(self, hardware: Hardware, lane: Lane) -> str:
        """The label of the first line whose cost is no straight line in the load."""
        empty, half, full = (hardware.cost.lines(lane, self._finance, load) for load in (0.0, 0.5, 1.0))
        for a, b, c in zip(empty, half, full, strict=True):
            if not isclose(float(a.usd_per_hour) + float(c.usd_per_hour), 2.0 * float(b.usd_per_hour), rel_tol=ALIKE):
                return b.label
        return ""

    def _products(self, hardware: Hardware, lane: Lane, load: float, *, straight: bool) -> Iterator[dict[str, Any]]:
        """Coefficient x drivers; what a line costs at rest and what the load adds to it are two products."""
        at_rest = hardware.cost.lines(lane, self._finance, 0.0 if straight else load)
        at_work = hardware.cost.lines(lane, self._finance, 1.0 if straight else load)
        for rest, work in zip(at_rest, at_work, strict=True):
            drivers = [self._driver(driver.name, float(driver.value), hardware.id, lane) for driver in rest.drivers]
            added = float(work.coefficient) - float(rest.coefficient)
            if rest.coefficient or not added:
                yield {"line": rest.id, "coefficient": float(rest.coefficient), "drivers": drivers}
            if added:
                yield {"line": rest.id, "coefficient": added, "drivers": [*drivers, LOAD]}

    def _driver(self, name: str, value: float, system: str, lane: str) -> str:
        """The driver's name; its system's own where systems may differ in it, its lane's own where lanes do."""
        if self._shared.get(name) == value:
            return name
        own = next(n for n in (f"{name}:{system}", f"{name}:{system}/{lane}") if self.drivers.get(n, value) == value)
        self.drivers[own] = value
        return own


# -- the sliders ----------------------------------------------------------------------------------------------


class _Trial:
    """The sliders, each tried out against the cost models themselves."""

    def __init__(self, desk: Desk, model: _Lines) -> None:
        self._desk = desk
        self._model = model
        self._terms = desk.results.terms
        self._finance = Finance.from_terms(self._terms)

    @cached_property
    def sliders(self) -> tuple[Slider, ...]:
        """Every slider, at rest on today's value; one that the lines do not follow says so."""
        return tuple(replace(slider, reason=self._reason(slider)) for slider in self._wanted())

    def _wanted(self) -> Iterator[Slider]:
        terms = self._terms
        yield _slider(UTILISATION, "Utilisation", terms.utilisation, 0.05, 1.0, 0.01, "percent")
        for name in self._desk.focus:
            price, label = self._desk.system(name).profile.price.system, f"Price of a {self._desk.name(name)}"
            low, high = min(price.lowest, price.value / WIDER), max(price.highest, price.value * WIDER)
            step = 10.0 ** (floor(log10(price.value)) - 2)
            yield _slider(f"{PRICE}:{name}", label, price, low, high, step, "usd")
        yield _slider(LIFE, "Economic life", terms.economic_life, 1.0, 10.0, 0.25, "years")
        yield _slider(ELECTRICITY_PRICE, "Electricity", terms.electricity, 0.02, 0.3, 0.001, "usd_kwh")
        yield _slider(PUE, "PUE", terms.pue, 1.0, 2.0, 0.01, "ratio")

    def _moved(self, slider: Slider, value: float) -> _Setting:
        figures = {PUE: "finance:pue", ELECTRICITY_PRICE: "finance:electricity", LIFE: "finance:economic_life"}
        finance = self._finance
        if slider.id in figures:
            unit = SECONDS_PER_YEAR if slider.id == LIFE else 1.0
            finance = Finance.from_terms(self._terms, {figures[slider.id]: value * unit})
        name, _, system = slider.id.partition(":")
        prices = {f"{system}:price.system": value} if name == PRICE else {}
        return _Setting(finance, prices, value if slider.id == UTILISATION else float(self._finance.utilisation))

    def _reason(self, slider: Slider) -> str:
        """Why a slider must not be moved: the first line that does not follow its drivers to the slider's ends."""
        if slider.id.startswith(PRICE) and slider.id not in self._model.drivers:
            return "no line of this system's cost is a product with its price in it"
        for hardware, lane, key in self._priced():
            if slider.id == UTILISATION and (label := self._model.bent(hardware, lane)):
                return f"{self._desk.name(hardware.id)}: {label.lower()} does not follow the load in a straight line"
            for end in (slider.low, slider.high):
                setting = self._moved(slider, end)
                theirs = hardware.at(setting.prices).cost.lines(lane, setting.finance, setting.load)
                if label := self._off(theirs, self._model.lines[key], self._at(slider, end, setting)):
                    return f"{self._desk.name(hardware.id)}: {label.lower()} is not a product with this quantity in it"
        return ""

    def _priced(self) -> list[tuple[Hardware, Lane, str]]:
        """Every system and lane that the page prices, with the key of its lines at today's utilisation."""
        parts = [
            (hardware, lane)
            for system in self._desk.results.systems
            for hardware in system.systems
            for lane in LANES
            if hardware.cost.lines(lane, self._finance, 1.0)
        ]
        use = float(self._finance.utilisation)
        return [(hardware, lane, self._model.key(hardware, lane, use)) for hardware, lane in parts]

    def _at(self, slider: Slider, value: float, setting: _Setting) -> dict[str, float]:
        """The drivers as the page would have them."""
        drivers = {**self._model.drivers, LOAD: setting.load}
        if slider.id == LIFE:
            return {**drivers, CAPITAL_RECOVERY: float(setting.finance.capital_recovery)}
        return {**drivers, slider.id: value}

    @staticmethod
    def _off(lines: Sequence[CostLine], products: list[dict[str, Any]], drivers: Mapping[str, float]) -> str:
        """The label of the first line that the products do not sum to."""
        for line in lines:
            mine = [p["coefficient"] * prod(drivers[d] for d in p["drivers"]) for p in products if p["line"] == line.id]
            if not isclose(sum(mine), float(line.usd_per_hour), rel_tol=ALIKE):
                return line.label
        return ""


def _slider(name: str, label: str, figure: Figure, low: float, high: float, step: float, unit: Any) -> Slider:
    """A slider one of whose steps is today's value; it reaches beyond its usual ends where today's value does."""
    value = figure.value / (SECONDS_PER_YEAR if unit == "years" else 1.0)
    below = floor((value - min(low, value)) / step + ALIKE)
    above = max(floor((max(high, value) - value) / step + ALIKE), 1)
    first, last = (round(value + n * step, 12) for n in (-below, above))
    span = f"; range {figure.text(figure.lowest)} to {figure.text(figure.highest)}" if figure.ranged else ""
    return Slider(name, label, value, min(first, value), last, step, unit, f"{figure.text()}{span}")
