"""An edition on disk, certificates, and servers on loopback that do as they are told."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chipbrief_reports.delivery import DeliveryError, Parcel, send
from chipbrief_reports.editions import Manifest, Series, entries_of
from chipbrief_reports.timetable import Delivery, parse_slot

SLOT = "2024-11-11T0600Z"
FILES = {
    "briefing.html": "<!doctype html>\n<title>Plän</title>\r\n<p>one\n.\nof two".encode(),
    "briefing.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n.\n%%EOF",
    "briefing.md": "# Plän\n\n.\n..leading dots\n".encode(),
    "data/facts.json": b"{}\n",
}
CHANGES = tuple(f"Cost of system {number} rose by {number}\u202f%" for number in range(1, 13))


# -- editions -------------------------------------------------------------------------------------------------


@pytest.fixture
def edition(tmp_path: Path) -> Callable[..., Parcel]:
    """Print an edition of some files, and wrap it."""

    def printed(slot: str = SLOT, files: dict[str, bytes] = FILES, title: str = "Our plän") -> Parcel:
        series = Series(tmp_path / "editions", "agentic")
        work = series.new_work(parse_slot(slot))
        for name, content in files.items():
            (work / name).parent.mkdir(exist_ok=True)
            (work / name).write_bytes(content)
        built = f"{slot[:13]}:00:07Z"
        manifest = Manifest(
            name="agentic",
            slot=slot,
            state="printed",
            title=title,
            as_of=slot[:10],
            built_at=built,
            files=entries_of(work),
        )
        series.publish(work, manifest)
        series.point_latest(parse_slot(slot))
        return Parcel(
            what="edition",
            name="agentic",
            slot=slot,
            title=title,
            as_of=slot[:10],
            folder=series.path(slot),
            files=tuple(manifest.files),
            changes=CHANGES,
        )

    return printed


@pytest.fixture
def parcel(edition: Callable[..., Parcel]) -> Parcel:
    return edition()


@pytest.fixture
def failure() -> Parcel:
    return Parcel(
        what="failure",
        name="agentic",
        slot=SLOT,
        title="Our plän",
        as_of=SLOT[:10],
        folder=None,
        error="mix.yaml:3:1: hardware: unknown system 'b2000'",
    )


@pytest.fixture
def fails(tmp_path: Path) -> Callable[..., str]:
    """Send what must fail, within the limit, as one printable line without a secret; that line."""

    def tried(way: dict[str, Any], parcel: Parcel, environment: dict[str, str] | None = None) -> str:
        delivery = Delivery.model_validate(way)
        before = time.monotonic()
        with pytest.raises(DeliveryError) as caught:
            send(delivery, delivery.recipients[0], parcel, base=tmp_path, environment=environment or {})
        assert time.monotonic() - before < delivery.way.timeout + 1.5
        said = str(caught.value)
        assert said
        assert said.isprintable()
        assert len(said) <= 600
        for name, value in (environment or {}).items():
            assert name.startswith("SSL_") or value.lower() not in said.lower()
        return said

    return tried


@pytest.fixture
def arrives(tmp_path: Path) -> Callable[..., None]:
    """Send to every recipient."""

    def sent(way: dict[str, Any], parcel: Parcel, environment: dict[str, str] | None = None) -> None:
        delivery = Delivery.model_validate(way)
        for recipient in delivery.recipients:
            send(delivery, recipient, parcel, base=tmp_path, environment=environment or {})

    return sent


# -- certificates ---------------------------------------------------------------------------------------------


@dataclass
class Certificates:
    """One that is signed for `localhost`, and the one that signed it."""

    authority: Path
    server: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context

    @property
    def environment(self) -> dict[str, str]:
        return {"SSL_CERT_FILE": str(self.authority)}


def certificate(
    name: str, key: Any, issuer: tuple[x509.Name, Any] | None = None, alternatives: list[x509.GeneralName] | None = None
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issued_by, signed_with = issuer or (subject, key)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_with.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=issuer is None,
                crl_sign=issuer is None,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
    return builder.sign(signed_with, hashes.SHA256())


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    own, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = certificate("chipbrief tests", own)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = certificate("localhost", other, (authority.subject, own), names)
    pem = serialization.Encoding.PEM
    plain = other.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    (folder / "server.pem").write_bytes(server.public_bytes(pem) + plain)
    return Certificates(folder / "authority.pem", folder / "server.pem")


# -- servers by hand ------------------------------------------------------------------------------------------


@pytest.fixture
def talks() -> Iterator[Callable[..., int]]:
    """Start a server that hands each connection to a script, in a thread; its port."""
    over = threading.Event()
    with ExitStack() as stack:

        def started(script: Callable[..., None], context: ssl.SSLContext | None = None) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.settimeout(0.05)

            def serve() -> None:
                while not over.is_set():
                    with suppress(OSError):
                        connection, _ = listener.accept()
                        thread = threading.Thread(target=talk, args=(connection,))
                        thread.start()
                        threads.append(thread)

            def talk(connection: socket.socket) -> None:
                connection.settimeout(20)
                with connection, suppress(OSError, ValueError):
                    if context is None:
                        script(connection, over)
                    else:
                        with context.wrap_socket(connection, server_side=True) as secured:
                            script(secured, over)

            threads: list[threading.Thread] = []
            serving = threading.Thread(target=serve)
            serving.start()
            stack.callback(lambda: [thread.join(5) for thread in [serving, *threads]])
            stack.callback(over.set)
            return int(listener.getsockname()[1])

        yield started


@pytest.fixture
def refusing() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def unanswering() -> Iterator[int]:
    """A port where a connection is never taken: the queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        time.sleep(0.05)
        yield int(listener.getsockname()[1])


def trickle(connection: socket.socket, over: threading.Event, text: bytes) -> None:
    """Say something, a byte at a time, and never come to an end."""
    while not over.is_set():
        for at in range(len(text)):
            connection.sendall(text[at : at + 1])
            if over.wait(0.1):
                return


@pytest.fixture
def trickling() -> Callable[[socket.socket, threading.Event, bytes], None]:
    return trickle


# -- HTTP -----------------------------------------------------------------------------------------------------


@dataclass
class Posted:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Web:
    """A server, what it answers, and what it got."""

    port: int = 0
    status: int = 204
    answer: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)


@pytest.fixture
def web() -> Iterator[Callable[..., Web]]:
    with ExitStack() as stack:

        def started(context: ssl.SSLContext | None = None, **answer: Any) -> Web:
            state = replace(Web(), **answer)

            class Handler(BaseHTTPRequestHandler):
                def do_POST(self) -> None:
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                    state.posted.append(Posted(self.path, dict(self.headers.items()), body))
                    self.send_response(state.status)
                    for name, text in state.headers.items():
                        self.send_header(name, text)
                    self.send_header("Content-Length", str(len(state.answer)))
                    self.end_headers()
                    self.wfile.write(state.answer)

                def log_message(self, *_: object) -> None:
                    pass

            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            server.handle_error = lambda *_: None  # type: ignore[method-assign] # clients that hang up are meant
            if context:
                server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            state.port = server.server_address[1]
            return state

        yield started


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 4 kB, as on a disk that is full."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
