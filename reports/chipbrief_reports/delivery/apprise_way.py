"""Any service that the library apprise knows.

It runs in a process of its own: a service's own code knows no end of an attempt, and its log may hold the address.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipbrief_reports.delivery.contents import attachments_of, attachments_told, body, subject
from chipbrief_reports.delivery.limit import Limit
from chipbrief_reports.delivery.masking import variable
from chipbrief_reports.delivery.parcel import DeliveryError, Parcel

if TYPE_CHECKING:
    from chipbrief_reports.timetable import ByApprise

__all__ = ["deliver"]

CHILD = Path(__file__).with_name("apprise_child.py")


def deliver(way: ByApprise, parcel: Parcel, *, environment: Mapping[str, str]) -> None:
    """Send a parcel to the service whose address stands in `url_env`.

    Raises:
        DeliveryError: apprise is not installed, does not know the address, or could not send.
    """
    limit = Limit(way.timeout)
    url = variable(way.url_env, environment).strip()
    if importlib.util.find_spec("apprise") is None:
        raise DeliveryError("the library apprise is not installed: install chipbrief[apprise]")
    problem = _asked(_order(url, way, parcel), limit, environment)
    if problem:
        raise DeliveryError(f"the service in {way.url_env} {problem}")


def _order(url: str, way: ByApprise, parcel: Parcel) -> dict[str, Any]:
    attached, missing = attachments_of(parcel, way.attach)
    return {
        "url": url,
        "failure": parcel.what == "failure",
        "title": subject(parcel),
        "body": body(parcel),
        "attached": attachments_told(tuple(attached), missing),
        "attach": [str(parcel.folder.resolve() / name) for name in attached] if parcel.folder else [],
    }


def _asked(order: Mapping[str, Any], limit: Limit, environment: Mapping[str, str]) -> str:
    """Run the other side; what went wrong, or nothing."""
    try:
        done = subprocess.run(  # noqa: S603 - this Python, with a file from here
            [sys.executable, "-P", str(CHILD)],
            input=json.dumps(order).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # may hold the address
            env={**os.environ, **environment},
            timeout=limit.left(),
            check=False,
        )
        return str(json.loads(done.stdout)["problem"])
    except (subprocess.TimeoutExpired, TimeoutError):
        return f"is not done within {limit.seconds:g} s"
    except OSError as error:
        return f"cannot be asked: {error.strerror}"
    except (ValueError, KeyError, TypeError):
        return f"cannot be asked: apprise ended with exit code {done.returncode}"
