"""The fleet for a mix over its months: whole systems to own, chips to rent, tokens to buy (F1 to F10)."""

from chipbrief.fleet.alternatives import API_ONLY, Alternative
from chipbrief.fleet.infeasible import shortages
from chipbrief.fleet.money import money_plans, plan_years
from chipbrief.fleet.plan import Fleet, Month, Plan, Route, plan
from chipbrief.fleet.points import problem_of
from chipbrief.fleet.problem import Arrival, Point, Problem, Rent, Replica, System, Tokens
from chipbrief.fleet.routes import Destination, destinations
from chipbrief.fleet.run import Case, FleetReport, compared, fleet_report
from chipbrief.fleet.side_by_side import LaneMoney, SideBySide, side_by_side
from chipbrief.fleet.solve import Limits

__all__ = [
    "API_ONLY",
    "Alternative",
    "Arrival",
    "Case",
    "Destination",
    "Fleet",
    "FleetReport",
    "LaneMoney",
    "Limits",
    "Month",
    "Plan",
    "Point",
    "Problem",
    "Rent",
    "Replica",
    "Route",
    "SideBySide",
    "System",
    "Tokens",
    "compared",
    "destinations",
    "fleet_report",
    "money_plans",
    "plan",
    "plan_years",
    "problem_of",
    "shortages",
    "side_by_side",
]
