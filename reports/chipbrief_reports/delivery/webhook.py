"""A JSON document posted to an address, signed where there is a key."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from chipbrief_reports.delivery.contents import edition_of
from chipbrief_reports.delivery.limit import Limit, in_words
from chipbrief_reports.delivery.masking import masked, one_line, secrets_of, variable
from chipbrief_reports.delivery.parcel import DeliveryError, Parcel
from chipbrief_reports.delivery.sockets import connected, tls_context

if TYPE_CHECKING:
    from chipbrief_reports.timetable import ByWebhook

__all__ = ["deliver", "document", "idempotency_key", "signature"]

SCHEMA = "delivery/1"
SAFE = "/%:@!$&'()*+,;=~-._?"
PORTS = {"http": 80, "https": 443}
FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "host"})
MOST_READ, LONGEST_ANSWER = 16_384, 200


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to post to; `shown` is what may be told of it."""

    scheme: str
    host: str
    port: int
    target: str
    shown: str


def deliver(way: ByWebhook, recipient: str, parcel: Parcel, *, environment: Mapping[str, str]) -> None:
    """Post a parcel once, following no redirect.

    Raises:
        DeliveryError: the answer is not 2xx, or there is none.
    """
    limit = Limit(way.timeout)
    place = _place(way, environment)
    content = json.dumps(document(parcel), sort_keys=True).encode()
    headers = _headers(way, recipient, parcel, content, environment)
    connection = _connection(place, limit, environment)
    try:
        _post(connection, place, headers, content)
        answer = connection.getresponse()
        if not 200 <= answer.status < 300:
            raise DeliveryError(_refused(place, answer, secrets_of(way, environment)))
    except http.client.HTTPException as error:
        broken = in_words(ConnectionError(), limit) if limit.over else f"gives no answer ({type(error).__name__})"
        raise DeliveryError(f"{place.shown} {broken}") from None
    except (OSError, ValueError) as error:
        raise DeliveryError(f"{place.shown} {in_words(error, limit)}") from None
    finally:
        connection.close()


# -- what is sent ---------------------------------------------------------------------------------------------


def document(parcel: Parcel) -> dict[str, Any]:
    """What is posted, as plain data.

    Raises:
        DeliveryError: the edition's manifest cannot be read.
    """
    files: list[dict[str, Any]] = []
    if parcel.what == "edition":
        entries = edition_of(parcel)[1].files
        files = [{"name": name, "sha256": entry.sha256, "bytes": entry.bytes} for name, entry in entries.items()]
    return {
        "schema": SCHEMA,
        "event": parcel.what,
        "id": parcel.id,
        "name": parcel.name,
        "slot": parcel.slot,
        "title": parcel.title,
        "as_of": parcel.as_of,
        "changes": list(parcel.changes),
        "files": files,
        "error": parcel.error,
    }


def idempotency_key(recipient: str, parcel: Parcel) -> str:
    """The same whenever the same parcel goes to the same recipient."""
    return hashlib.sha256(f"{parcel.id}\0{recipient}".encode()).hexdigest()


def signature(secret: str, timestamp: str, content: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a full stop and the body, in hexadecimal digits."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + content, hashlib.sha256).hexdigest()


def _headers(
    way: ByWebhook, recipient: str, parcel: Parcel, content: bytes, environment: Mapping[str, str]
) -> dict[str, str]:
    """Those of the file, but for the ones that are set here."""
    timestamp = str(int(time.time()))
    ours = {
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        "Connection": "close",
        "User-Agent": "chipbrief",
        "Idempotency-Key": idempotency_key(recipient, parcel),
        "X-Chipbrief-Timestamp": timestamp,
    }
    if way.secret_env:
        ours["X-Chipbrief-Signature"] = f"sha256={signature(variable(way.secret_env, environment), timestamp, content)}"
    taken = FRAMING | {name.lower() for name in ours}
    secret = {name: variable(where, environment) for name, where in way.headers_env.items()}
    return {name: text for name, text in (way.headers | secret).items() if name.lower() not in taken} | ours


# -- where to -------------------------------------------------------------------------------------------------


def _place(way: ByWebhook, environment: Mapping[str, str]) -> _Place:
    """Take the address apart; one from a variable is not told.

    Raises:
        DeliveryError: it is no address that can be posted to.
    """
    url = way.url or variable(way.url_env or "", environment).strip()
    shown = "the address" if way.url else f"the address in {way.url_env}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise DeliveryError(f"{shown} is none that can be used") from None
    if parts.scheme not in PORTS or not parts.hostname or not url.isprintable() or " " in url:
        raise DeliveryError(f"{shown} is no http or https address")
    if parts.username or parts.password:
        raise DeliveryError(f"{shown} has a user or password in it, which is not sent: use headers or a signature")
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=SAFE)
    named = f"{parts.scheme}://{parts.netloc}" if way.url else shown
    return _Place(parts.scheme, parts.hostname, port or PORTS[parts.scheme], target, named)


def _connection(place: _Place, limit: Limit, environment: Mapping[str, str]) -> http.client.HTTPConnection:
    """A connection that is open already, so that http.client makes none of its own."""
    context = tls_context(limit, environment) if place.scheme == "https" else None
    try:
        sock = connected(place.host, place.port, limit)
        try:
            if context is None:
                connection = http.client.HTTPConnection(place.host, place.port)
            else:
                sock = context.wrap_socket(sock, server_hostname=place.host)
                connection = http.client.HTTPSConnection(place.host, place.port, context=context)
        except BaseException:
            sock.close()
            raise
    except (OSError, ValueError) as error:
        raise DeliveryError(f"{place.shown} {in_words(error, limit)}") from None
    connection.sock = sock
    connection.auto_open = 0
    return connection


def _post(connection: http.client.HTTPConnection, place: _Place, headers: Mapping[str, str], content: bytes) -> None:
    connection.putrequest("POST", place.target, skip_accept_encoding=True)
    for name, text in headers.items():
        connection.putheader(name, text.encode())
    connection.endheaders(content)


def _refused(place: _Place, answer: http.client.HTTPResponse, secrets: set[str]) -> str:
    """`https://hooks.example.com answers 429 Too Many Requests: slow down`."""
    known = {status.value: f" {status.phrase}" for status in HTTPStatus}
    told = f"{place.shown} answers {answer.status}{known.get(answer.status, '')}"
    if 300 <= answer.status < 400:
        return f"{told}, which points elsewhere and is not followed"
    said = masked(_said(answer), secrets)[:LONGEST_ANSWER]  # in this order: half a secret is one too
    return f"{told}: {said}" if said else told


def _said(answer: http.client.HTTPResponse) -> str:
    try:
        return one_line(answer.read(MOST_READ).decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException, ValueError):
        return ""
