"""The writer's desk: results, names, notes and the numbers that several sections quote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from chipbrief.claims import Audit
from chipbrief.evaluate import LaneCost, Outcome, Results, Route, VendorFleet, cheapest_route, vendor_fleets
from chipbrief.evaluate.outcome import Interval
from chipbrief.evidence.model_error import ModelError
from chipbrief.evidence.standing import has_points
from chipbrief.fleet import FleetReport
from chipbrief.hardware import Hardware
from chipbrief.ledger import Ledger, cheapest_options, ledger_of
from chipbrief.sensitivity import Offer, ranking
from chipbrief_reports.briefing.document import Cell, Ref, text
from chipbrief_reports.briefing.notes import NoteBook
from chipbrief_reports.changes import Changes
from chipbrief_reports.wording import LANE_NAMES, a_range, count, exact, joined, number, percent, whole

__all__ = ["UNMEASURED_MARK", "Desk", "absent", "cell"]

UNMEASURED_MARK = "†"
IN_COLOUR = 3  # systems in focus where the briefing names none


def cell(value: str, span: str = "", *refs: Ref, best: bool = False, dot: int | None = None) -> Cell:
    """A cell with its range below and its notes behind."""
    return Cell(text(value, *refs), span, best=best, dot=dot)


def absent(reason: str) -> Cell:
    """A dash, and why."""
    return Cell(("–",), reason, absent=True)


class Desk:
    """Everything a section's writer reaches for."""

    def __init__(
        self,
        results: Results,
        error: ModelError,
        focus: Sequence[str] = (),
        plan: FleetReport | None = None,
        field: Sequence[Hardware] = (),
        audits: Sequence[Audit] = (),
        changes: Changes | None = None,
    ) -> None:
        self.results = results
        self.plan = plan
        self.changes = changes
        self.audits = tuple(audits)
        self.field = tuple(field) or results.systems
        self.error = error
        self.mix = results.mix
        self.notes = NoteBook(results.figures())
        names = [h.id for h in results.systems]
        self.focus = [name for name in focus if name in names] or self._telling(names)

    def _telling(self, names: Sequence[str]) -> list[str]:
        """The systems that a reader wants to see first: those of the route, then those of the best options."""
        best = [leg.hardware for leg in self.route.legs] + [fleet.hardware for fleet in self.fleets]
        return list(dict.fromkeys([*best, *names]))[:IN_COLOUR]

    # -- names -----------------------------------------------------------------------------------------------

    def system(self, hardware: str) -> Hardware:
        """A system by id."""
        return self.results.system(hardware)

    def part(self, hardware: str) -> Hardware:
        """A system by id, or one that others stand on beside their own."""
        return next(s for h in self.results.systems for s in h.systems if s.id == hardware)

    def name(self, hardware: str) -> str:
        """`CS-3`, `DGX B200`: what is bought; marked where no measured point stands behind it."""
        return self.part(hardware).profile.system.name + self._mark(hardware)

    def chip(self, hardware: str) -> str:
        """`B200`: what is rented; marked as the system is."""
        return self.part(hardware).profile.chip + self._mark(hardware)

    def _mark(self, hardware: str) -> str:
        return UNMEASURED_MARK if hardware in self.unmeasured else ""

    @cached_property
    def unmeasured(self) -> list[str]:
        """Systems without a measured point, in order."""
        points = Counter(self.error.systems)
        every = {system.id: system for hardware in self.results.systems for system in hardware.systems}
        return [name for name, system in every.items() if not has_points(system.profile, points)]

    def dot(self, hardware: str) -> int:
        """The system's place in the focus list; behind it for the field."""
        return self.focus.index(hardware) if hardware in self.focus else max(IN_COLOUR, len(self.focus))

    def offer_name(self, hardware: str, cost: LaneCost) -> str:
        """`X1, rented, 3 years` or `Acme Cloud, by the token`."""
        if cost.lane == "api":
            return f"{cost.note}, {LANE_NAMES['api']}"
        who = self.chip(hardware) if cost.lane.startswith("rent") else self.name(hardware)
        return f"{who}, {LANE_NAMES[cost.lane]}"

    def label(self, class_id: str) -> str:
        """A class by its title."""
        return self.results.wanted(class_id).label

    def units(self, fleet: VendorFleet) -> str:
        """`9 DGX B200`, or both sorts where a replica stands on two: whole systems to own."""
        counts = reversed([*fleet.by_system.items()])
        return joined([self.several(name, number) for name, number in counts])

    def several(self, hardware: str, number: float | None = None) -> str:
        """`9 DGX B200`, `20 MI355X servers`: names take an s where they end in a word; without a number all of them."""
        name = self.part(hardware).profile.system.name
        plural = "s" if name.rpartition(" ")[2].isalpha() and name[-1].islower() and number != 1 else ""
        counted = f"{whole(number)} " if number is not None else ""
        return f"{counted}{name}{plural}{self._mark(hardware)}"

    def ranked(self, names: Iterable[str]) -> list[str]:
        """Those that a finding may crown: measured, and to be had; all of them where none is."""
        names = list(names)
        offered = [name for name in names if self.is_offered(name)]
        measured = [name for name in offered if name not in self.unmeasured]
        return measured or offered or names

    def is_offered(self, hardware: str) -> bool:
        """Whether a system can be bought or its chips rented."""
        price = self.system(hardware).profile.price
        return price.sold or any((price.rent.on_demand, price.rent.one_year, price.rent.three_years))

    # -- results ---------------------------------------------------------------------------------------------

    @cached_property
    def fleets(self) -> list[VendorFleet]:
        """Whole-mix options of one system and lane each."""
        return vendor_fleets(self.results)

    @cached_property
    def route(self) -> Route:
        """The cheapest offer for every class."""
        return cheapest_route(self.results)

    @cached_property
    def cheapest_options(self) -> Mapping[str, float]:
        """Share of the draws in which each way to carry the whole mix costs least, by its id in the ledger."""
        return cheapest_options(self.results, self.fleets, self.route)

    @cached_property
    def leading(self) -> str:
        """The class with the most tokens."""
        return max(self.mix.classes, key=lambda c: self.tokens_per_day(c.id)).id

    def tokens_per_day(self, class_id: str) -> float:
        """Input and output tokens of a class in a day; of users in flight, on the system of its cheapest offer."""
        wanted = self.results.wanted(class_id)
        rate = wanted.demand.mean_requests_s
        if rate is None:
            offers = self.results.offers(class_id)
            rate = offers[0][0]["requests_s"].value if offers else 0.0
        return rate * 86400.0 * (wanted.shape.input_mean + wanted.shape.output_mean)

    def outcomes(self, class_id: str) -> list[Outcome]:
        """What became of a class, in the order of the systems."""
        return self.results.of_class(class_id)

    # -- cells and notes -------------------------------------------------------------------------------------

    def spread(self, value: Interval, *refs: Ref, best: bool = False) -> Cell:
        """A number with its 80 % interval."""
        return cell(number(value.value), self.span(value), *refs, best=best)

    def counted(self, value: Interval) -> Cell:
        """A count with its 80 % interval."""
        low, high = whole(value.low), whole(value.high)
        return cell(whole(value.value), f"{low}–{high}" if low != high else "")

    @staticmethod
    def span(value: Interval) -> str:
        """The interval in words; empty where it is a point."""
        words = a_range(value.low, value.high)
        return words if words != number(value.value) else ""

    def cost_note(self, hardware: str, cost: LaneCost) -> Ref:
        """Where a lane's price comes from: the Figures that are its own, the model for the rest, and the whole trail."""
        result = f"fleet.{hardware}.{cost.lane}.usd_month"
        trail, below = self.trail(result if result in self.ledger else "")
        owners = [system.id for system in self.system(hardware).systems]
        parts = tuple(f"{owner}:{part}" for owner in owners for part in ("price", "api", "power"))
        mine = [f for f in cost.trail.figures if f.startswith(parts)]
        if cost.lane == "api":
            cached = (
                ""
                if any(f.endswith(".cached") for f in mine)
                else "No price for cached input is published here: charged as input."
            )
            return self.notes.cite("C4", mine, f"{cached} {trail}".strip(), below)
        rules = ", ".join(e for e in cost.trail.equations if e.startswith("C"))
        own = [f for f in cost.trail.figures if f.startswith("finance:")]
        closing = f"Chips from {self.model_words(hardware)}."
        if own:
            closing = f"Terms: {', '.join(own)} (Evidence). {closing}"
        return self.notes.cite(rules, mine, f"{closing} {trail}".strip(), below)

    def model_words(self, hardware: str) -> str:
        """How a system's speed is known, in a few words."""
        profile = self.system(hardware).profile
        equations = "E1–E5b" if profile.memory.machine == "hbm" else "E1, E2, E4–E6"
        equations = "E1–E6, E10, E12" if profile.partner else equations
        return f"{equations} with the {hardware} figures of Evidence"

    def speed_note(self, hardware: str, result: str = "") -> Ref:
        """Where a modelled speed comes from, and the trail of one of them."""
        figures = self.results.figures()
        names = [n for n in self.trail_figures(hardware) if figures[n][0].kind == "calibrated"]
        trail, below = self.trail(result)
        return self.notes.cite(f"Modelled by {self.model_words(hardware)}; fitted there", names, trail, below)

    def trail_figures(self, hardware: str) -> list[str]:
        """The Figures that a system's speed stands on."""
        trail = next((o.trail for o in self.results.outcomes if o.hardware == hardware and o.metrics), None)
        return list(trail.figures) if trail else []

    @cached_property
    def ledger(self) -> Ledger:
        """Every result with what it came from."""
        return ledger_of(self.results)

    def trail_note(self, name: str, saying: str = "") -> Ref:
        """Where a result comes from; `saying` stands in front."""
        lead = f"{saying} " if saying else ""
        trail, below = self.trail(name)
        short = f"{lead}{self._sum(name)} {count(len(below), 'input')}"
        return self.notes.say(f"{lead}{trail}", short=short, inputs=below)

    def trail(self, name: str) -> tuple[str, tuple[str, ...]]:
        """A result's arithmetic, the command that explains it, and every input below it; nothing without a name."""
        if not name:
            return "", ()
        return (
            f"{self._sum(name)} In full: chipbrief explain {name}.",
            self.ledger.figures_below(name),
        )

    def _sum(self, name: str) -> str:
        """The arithmetic with its result and equations: `161 300 + 11 480 = 172 800 USD/month (C3)`."""
        entry, arithmetic = self.ledger[name], self.ledger.arithmetic(name, exact)
        if arithmetic == exact(entry.value):  # a sum of one
            arithmetic = ""
        equations = f" ({', '.join(entry.equations)})" if entry.equations else ""
        unit = f" {entry.unit}" if entry.unit else ""
        return f"{f'{arithmetic} = ' if arithmetic else ''}{exact(entry.value)}{unit}{equations}."

    @property
    def range_note(self) -> Ref:
        """What an interval is."""
        return self.notes.say(
            f"80 % interval from {self.results.samples} draws of every input's range (triangles between low, value and "
            f"high, seed {self.results.seed}) and of the model's own error{self._own_error}, see docs/physics.md. The plan is sized at "
            "the inputs' values, so most draws need as much or more.",
            short=f"80 % of {self.results.samples} draws of the inputs' ranges and the model's own error{self._own_error}; sized at "
            "their values, most draws need as much or more",
        )

    @property
    def _own_error(self) -> str:
        """` (20 % in the median on 192 measured points)`; empty where there is none."""
        whole = self.error.whole
        if whole.median is None:
            return ""
        middle = "" if whole.covered == 1 else " in the median"
        return f" ({percent(whole.median)}{middle} on {count(whole.covered, 'measured point')})"

    def basis(self, hardware: str, lane: str) -> str:
        """On what evidence the capacity behind an option stands."""
        if lane == "api":
            return "list price"
        if hardware in self.unmeasured:
            return "no point"
        profile = self.system(hardware).profile
        if hardware not in (*profile.calibrated_on.times.hardware, *profile.calibrated_on.throughput.hardware):
            return "relatives' model"
        decode = profile.efficiency.weights.kind
        return "fitted model" if decode == "calibrated" else "assumed model"

    def share_cheapest(self, class_id: str, chosen: LaneCost, hardware: str) -> float:
        """Share of the draws in which an offer is the cheapest for its class."""
        offer = Offer(hardware, chosen.lane)
        return next(o.cheapest_share for o in ranking(self.results, class_id).offers if o.offer == offer)
