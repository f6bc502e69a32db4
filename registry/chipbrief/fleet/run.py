"""The whole answer: the mixed fleet, what stands beside it, and what would change with a delay or with more power."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from chipbrief.evaluate import Interval, Results
from chipbrief.fleet.alternatives import API_ONLY, Alternative, api_only, best_complete, single_vendor
from chipbrief.fleet.formulate import formulate
from chipbrief.fleet.infeasible import carriable, no_offer, shortages
from chipbrief.fleet.plan import Plan, plan, read_out
from chipbrief.fleet.points import problem_of
from chipbrief.fleet.problem import Problem
from chipbrief.fleet.ranges import cost_range
from chipbrief.fleet.solve import Limits, optimise

__all__ = ["Case", "FleetReport", "compared", "fleet_report", "more_power"]

MEGAWATT = 1e6


@dataclass(frozen=True, slots=True)
class Case:
    """A plan under other circumstances, solved again; in words what is missing for all of the mix."""

    plan: Plan | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetReport:
    """What `chipbrief plan` answers.

    Attributes:
        problem: what was chosen from, all classes of the mix.
        plan: the mixed fleet, for as much as can be carried; None where nothing can be.
        usd: its cost with the 80 % range [USD].
        unserved: classes that no offer serves, with the reasons in words; the plan leaves them out.
        missing: what is short where caps leave no fleet for all of the mix, in words.
        alternatives: single vendors and API only, cheapest complete ones first.
        delay: with every tranche late; None without tranches that may be.
        more_power: with one more MW under the cap; None without a cap.
        low: with the low ends of the tranches, as `high` with the high ones; None where they have no range.
    """

    problem: Problem
    plan: Plan | None
    usd: Interval | None = None
    unserved: Mapping[str, str]
    missing: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    delay: Case | None = None
    more_power: Case | None = None
    low: Case | None = None
    high: Case | None = None

    @property
    def status(self) -> str:
        """`planned`; `short` where caps leave a part of a class, `partial` where classes are left; or `infeasible`."""
        if self.plan is None:
            return "infeasible"
        if self.missing:
            return "short"
        return "partial" if self.unserved else "planned"

    @property
    def best(self) -> Alternative | None:
        """The cheapest alternative that carries the same classes."""
        return best_complete(self.alternatives)

    @property
    def best_vendor(self) -> Alternative | None:
        """The cheapest single vendor that carries the same classes."""
        return best_complete(tuple(a for a in self.alternatives if a.name != API_ONLY))

    def saving_usd(self, other: Alternative) -> float | None:
        """What the mixed fleet costs less than another one; None where they do not carry the same [USD]."""
        if self.plan is None or other.plan is None or other.unserved:
            return None
        return other.plan.usd - self.plan.usd

    @property
    def megawatt_usd(self) -> float | None:
        """What one more MW under the cap saves over the horizon, by solving again [USD]."""
        if self.plan is None or self.more_power is None or self.more_power.plan is None:
            return None
        return self.plan.usd - self.more_power.plan.usd

    @property
    def delay_usd(self) -> float | None:
        """What the delay case costs more; None where it does not carry the same [USD]."""
        if self.plan is None or self.delay is None or self.delay.plan is None:
            return None
        if self.delay.plan.problem.carried != self.plan.problem.carried:
            return None
        return self.delay.plan.usd - self.plan.usd


def compared(
    problem: Problem, limits: Limits, progress: Callable[[str], None] = lambda _: None
) -> tuple[Plan | None, tuple[Alternative, ...]]:
    """The mixed fleet, begun from the cheapest alternative and so never dearer, and the alternatives.

    Args:
        problem: one in which every class has an offer.
        limits: of the mixed fleet; an alternative has a quarter of the time.
        progress: told what is solved next.
    """
    model = formulate(problem)
    short = replace(limits, seconds=limits.seconds / 4.0)
    found = []
    for vendor in dict.fromkeys(s.vendor for s in problem.systems):
        progress(f"a fleet of {vendor} alone")
        found.append(single_vendor(problem, model, vendor, short))
    progress("tokens alone")
    found.append(api_only(problem, model, short))
    progress("the mixed fleet")
    best = best_complete(tuple(found))
    solution = optimise(model, problem, limits, best.plan.values if best and best.plan else None)
    mixed = read_out(problem, model, solution) if solution.found else None
    order = sorted(found, key=lambda a: (not a.complete, len(a.unserved), a.plan.usd if a.plan else 0.0, a.name))
    return mixed, tuple(order)


def fleet_report(
    results: Results,
    *,
    limits: Limits | None = None,
    lead_months: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> FleetReport:
    """Plan the fleet for the results of a mix.

    Args:
        results: what evaluate found.
        limits: when the solver may stop.
        lead_months: first month in which an owned system may be live; 0 is the first of the horizon.
        progress: told what is solved next, a line at a time.
    """
    limits = limits or Limits()
    whole = problem_of(results, lead_months=lead_months)
    unserved = {c: no_offer(whole, c) for c in whole.unserved()}
    problem = whole.without(unserved)
    if not problem.classes:
        return FleetReport(problem=whole, plan=None, unserved=unserved)
    mixed, alternatives = compared(problem, limits, progress)
    missing: tuple[str, ...] = ()
    if mixed is None:
        progress("what is missing")
        missing = shortages(problem, limits)
        less = carriable(problem, limits)
        if less is not None:
            problem = less
            mixed, alternatives = compared(problem, limits, progress)
    if mixed is None:
        return FleetReport(problem=whole, plan=None, unserved=unserved, missing=missing, alternatives=alternatives)
    delay = _delay(problem, limits, progress)
    same = delay is not None and delay.plan is not None and delay.plan.problem.carried == problem.carried
    if same and delay and delay.plan and delay.plan.usd < mixed.usd:  # what is late is there on time too
        mixed = replace(delay.plan, problem=problem, bound=min(mixed.bound, delay.plan.usd))
    ends = [_end(results, end, lead_months, tuple(unserved), limits, progress) for end in ("low", "high")]
    return FleetReport(
        problem=whole,
        plan=mixed,
        usd=cost_range(results, mixed),
        unserved=unserved,
        missing=missing,
        alternatives=alternatives,
        delay=delay,
        more_power=more_power(problem, mixed, limits, progress),
        low=ends[0],
        high=ends[1],
    )


def _delay(problem: Problem, limits: Limits, progress: Callable[[str], None]) -> Case | None:
    late = any(a.delay_months for s in problem.systems for a in s.arrivals or ())
    if not late:
        return None
    progress("the delay case")
    return _case(problem.delayed(), limits)


def _case(problem: Problem, limits: Limits) -> Case:
    """A plan for all of the mix, else for as much as can be carried."""
    whole = replace(problem, carried={})
    if found := plan(whole, limits):
        return Case(found)
    missing, less = shortages(whole, limits), carriable(whole, limits)
    return Case(plan(less, limits) if less else None, missing)


def more_power(
    problem: Problem, mixed: Plan, limits: Limits, progress: Callable[[str], None] = lambda _: None
) -> Case | None:
    """The plan solved again with one more MW under the cap, begun from the one without it; None without a cap."""
    if problem.power_cap_w is None:
        return None
    progress("with one more MW")
    more = replace(problem, power_cap_w=problem.power_cap_w + MEGAWATT)
    return Case(plan(more, limits, mixed.values))


def _end(
    results: Results,
    end: str,
    lead_months: int,
    unserved: tuple[str, ...],
    limits: Limits,
    progress: Callable[[str], None],
) -> Case | None:
    spans = [span for t in results.mix.tranches for span in (t.units, t.power) if span]
    if all(getattr(span, end) == span.value for span in spans):
        return None
    progress(f"tranches at their {end} end")
    return _case(problem_of(results, end=end, lead_months=lead_months).without(unserved), limits)
