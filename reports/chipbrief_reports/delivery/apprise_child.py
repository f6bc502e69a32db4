"""The other side of `apprise_way`: one order on standard input, one answer on standard output.

A program that stands alone, so that it starts fast and imports nothing but apprise. Of the log only error numbers are
told: anything else may be the address, or a part of it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

__all__: list[str] = []

NUMBER = re.compile(r"error=(\d{3})\b")


class _Numbers(logging.Handler):
    """Keeps the status codes that services answered with."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found += NUMBER.findall(record.getMessage())


def _sent(order: Mapping[str, Any]) -> str:
    """Send; what went wrong, or nothing."""
    import apprise
    from apprise.attachment.file import AttachFile

    numbers = _Numbers()
    logging.getLogger("apprise").addHandler(numbers)
    service = apprise.Apprise.instantiate(order["url"])
    if service is None:
        return "has no address that apprise knows"
    name = str(service.service_name)
    files, body = [], order["body"]
    if service.attachment_support:
        files = [AttachFile(path) for path in order["attach"]]  # type: ignore[no-untyped-call] # half typed
        body = "\n".join(part for part in (body, order["attached"]) if part)
    kind = apprise.NotifyType.FAILURE if order["failure"] else apprise.NotifyType.INFO
    everyone = apprise.Apprise()
    everyone.add(service)
    attach = apprise.AppriseAttachment(files) if files else None
    done = everyone.notify(
        body=body, title=order["title"], notify_type=kind, body_format=apprise.NotifyFormat.TEXT, attach=attach
    )
    if done:
        return ""
    answered = f": it answers {numbers.found[-1]}" if numbers.found else ""
    return f"did not get it by way of {name}{answered}"


def main() -> None:
    """Answer one order; what else is printed goes nowhere."""
    order = json.load(sys.stdin)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123 - no path of ours
        try:
            problem = _sent(order)
        except Exception as error:  # of a service's own code
            problem = f"fails in apprise ({type(error).__name__})"
    json.dump({"problem": problem}, sys.stdout)


if __name__ == "__main__":
    main()
