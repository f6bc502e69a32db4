"""Mail through an SMTP server, one message an address."""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from chipbrief_reports.delivery.contents import attachments_of, attachments_told, body, subject
from chipbrief_reports.delivery.limit import Limit, in_words
from chipbrief_reports.delivery.masking import line_of_text, one_line, variable
from chipbrief_reports.delivery.parcel import DeliveryError, Parcel
from chipbrief_reports.delivery.sockets import connected, tls_context

if TYPE_CHECKING:
    import ssl

    from _typeshed import ReadableBuffer

    from chipbrief_reports.timetable import ByMail

__all__ = ["composed", "deliver", "message_id"]

PORTS = {"starttls": 587, "tls": 465, "none": 25}
TYPES = {
    "pdf": ("application", "pdf", {}),
    "html": ("text", "html", {"charset": "utf-8"}),
    "md": ("text", "markdown", {"charset": "utf-8"}),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet", {}),
}
PLACEHOLDER = re.compile(r"\{(title|as_of|name|slot)\}")
LAST = b"\r\n.\r\n"  # what ends a message
MOST_REPLY = 2_000  # characters of what a server says; `send` cuts once secrets are out


def deliver(
    way: ByMail, address: str, parcel: Parcel, *, environment: Mapping[str, str], now: datetime | None = None
) -> None:
    """Send a parcel to one address.

    Raises:
        DeliveryError: the server has not said that it took the message; it may have taken it all the same.
    """
    limit = Limit(way.timeout)
    password = _password(way.password_env, environment) if way.password_env else None
    message = composed(way, address, parcel, now or datetime.now(UTC))
    context = None if way.security == "none" else tls_context(limit, environment)
    port = way.port or PORTS[way.security]
    client = _Client(limit, context if way.security == "tls" else None)
    try:
        client.open(way.host, port)
        if way.security == "starttls":
            client.starttls(context=context)
        if way.user and password:
            client.login(way.user, password)
        client.send_message(message, way.sender, [address])
        with suppress(smtplib.SMTPException, OSError):  # the message is taken, whatever comes now
            client.quit()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise DeliveryError(f"{way.host}:{port} {_why(error, client)}") from None
    finally:
        client.close()


def _password(name: str, environment: Mapping[str, str]) -> str:
    password = variable(name, environment)
    if not password.isascii():
        raise DeliveryError(f"the password in {name} has letters that SMTP cannot send")
    return password


# -- the message ----------------------------------------------------------------------------------------------


def composed(way: ByMail, address: str, parcel: Parcel, now: datetime) -> EmailMessage:
    """The message for one address.

    Raises:
        DeliveryError: a file to attach cannot be read, or is not as the edition's manifest says.
    """
    attached, missing = attachments_of(parcel, way.attach)
    message = EmailMessage()
    message["From"] = way.sender
    message["To"] = address
    message["Subject"] = _subject(way.subject, parcel)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(way.sender, address, parcel)
    message["Auto-Submitted"] = "auto-generated"  # so that nobody's holiday answers it
    text = "\n".join(part for part in (body(parcel), attachments_told(tuple(attached), missing)) if part)
    message.set_content(text, cte="quoted-printable")
    for name, content in attached.items():
        main, sub, parameters = TYPES[name.rpartition(".")[2]]
        message.add_attachment(content, maintype=main, subtype=sub, filename=name, params=parameters)
    return message


def message_id(sender: str, address: str, parcel: Parcel) -> str:
    """The same whenever the same parcel goes to the same address, and of no other message."""
    digest = hashlib.sha256(f"{parcel.id}\0{sender}\0{address}".encode()).hexdigest()
    domain = sender.rpartition("@")[2]
    return f"<chipbrief.{digest[:40]}@{domain if domain.isascii() else 'chipbrief.invalid'}>"


def _subject(template: str | None, parcel: Parcel) -> str:
    if template is None:
        return subject(parcel)
    values = {"title": parcel.title, "as_of": parcel.as_of, "name": parcel.name, "slot": parcel.slot}
    text = line_of_text(PLACEHOLDER.sub(lambda found: values[found[1]], template))
    return f"No edition: {text}" if parcel.what == "failure" else text


# -- the conversation -----------------------------------------------------------------------------------------


class _Client(smtplib.SMTP):
    """A client whose every step ends with the attempt, and that knows whether the whole message went out."""

    def __init__(self, limit: Limit, context: ssl.SSLContext | None) -> None:
        super().__init__(local_hostname="localhost")  # else it asks for this machine's name, without a time limit
        self.limit = limit
        self.context = context
        self.handed_over = False

    def open(self, host: str, port: int) -> None:
        """Connect, and hear the greeting."""
        self._host = host  # whose certificate STARTTLS expects
        code, reply = self.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:  # noqa: ARG002
        """What smtplib calls to connect; its own takes each address's time anew."""
        sock = connected(host, port, self.limit)
        self.local_hostname = _own_name(sock)
        if self.context is None:
            return sock
        try:
            return self.context.wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise

    def send(self, s: ReadableBuffer | str) -> None:
        """See whether this is the end of a message."""
        self.handed_over = self.handed_over or (not isinstance(s, str) and bytes(s).endswith(LAST))
        super().send(s)


def _own_name(sock: socket.socket) -> str:
    """What this machine calls itself: its full name, or the address that it speaks from."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = sock.getsockname()[0].partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


REFUSALS: tuple[tuple[type[smtplib.SMTPResponseException], str], ...] = (
    (smtplib.SMTPAuthenticationError, "does not accept user and password"),
    (smtplib.SMTPSenderRefused, "refuses the sender"),
    (smtplib.SMTPDataError, "refuses the message"),
    (smtplib.SMTPConnectError, "does not take the connection"),
    (smtplib.SMTPResponseException, "refuses"),
)


def _why(error: Exception, client: _Client) -> str:
    """What failed, as the end of a sentence that begins with the server's name."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        (address, (code, reply)), *_ = error.recipients.items()
        return f"refuses the recipient {address}: {_reply(code, reply)}"
    for kind, what in REFUSALS:
        if isinstance(error, kind):
            return f"{what}: {_reply(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPServerDisconnected):  # hides the reason, a timeout too
        return _unconfirmed(in_words(ConnectionError(), client.limit), client)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"lacks what is needed: {one_line(str(error))}"
    if isinstance(error, smtplib.SMTPException):
        return "offers no way of logging in that is known here"
    return _unconfirmed(in_words(error, client.limit), client)


def _unconfirmed(what: str, client: _Client) -> str:
    return f"{what} after the message went out, so that it may arrive all the same" if client.handed_over else what


def _reply(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(f"{code} {said[:MOST_REPLY]}")
