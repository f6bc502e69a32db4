"""Mail servers that refuse, hang, trickle or die at any stage: an error in time, and no secret in it."""

from __future__ import annotations

import base64
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest

from chipbrief_reports.delivery import Parcel

PASSWORD = "Tr0ub4dor&3=secret"
STAGES = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "end"]
Fails = Callable[..., str]


def way(port: int, timeout: str = "1 s", **more: Any) -> dict[str, Any]:
    said = {"host": "127.0.0.1", "port": port, "security": "none", "from": "press@example.com", "timeout": timeout}
    return {"smtp": said | {"to": ["cfo@example.com"]} | more}


def until(stage: str, fault: Callable[..., None]) -> Callable[..., None]:
    """A server that does as it should until a stage."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        file = connection.makefile("rwb", 0)
        if stage == "greeting":
            return fault(connection, over)
        file.write(b"220 hello\r\n")
        while line := file.readline():
            verb = line[:4].decode().upper()
            if verb == stage:
                return fault(connection, over)
            file.write(b"354 go on\r\n" if verb == "DATA" else b"250 yes\r\n")
            if verb == "DATA":
                while file.readline() != b".\r\n":
                    pass
                if stage == "end":
                    return fault(connection, over)
                file.write(b"250 taken\r\n")
        return None

    return script


def hang(connection: socket.socket, over: threading.Event) -> None:
    over.wait(20)


def die(connection: socket.socket, over: threading.Event) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket, over: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half_a_line(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"25")
    connection.shutdown(socket.SHUT_RDWR)


def garbage(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"\xff\xfe\x00 <html>\r\n")
    over.wait(20)


def flood(connection: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        connection.sendall(b"250-and more\r\n" * 5000)


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_hangs(stage: str, talks: Callable[..., int], parcel: Parcel, fails: Fails) -> None:
    said = fails(way(talks(until(stage, hang))), parcel)
    assert "is not done within 1 s" in said
    assert ("it may arrive all the same" in said) == (stage == "end")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("fault", [die, reset, half_a_line])
def test_a_server_that_dies(
    stage: str, fault: Callable[..., None], talks: Callable[..., int], parcel: Parcel, fails: Fails
) -> None:
    said = fails(way(talks(until(stage, fault)), "5 s"), parcel)
    assert "closes the connection" in said or "does not take the connection: 25" in said or "refuses" in said
    if fault is not half_a_line:
        assert ("it may arrive all the same" in said) == (stage == "end")


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_trickles(
    stage: str, talks: Callable[..., int], parcel: Parcel, fails: Fails, trickling: Callable[..., None]
) -> None:
    def slowly(connection: socket.socket, over: threading.Event) -> None:
        trickling(connection, over, b"250-yes\r\n")

    assert "is not done within 1 s" in fails(way(talks(until(stage, slowly))), parcel)


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "end"])
def test_a_server_that_does_not_stop_talking(
    stage: str, talks: Callable[..., int], parcel: Parcel, fails: Fails
) -> None:
    fails(way(talks(until(stage, flood)), "5 s"), parcel)


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_speaks_something_else(
    stage: str, talks: Callable[..., int], parcel: Parcel, fails: Fails
) -> None:
    fails(way(talks(until(stage, garbage))), parcel)


def test_a_server_that_reads_no_message(
    talks: Callable[..., int], edition: Callable[..., Parcel], fails: Fails
) -> None:
    def deaf(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"354 go on\r\n")
        over.wait(20)

    big = edition(files={"briefing.pdf": bytes(10_000_000)})
    said = fails(way(talks(until("DATA", deaf)), "2 s"), big)
    assert "is not done within 2 s" in said


def test_nobody_there(refusing: int, parcel: Parcel, fails: Fails) -> None:
    assert fails(way(refusing), parcel) == f"127.0.0.1:{refusing} refuses the connection"


def test_a_connection_that_is_never_taken(unanswering: int, parcel: Parcel, fails: Fails) -> None:
    assert fails(way(unanswering), parcel) == f"127.0.0.1:{unanswering} is not done within 1 s"


def test_a_name_that_nobody_has(parcel: Parcel, fails: Fails) -> None:
    said = fails(way(25, "5 s", host="mail.invalid"), parcel)
    assert said in ("mail.invalid:25 has a name that is not known", "mail.invalid:25 is not done within 5 s")


def test_a_resolver_that_hangs(parcel: Parcel, fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def slow(*_: object, **__: object) -> list[Any]:
        over.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)  # no resolver here can be made to hang
    said = fails(way(25, host="mail.example.com"), parcel)
    over.set()
    assert said == "mail.example.com:25 is not done within 1 s"


@pytest.mark.parametrize("fault", [hang, die])
def test_a_server_that_leaves_after_it_took_the_message_has_it(
    fault: Callable[..., None], talks: Callable[..., int], parcel: Parcel, arrives: Callable[..., None]
) -> None:
    arrives(way(talks(until("QUIT", fault))), parcel)


@pytest.mark.parametrize("stage", ["handshake", "secured"])
@pytest.mark.parametrize("fault", [hang, die, garbage, "trickle"])
def test_faults_under_tls(
    stage: str,
    fault: Any,
    talks: Callable[..., int],
    parcel: Parcel,
    fails: Fails,
    certificates: Any,
    trickling: Callable[..., None],
) -> None:
    def script(connection: socket.socket, over: threading.Event) -> None:
        if fault == "trickle":
            trickling(connection, over, b"220-yes\r\n")
        else:
            fault(connection, over)

    port = talks(script, certificates.context() if stage == "secured" else None)
    said = fails(way(port, security="tls"), parcel, certificates.environment)
    if fault in (hang, "trickle"):
        assert "is not done within 1 s" in said or "TLS" in said


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_server_that_repeats_the_password(
    mechanism: str, talks: Callable[..., int], parcel: Parcel, fails: Fails, certificates: Any
) -> None:
    heard: list[bytes] = []

    def echo(connection: socket.socket, over: threading.Event) -> None:
        file = connection.makefile("rwb", 0)
        file.write(b"220 hello\r\n")
        while line := file.readline().strip():
            heard.append(line)
            if line.upper().startswith(b"EHLO"):
                file.write(f"250-hello\r\n250 AUTH {mechanism}\r\n".encode())
            elif line.startswith(b"AUTH LOGIN"):
                file.write(b"334 UGFzc3dvcmQ6\r\n")
            else:
                plain = base64.b64decode(line.split()[-1] + b"==").replace(b"\0", b" ")
                file.write(b"535 unknown command " + line + b" that is " + plain + b"\r\n")

    port = talks(echo, certificates.context())
    delivery = way(port, "5 s", security="tls", user="press", password_env="SMTP_PASSWORD")
    said = fails(delivery, parcel, certificates.environment | {"SMTP_PASSWORD": PASSWORD})
    assert "does not accept user and password: 535 unknown command" in said
    assert said.count("***") == 2
    sent = f"\0press\0{PASSWORD}" if mechanism == "PLAIN" else PASSWORD
    encoded = base64.b64encode(sent.encode()).decode()
    assert any(encoded.encode() in line for line in heard)
    assert encoded.rstrip("=") not in said
