"""Connections that end at a moment, however slowly the other side talks.

A socket's own timeout starts anew with every byte. Here each call gets what is left of the attempt.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chipbrief_reports.delivery.limit import Limit
from chipbrief_reports.delivery.parcel import DeliveryError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["connected", "tls_context"]


class _Plain(socket.socket):
    """A socket of an attempt; smtplib and http.client use of it only what stands here."""

    limit: Limit

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(self.limit.left())
        return self.limit.heard(super().recv_into(buffer, nbytes, flags))

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        self.settimeout(self.limit.left())  # for all of it, not for each part
        super().sendall(data, flags)


class _Secured(ssl.SSLSocket):
    """The same under TLS."""

    limit: Limit  # of the class: `wrap_socket` makes the object itself

    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(self.limit.left())
        super().do_handshake(block)

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(self.limit.left())
        return self.limit.heard(super().recv_into(buffer, nbytes, flags))

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        self.settimeout(self.limit.left())  # `sendall` calls this for each part
        return super().send(data, flags)


def tls_context(limit: Limit, environment: Mapping[str, str]) -> ssl.SSLContext:
    """TLS that checks certificates and names, against what SSL_CERT_FILE and SSL_CERT_DIR name too.

    Raises:
        DeliveryError: what they name cannot be read.
    """
    context = ssl.create_default_context()
    for name, kind in (("SSL_CERT_FILE", "cafile"), ("SSL_CERT_DIR", "capath")):
        if environment.get(name):
            try:
                context.load_verify_locations(**{kind: environment[name]})
            except OSError as error:  # an SSLError too
                why = error.strerror or "it holds no certificates"
                raise DeliveryError(f"{name}={environment[name]} cannot be used: {why}") from None
    context.sslsocket_class = type("_SecuredUntil", (_Secured,), {"limit": limit})
    return context


def connected(host: str, port: int, limit: Limit) -> socket.socket:
    """A connection to the first address of a name that takes one; each gets its share of the time.

    Raises:
        OSError: none does, or the name is not known.
    """
    addresses = _looked_up(host, port, limit)
    problem = OSError("its name has no address")
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = _Plain(family, kind, protocol)
        sock.limit = limit
        try:
            sock.settimeout(limit.left() / (len(addresses) - number))
            sock.connect(address)
        except OSError as error:
            sock.close()
            problem = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise problem


def _looked_up(host: str, port: int, limit: Limit) -> list[Any]:
    """The addresses of a name; the system's resolver knows no time limit, and is left to itself when it is over."""
    found: list[Any] = []
    problems: list[Exception] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # told by who waits
            problems.append(error)

    thread = threading.Thread(target=look_up, daemon=True, name=f"look up {host}")
    thread.start()
    thread.join(limit.left())
    if thread.is_alive():
        raise TimeoutError
    if problems:
        raise problems[0]
    return found
