"""One parcel to one recipient."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chipbrief_reports.delivery.masking import masked, one_line, secrets_of
from chipbrief_reports.delivery.parcel import DeliveryError, Parcel

if TYPE_CHECKING:
    from chipbrief_reports.timetable import Delivery

__all__ = ["send"]

LONGEST = 600  # characters of an error


def send(delivery: Delivery, recipient: str, parcel: Parcel, *, base: Path, environment: Mapping[str, str]) -> None:
    """Send a parcel; to come back without an error means that the recipient has it.

    One attempt takes `delivery.way.timeout` seconds at most, whatever the other side does. What was sent before may
    be sent again: a folder then stays as it is, and the others can tell by a name that does not change.

    Args:
        delivery: the way it goes.
        recipient: one of `delivery.recipients`, such as `smtp:cfo@example.com`.
        parcel: what is sent.
        base: folder of the briefing's file, from which a relative `folder.path` starts.
        environment: where secrets stand.

    Raises:
        DeliveryError: the recipient may not have it; why, without any secret.
    """
    try:
        _sent(delivery, recipient, parcel, base, environment)
    except DeliveryError as error:
        said = str(error)
    except Exception as error:  # whatever it is, it must not keep the other recipients from theirs
        said = f"it cannot be sent ({type(error).__name__})"
    else:
        return
    raise DeliveryError(_short(masked(one_line(said), secrets_of(delivery.way, environment)))) from None


def _sent(delivery: Delivery, recipient: str, parcel: Parcel, base: Path, environment: Mapping[str, str]) -> None:
    if recipient not in delivery.recipients:
        raise DeliveryError(f"{recipient} is none of the recipients of this delivery")
    if delivery.folder:
        from chipbrief_reports.delivery import folder

        folder.deliver(delivery.folder, parcel, base=base)
    elif delivery.smtp:
        from chipbrief_reports.delivery import mail

        mail.deliver(delivery.smtp, recipient.removeprefix("smtp:"), parcel, environment=environment)
    elif delivery.webhook:
        from chipbrief_reports.delivery import webhook

        webhook.deliver(delivery.webhook, recipient, parcel, environment=environment)
    elif delivery.apprise:
        from chipbrief_reports.delivery import apprise_way

        apprise_way.deliver(delivery.apprise, parcel, environment=environment)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
