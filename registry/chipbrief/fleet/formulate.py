"""The fleet as a mixed-integer program in plain arrays: columns, rows and their names (F1 to F10).

docs/plan.md writes the equations out; the numbers here are those of that page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chipbrief.fleet.problem import Problem
from chipbrief.physics import Array

__all__ = ["Indices", "Model", "formulate"]

Indices = npt.NDArray[np.int64]


@dataclass(slots=True)
class Model:
    """minimise cost x, lower <= x <= upper, row_lower <= A x <= row_upper, some x whole.

    `columns` and `rows` give the numbers of each block by name; the last axis is the month.
    """

    columns: dict[str, Indices] = field(default_factory=dict)
    rows: dict[str, Indices] = field(default_factory=dict)
    lanes: tuple[tuple[int, int], ...] = ()
    cost: Array = field(default_factory=lambda: np.zeros(0))
    lower: Array = field(default_factory=lambda: np.zeros(0))
    upper: Array = field(default_factory=lambda: np.zeros(0))
    integer: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    row_lower: Array = field(default_factory=lambda: np.zeros(0))
    row_upper: Array = field(default_factory=lambda: np.zeros(0))
    entries: list[tuple[Indices, Indices, Array]] = field(default_factory=list)

    def add_columns(self, name: str, shape: tuple[int, ...], *, cost: Any = 0.0, upper: Any = np.inf) -> Indices:
        """Append a block of continuous columns from 0 to `upper`; whole ones are set afterwards."""
        first, count = len(self.cost), int(np.prod(shape))
        found = (first + np.arange(count)).reshape(shape)
        self.columns[name] = found
        self.cost = np.append(self.cost, np.broadcast_to(cost, shape))
        self.lower = np.append(self.lower, np.zeros(count))
        self.upper = np.append(self.upper, np.broadcast_to(upper, shape))
        self.integer = np.append(self.integer, np.zeros(count, dtype=bool))
        return found

    def add_rows(self, name: str, shape: tuple[int, ...], *, lower: Any = -np.inf, upper: Any = np.inf) -> Indices:
        """Append a block of rows."""
        first, count = len(self.row_lower), int(np.prod(shape))
        found = (first + np.arange(count)).reshape(shape)
        self.rows[name] = found
        self.row_lower = np.append(self.row_lower, np.broadcast_to(lower, shape))
        self.row_upper = np.append(self.row_upper, np.broadcast_to(upper, shape))
        return found

    def put(self, rows: Any, columns: Any, value: Any) -> None:
        """Coefficients; the three are broadcast against each other."""
        r, c, v = np.broadcast_arrays(rows, columns, np.asarray(value, dtype=float))
        self.entries.append((r.ravel(), c.ravel(), v.ravel()))

    def matrix(self) -> tuple[Indices, Indices, Array]:
        """The matrix by columns: starts, row numbers, coefficients."""
        r, c, v = (np.concatenate(parts) if parts else np.zeros(0) for parts in zip(*self.entries, strict=True))
        kept = v != 0.0
        r, c, v = r[kept].astype(np.int64), c[kept].astype(np.int64), v[kept]
        order = np.lexsort((r, c))
        starts = np.searchsorted(c[order], np.arange(len(self.cost) + 1))
        return starts.astype(np.int64), r[order], v[order]


def formulate(problem: Problem) -> Model:
    """Write a problem's equations out."""
    model = Model()
    _systems(model, problem)
    _replicas(model, problem)
    _shares(model, problem)
    _demand(model, problem)
    _carried(model, problem)
    _owned_chips(model, problem)
    _rented_chips(model, problem)
    _caps(model, problem)
    return model


