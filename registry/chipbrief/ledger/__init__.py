"""The ledger: every result with the equation, the results and the Figures that it came from."""

from chipbrief.ledger.build import ledger_of
from chipbrief.ledger.entry import Entry, Ledger
from chipbrief.ledger.equations import RULES, rule
from chipbrief.ledger.fleets import cheapest_options

__all__ = ["RULES", "Entry", "Ledger", "cheapest_options", "ledger_of", "rule"]
