"""How long one attempt may take, all of it; and what went wrong with it, in words."""

from __future__ import annotations

import socket
import ssl
import time

__all__ = ["Limit", "in_words"]

MOST_HEARD = 4_000_000  # bytes; nothing here is answered with more than a line
EARLY_S = 0.01  # a wait may end this much before its time


class Limit:
    """The end of an attempt, in time and in bytes heard; a slow talker does not move it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds
        self._heard = 0

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() + EARLY_S >= self._ends

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            TimeoutError: none are.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def heard(self, count: int) -> int:
        """Take note of bytes that were read.

        Raises:
            OSError: they are too many.
        """
        self._heard += count
        if self._heard > MOST_HEARD:
            raise OSError("it does not stop talking")
        return count


def in_words(error: BaseException, limit: Limit) -> str:
    """What failed, as the end of a sentence that begins with the place: `refuses the connection`."""
    if isinstance(error, TimeoutError) or limit.over:
        return f"is not done within {limit.seconds:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"cannot be spoken to by TLS: {(error.reason or 'broken off').replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror | UnicodeError):
        return "has a name that is not known"
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection"
    if isinstance(error, ConnectionError):
        return "closes the connection"
    if isinstance(error, OSError):
        return f"cannot be used: {error.strerror or (error.args and error.args[0]) or type(error).__name__}"
    return f"cannot be used ({type(error).__name__})"