def _systems(model: Model, problem: Problem) -> None:
    """F1: what is bought lives from its lag to its retirement; the months that it is paid for cost.

    The end of the horizon takes a system back at what C1 has left to recover, so nothing beyond it is charged.
    """
    months, systems = problem.months, problem.systems
    t = np.arange(months)
    held = np.minimum(months - t + problem.lag_months, problem.life_months)
    sold = np.array([s.capital_usd is not None for s in systems], dtype=bool).reshape(-1, 1)
    may = sold & (t >= problem.lead_months)
    own = np.array([s.own_usd_month for s in systems]).reshape(-1, 1)
    live_cost = np.array([s.live_usd_month for s in systems]).reshape(-1, 1)
    shape = (len(systems), months)
    buy = model.add_columns("buy", shape, cost=own * held, upper=np.where(may, np.inf, 0.0))
    live = model.add_columns("live", shape, cost=np.broadcast_to(live_cost, shape))
    model.integer[buy] = True
    lives = model.add_rows("lives", shape, lower=0.0, upper=0.0)
    model.put(lives, live, 1.0)
    model.put(lives, buy, -1.0)
    model.put(lives[:, 1:], live[:, :-1], -1.0)
    served = problem.served_months
    if served < months:
        model.put(lives[:, served:], buy[:, : months - served], 1.0)


def _replicas(model: Model, problem: Problem) -> None:
    """Whole replicas, on owned and on rented chips; never more than all classes on them take."""
    shape = (len(problem.replicas), problem.months)
    growth = np.array(problem.growth)
    most = np.zeros(len(problem.replicas))
    for p in problem.points:
        most[p.replica] += max(p.loads)
    systems = {s.id: s for s in problem.systems}
    ownable = [all(systems[i].capital_usd is not None for i in r.chips) for r in problem.replicas]
    rentable = [all(systems[i].rents for i in r.chips) for r in problem.replicas]
    for name, may, share in (("own", ownable, problem.availability), ("rent", rentable, 1.0)):
        upper = np.maximum(np.ceil(most[:, np.newaxis] * growth / share), 1.0)
        found = model.add_columns(name, shape, upper=np.where(np.array(may, bool).reshape(-1, 1), upper, 0.0))
        model.integer[found] = True


def _shares(model: Model, problem: Problem) -> None:
    """Shares of each class by point and lane; owned chips at work cost energy, tokens their price (C4, E9)."""
    growth, t = np.array(problem.growth), np.arange(problem.months)
    shape = (len(problem.points), problem.months)
    systems = {s.id: s for s in problem.systems}
    energy = [
        p.mean
        * sum(n / systems[i].chips * systems[i].load_usd_month for i, n in problem.replicas[p.replica].chips.items())
        for p in problem.points
    ]
    replica = np.array([p.replica for p in problem.points], dtype=int)
    for name, cost in (("own", np.array(energy)), ("rent", np.zeros(len(problem.points)))):
        open_ = model.upper[model.columns[name]][replica] > 0.0
        model.add_columns(f"share_{name}", shape, cost=cost.reshape(-1, 1) * growth, upper=np.where(open_, 1.0, 0.0))
    falling = growth * (1.0 - problem.api_price_fall) ** (t / 12.0)
    usd = np.array([offer.usd_month for offer in problem.tokens]).reshape(-1, 1)
    model.add_columns("tokens", (len(problem.tokens), problem.months), cost=usd * falling, upper=1.0)


def _demand(model: Model, problem: Problem) -> None:
    """F2: every class is served in every month, as a whole unless the problem says how much of it."""
    whole = (1.0,) * problem.months
    wanted = np.array([problem.carried.get(c, whole) for c in problem.classes]).reshape(-1, problem.months)
    served = model.add_rows("demand", wanted.shape, lower=wanted, upper=wanted)
    index = {name: i for i, name in enumerate(problem.classes)}
    at = served[[index[p.class_id] for p in problem.points]] if problem.points else served[:0]
    model.put(at, model.columns["share_own"], 1.0)
    model.put(at, model.columns["share_rent"], 1.0)
    if problem.tokens:
        model.put(served[[index[offer.class_id] for offer in problem.tokens]], model.columns["tokens"], 1.0)


def _carried(model: Model, problem: Problem) -> None:
    """F3: replicas carry what is routed to them in every slice; F4: whoever is routed anything needs a whole one."""
    if not problem.points:
        return
    growth = np.array(problem.growth)
    replica = np.array([p.replica for p in problem.points])
    loads = np.array([p.loads for p in problem.points])  # (points, slices)
    for name, share in (("own", problem.availability), ("rent", 1.0)):
        replicas, routed = model.columns[name], model.columns[f"share_{name}"]
        shape = (len(problem.replicas), len(problem.slices), problem.months)
        carried = model.add_rows(f"carried_{name}", shape, lower=0.0)
        model.put(carried, replicas[:, np.newaxis, :], share)
        demand = loads[:, :, np.newaxis] * growth
        model.put(carried[replica], routed[:, np.newaxis, :], -demand)
        small = demand.max(axis=1) < share
        least = model.add_rows(f"least_{name}", (int(small.sum()),), lower=0.0)
        model.put(least, replicas[replica][small], 1.0)
        model.put(least, routed[small], -1.0)


