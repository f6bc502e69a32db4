"""The `schedule` of a briefing file."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import field_validator, model_validator

from chipbrief.config import Fraction, Seconds, Strict, Whole
from chipbrief.errors import did_you_mean
from chipbrief_reports.timetable.recipients import Delivery
from chipbrief_reports.timetable.slots import checked_cron, cron_in_words
from chipbrief_reports.wording import count, seconds

__all__ = ["Keep", "Retries", "Schedule"]

MAX_TRIES, MAX_WAIT_S = 20, 86_400.0
CATCH_UP = {
    "latest": "of missed slots only the last is printed",
    "none": "missed slots are not printed",
    "all": "every missed slot is printed",
}


class Keep(Strict):
    """How many editions keep their files; the numbers of all are kept."""

    editions: Whole | None = None

    @field_validator("editions")
    @classmethod
    def _one_at_least(cls, editions: int | None) -> int | None:
        if editions is not None and editions < 1:
            raise ValueError(f"expected 1 or more, got {editions}")
        return editions


class Retries(Strict):
    """How often a slot that fails is tried again, and the first wait [s]; each further wait is twice as long."""

    times: Whole = 3
    wait: Seconds = 300.0

    @model_validator(mode="after")
    def _bounded(self) -> Retries:
        if self.times > MAX_TRIES:
            raise ValueError(f"expected up to {MAX_TRIES} retries, got {self.times}")
        return self

    def wait_s(self, failures: int) -> float:
        """Seconds to wait after so many failures."""
        return float(min(self.wait * 2.0 ** (failures - 1), MAX_WAIT_S))


class Schedule(Strict):
    """When to print, what becomes of missed slots and failures, what is kept, and who is told.

    Attributes:
        cron: minute, hour, day, month, weekday.
        timezone: IANA name.
        catch_up: what is printed of the slots that passed while nothing ran.
        grace: with `catch_up: none`, how late a slot is still printed [s].
        keep: how many editions keep their files.
        retries: what follows a failure.
        threshold: change of a value from which on the next edition tells it, as a share of the value.
        limit: how long printing an edition may take [s].
        deliver: who gets an edition.
    """

    cron: str
    timezone: str = "UTC"
    catch_up: Literal["latest", "none", "all"] = "latest"
    grace: Seconds = 3600.0
    keep: Keep = Keep()
    retries: Retries = Retries()
    threshold: Fraction = 0.02
    limit: Seconds = 3600.0
    deliver: tuple[Delivery, ...] = ()

    @field_validator("limit")
    @classmethod
    def _some_time(cls, limit: float) -> float:
        if not 1.0 <= limit <= MAX_WAIT_S:
            raise ValueError(f"expected 1 s to 24 h, got {limit:g} s")
        return limit

    @field_validator("deliver")
    @classmethod
    def _each_once(cls, ways: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
        names = [name for way in ways for name in way.recipients]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{' and '.join(twice)} would get each edition twice: name each recipient once")
        return ways

    @field_validator("cron")
    @classmethod
    def _cron(cls, text: str) -> str:
        return checked_cron(text)

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            near = did_you_mean(name, available_timezones())
            raise ValueError(f"unknown time zone {name!r}{near or '; expected one such as Europe/Berlin'}") from None
        return name

    def explain(self) -> str:
        """The schedule in words."""
        kept = "every edition is kept"
        if self.keep.editions:
            kept = f"the last {count(self.keep.editions, 'edition')} keep their files"
        tried = "a failure is not tried again"
        if self.retries.times:
            wait = seconds(self.retries.wait)
            tried = f"a failure is tried again up to {count(self.retries.times, 'time')}, first after {wait}"
        told = [delivery.explain() for delivery in self.deliver]
        given = f"; each edition goes to {', '.join(told)}" if told else ""
        missed = CATCH_UP[self.catch_up]
        if self.catch_up == "none":
            missed += f" once they are {seconds(self.grace)} late"
        return (
            f"{cron_in_words(self.cron, self.timezone)}; {missed}; {tried}; {kept}; "
            f"changes are told from {self.threshold * 100:g} % on{given}"
        )
