"""The ledger: every result with the equation, the results and the Figures that it came from."""

from chipbrief.ledger.build import ledger_of
from chipbrief.ledger.entry import Entry, Ledger
from chipbrief.ledger.equations import RULES, rule

__all__ = ["RULES", "Entry", "Ledger", "ledger_of", "rule"]