def _owned_chips(model: Model, problem: Problem) -> None:
    """F5: chips of owned replicas fit the live systems less the spares; F6: spares stand by where any is in use."""
    buy, live = model.columns["buy"], model.columns["live"]
    enough = model.add_rows("owned_chips", buy.shape, lower=0.0)
    own = model.columns["own"]
    index = {s.id: i for i, s in enumerate(problem.systems)}
    model.put(enough, live, np.array([float(s.chips) for s in problem.systems]).reshape(-1, 1))
    for r, replica in enumerate(problem.replicas):
        for name, chips in replica.chips.items():
            model.put(enough[index[name]], own[r], -_packed(chips, problem.systems[index[name]].chips))
    if not problem.spares:
        return
    used = model.add_columns("used", buy.shape, upper=1.0)
    model.integer[used] = True
    model.put(enough, used, -np.array([float(s.chips * problem.spares) for s in problem.systems]).reshape(-1, 1))
    for r, replica in enumerate(problem.replicas):
        for name in replica.chips:
            in_use = model.add_rows(f"spares_{r}_{name}", (problem.months,), upper=0.0)
            model.put(in_use, own[r], 1.0)
            model.put(in_use, used[index[name]], -model.upper[own[r]])


def _packed(chips: int, of_system: int) -> float:
    """Chips that a replica takes where small ones do not straddle two systems: 5 of 8 take all 8, 3 of 8 take 4."""
    return of_system / (of_system // chips) if chips <= of_system else float(chips)


def _rented_chips(model: Model, problem: Problem) -> None:
    """F7: chips of rented replicas are under contract, which is paid from its month to its end or the horizon's."""
    months, t = problem.months, np.arange(problem.months)
    model.lanes = tuple((i, j) for i, s in enumerate(problem.systems) for j in range(len(s.rents)))
    rents = [problem.systems[i].rents[j] for i, j in model.lanes]
    falling = (1.0 - problem.rent_price_fall) ** (t / 12.0)
    paid = [np.minimum(rent.commitment_months, months - t) * rent.usd_chip_month * falling for rent in rents]
    sign = model.add_columns("sign", (len(rents), months), cost=np.array(paid).reshape(len(rents), months))
    enough = model.add_rows("rented_chips", (len(problem.systems), months), lower=0.0)
    index = {s.id: i for i, s in enumerate(problem.systems)}
    for k, rent in enumerate(rents):
        signed, month = np.meshgrid(t, t, indexing="ij")
        runs = (month >= signed) & (month < signed + rent.commitment_months)
        model.put(enough[model.lanes[k][0]][month[runs]], sign[k][signed[runs]], 1.0)
    for r, replica in enumerate(problem.replicas):
        for name, chips in replica.chips.items():
            model.put(enough[index[name]], model.columns["rent"][r], -float(chips))


def _caps(model: Model, problem: Problem) -> None:
    """F8: power of what is live in every month; F9: price of all that is bought; F10: what tranches have brought."""
    buy, live = model.columns["buy"], model.columns["live"]
    if problem.power_cap_w is not None:
        power = model.add_rows("power", (problem.months,), upper=problem.power_cap_w / 1e6)
        model.put(power, live, np.array([s.power_w / 1e6 for s in problem.systems]).reshape(-1, 1))
    if problem.capital_cap_usd is not None:
        capital = model.add_rows("capital", (1,), upper=problem.capital_cap_usd / 1e6)
        model.put(capital, buy, np.array([(s.capital_usd or 0.0) / 1e6 for s in problem.systems]).reshape(-1, 1))
    bound = [i for i, s in enumerate(problem.systems) if s.arrivals is not None]
    if bound:
        there = np.array([problem.systems[i].there(problem.months) for i in bound])
        tranches = model.add_rows("tranches", there.shape, upper=there)
        model.put(tranches, live[bound], 1.0)
