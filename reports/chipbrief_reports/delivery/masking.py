"""Secrets: read from the environment, and kept out of what is told.

What a server answers may hold what it was sent, so that every text about a failure goes through `masked`.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from chipbrief_reports.delivery.parcel import DeliveryError

if TYPE_CHECKING:
    from chipbrief_reports.timetable import ByApprise, ByMail, ByWebhook, ToFolder

__all__ = ["line_of_text", "masked", "one_line", "secrets_of", "variable"]

SHORTEST_PART = 4  # characters from which on a part of an address may be a secret
SHORTEST_HEADER = 8
UNBROKEN = "\u00a0\u202f"
BETWEEN_PARTS = re.compile(r"[/?&=#:@,;+\s]+")


def variable(name: str, environment: Mapping[str, str]) -> str:
    """A secret from the environment, without the line end that a mounted file leaves.

    Raises:
        DeliveryError: it is not set, or empty.
    """
    found = environment.get(name, "").strip("\r\n")
    if not found:
        raise DeliveryError(f"the environment variable {name} is not set")
    return found


def one_line(text: str) -> str:
    """A text from outside as one line that can be printed."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def line_of_text(text: str) -> str:
    """The same for words of a briefing, whose numbers hold spaces that do not break."""
    shown = "".join(letter if letter.isprintable() or letter in UNBROKEN else " " for letter in text)
    return re.sub(" +", " ", shown).strip()


def masked(text: str, secrets: Iterable[str]) -> str:
    """A text with `***` for every secret in it, in whatever case."""
    longest_first = sorted({secret for secret in secrets if secret}, key=lambda secret: (-len(secret), secret))
    if not longest_first:
        return text
    return re.sub("|".join(map(re.escape, longest_first)), "***", text, flags=re.IGNORECASE)


def secrets_of(way: ToFolder | ByMail | ByWebhook | ByApprise, environment: Mapping[str, str]) -> set[str]:
    """All that a text about this way must not hold, in the forms in which it is sent."""
    return {form for secret in _forms(way, environment) for form in (secret, one_line(secret))}


def _forms(way: ToFolder | ByMail | ByWebhook | ByApprise, environment: Mapping[str, str]) -> Iterator[str]:
    for name in ("password_env", "secret_env"):
        secret = environment.get(getattr(way, name, None) or "", "").strip("\r\n")
        yield from _as_sent(secret, getattr(way, "user", None) or "")
    url = environment.get(getattr(way, "url_env", None) or "", "").strip("\r\n")
    yield from _parts(url)
    from_environment = [environment.get(name, "") for name in getattr(way, "headers_env", {}).values()]
    for value in (*getattr(way, "headers", {}).values(), *from_environment):
        if len(value) >= SHORTEST_HEADER:
            yield value


def _as_sent(secret: str, user: str) -> Iterator[str]:
    """A password as it is, and as AUTH PLAIN and AUTH LOGIN send it."""
    if secret:
        yield secret
        for sent in (secret, f"\0{user}\0{secret}"):
            yield b64encode(sent.encode()).decode().rstrip("=")


def _parts(url: str) -> Iterator[str]:
    """An address, and each of its parts, but for its scheme."""
    for form in {url, unquote(url)} - {""}:
        yield form
        rest = form.partition("://")[2] or form
        yield from (part for part in BETWEEN_PARTS.split(rest) if len(part) >= SHORTEST_PART)
