"""What a check says: agrees, differs or undecided, with the arithmetic and what the claim was held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from chipbrief.catalogue import Catalogue
from chipbrief.claims.document import Claim, ClaimsFile
from chipbrief.claims.quantity import Quantity, Span
from chipbrief.evidence import Point
from chipbrief.figures import Figure
from chipbrief.finance import FinanceTerms
from chipbrief.hardware import Hardware, HardwareProfile
from chipbrief.registry import Registry

__all__ = ["Check", "Cited", "Context", "Outcome", "Ruling", "first_of", "reason_of", "weighed"]

Outcome = Literal["agrees", "differs", "undecided"]


@dataclass(frozen=True, slots=True)
class Cited:
    """What a claim was held against: a title that a reader knows, a locator and a date.

    The locator is empty for claims of the text itself.
    """

    title: str
    locator: str
    date: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.title}, {self.date}" + (f" <{self.locator}>" if self.locator else "")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one check says of one claim.

    Attributes:
        outcome: agrees or differs decide the verdict, undecided is a remark.
        arithmetic: as a person would write it.
        reason: one sentence without numbers that are not in the arithmetic.
        held_against: the sources.
        headlines: sentences for the head of an audit; claims that say the same share one.
    """

    outcome: Outcome
    arithmetic: str
    reason: str
    held_against: tuple[Cited, ...] = ()
    headlines: tuple[str, ...] = ()


def weighed(
    stated: Quantity, span: Span, allowed: Span | None = None, parts: Iterable[Quantity | None] = ()
) -> Outcome:
    """What is stated against what is possible.

    What does not meet `allowed` (the span with its tolerance and roundings) differs. A number that meets it agrees; a
    bound agrees only where all of `span` keeps it, and decides nothing where it cuts through. `parts` are the stated
    numbers that the span was computed from: where one of them is a bound, the span is open, and a number that meets it
    decides nothing.
    """
    allowed = span if allowed is None else allowed
    held = [part for part in parts if part is not None]
    if not stated.span.meets(allowed):
        return "differs"
    if stated.bound:
        loose = any(part.bound or part.ranged for part in held)
        return "agrees" if stated.span.holds(allowed if loose else span) else "undecided"
    return "undecided" if any(part.bound for part in held) else "agrees"


def first_of(said: Iterable[Outcome], *order: Outcome) -> Outcome:
    """The first outcome of an order that has been said; the last of the order where none has."""
    held = set(said)
    return next((each for each in order if each in held), order[-1])


def reason_of(outcome: Outcome, stated: Quantity, agrees: str, differs: str) -> str:
    """The reason of a weighed claim, in other words where a bound is kept or decides nothing."""
    if outcome == "differs":
        return differs
    if outcome == "agrees":
        return "the bound is kept throughout" if stated.bound else agrees
    return "the bound cuts through what is possible" if stated.bound else "it is made of a bound, which leaves it open"


@dataclass(frozen=True)
class Context:
    """Everything that a claim may be held against."""

    file: ClaimsFile
    registry: Registry
    catalogue: Catalogue
    terms: FinanceTerms
    points: tuple[Point, ...] = ()

    @cached_property
    def claims(self) -> Mapping[str, Claim]:
        """Every claim by its id."""
        return {claim.id: claim for claim in self.file.claims}

    def quantity(self, name: str) -> Quantity | None:
        """The number that another claim states."""
        return self.claims[name].quantity

    def hardware(self, claim: Claim) -> Hardware | None:
        """The system that a claim is about, where it is about one."""
        own = self.file.subjects.get(claim.subject)
        name = own.hardware if own else claim.subject
        return self.registry[name] if name else None

    def profile(self, claim: Claim) -> HardwareProfile | None:
        """Its profile."""
        found = self.hardware(claim)
        return found.profile if found else None

    def subject(self, claim: Claim) -> str:
        """What a claim is about, as a reader would call it."""
        own = self.file.subjects.get(claim.subject)
        return own.name if own else self.registry[claim.subject].profile.name

    def own(self, *names: str) -> Cited:
        """The text itself, or some of its claims."""
        text = self.file.text
        if names:
            return Cited(f"{', '.join(dict.fromkeys(names))} of the text itself", "", text.date.written)
        return Cited(text.title, text.locator, text.date.written)

    def fact(self, name: str) -> Cited:
        """The source of a fact of the file."""
        fact = self.file.facts[name]
        source = self.file.sources[fact.source]
        return Cited(source.title, source.locator, fact.date.written)

    def figure(self, profile: HardwareProfile, figure: Figure) -> Cited:
        """The source of a Figure of a profile."""
        source = profile.sources[figure.source]
        return Cited(source.title, source.locator, figure.date)

    def term(self, figure: Figure) -> Cited:
        """The source of a finance term."""
        source = self.terms.sources[figure.source]
        return Cited(source.title, source.locator, figure.date)


@dataclass(frozen=True, slots=True)
class Check:
    """A rule by its name; `run` returns None where a claim lacks what the rule needs."""

    name: str
    run: Callable[[Claim, Context], Ruling | None]

    @property
    def rule(self) -> str:
        """The rule, the first paragraph of its docstring."""
        return " ".join((self.run.__doc__ or "").partition("\n\n")[0].split())
