"""Deliveries through ticks: real servers that refuse, hang or die half way, and who gets what in the end."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.slow
FIRST = "2026-11-24T20:00:00Z"
LATER = "2026-11-24T20:20:00Z"


class MailServer:
    """Speaks as much SMTP as is needed, and does to each address what it is told to do."""

    def __init__(self) -> None:
        self.does: dict[str, str] = {}  # address -> refuse, hang or die; anything else is taken
        self.taken: list[tuple[str, str]] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rwb", 0) as stream:
            stream.write(b"220 here\r\n")
            address = ""
            while line := stream.readline():
                word = line.split()[0].upper() if line.split() else b""
                if word in (b"EHLO", b"HELO"):
                    stream.write(b"250 here\r\n")
                elif word == b"RCPT":
                    address = line.decode().split("<")[1].split(">")[0]
                    stream.write(
                        b"550 nobody of that name\r\n" if self.does.get(address) == "refuse" else b"250 ok\r\n"
                    )
                elif word == b"DATA":
                    stream.write(b"354 go on\r\n")
                    if not self._take(stream, address):
                        return
                elif word == b"QUIT":
                    stream.write(b"221 bye\r\n")
                    return
                else:
                    stream.write(b"250 ok\r\n")

    def _take(self, stream: socket.SocketIO, address: str) -> bool:
        lines: list[bytes] = []
        while (line := stream.readline()) not in (b".\r\n", b""):
            lines.append(line)
            if self.does.get(address) == "die":
                return False
        if self.does.get(address) == "hang":
            threading.Event().wait(30)
            return False
        self.taken.append((address, b"".join(lines).decode()))
        stream.write(b"250 taken\r\n")
        return True

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


def mailing(desk, server, *more):
    to = "[a@example.com, b@example.com]"
    desk.schedule(
        f"deliver: [{{smtp: {{host: 127.0.0.1, port: {server.port}, security: none, from: press@example.com, to: {to}, "
        "timeout: 1 s, attach: [md]}, failures: true}]",
        *more,
    )


@pytest.mark.parametrize("fault", ["refuse", "hang", "die"])
def test_only_the_one_that_failed_is_sent_again(desk, mail, fault):
    mailing(desk, mail)
    mail.does = {"b@example.com": fault}
    first = desk.tick(FIRST)
    assert first.code == 75
    assert [event["recipient"] for event in first.of("delivered")] == ["smtp:a@example.com"]
    assert [event["recipient"] for event in first.of("delivery_failed")] == ["smtp:b@example.com"]
    assert [address for address, _ in mail.taken] == ["a@example.com"]
    mail.does = {}
    second = desk.tick(LATER)
    assert second.code == 0
    assert [address for address, _ in mail.taken] == ["a@example.com", "b@example.com"]
    assert "Weekly chat" in mail.taken[1][1]
    assert desk.tick("2026-11-25T00:00:00Z").events == []
    assert len(mail.taken) == 2


def test_a_delivery_that_never_succeeds_is_given_up_and_told_once(desk, mail):
    mailing(desk, mail, "retries: {times: 1, wait: 1 min}")
    mail.does = {"b@example.com": "refuse"}
    assert desk.tick("2026-11-24T20:00:00Z").code == 75
    last = desk.tick("2026-11-24T20:02:00Z")
    assert last.code == 1
    assert "nobody of that name" in last.of("delivery_given_up")[0]["error"]
    assert desk.tick("2026-11-24T21:00:00Z").code == 0
    [slot] = desk.run("history").document["slots"]
    assert {d["recipient"]: d["state"] for d in slot["deliveries"]} == {
        "smtp:a@example.com": "delivered",
        "smtp:b@example.com": "given_up",
    }


def test_a_slot_that_is_given_up_is_told_by_mail(desk, mail):
    mailing(desk, mail, "retries: {times: 0}")
    (desk.folder / "mix.yaml").write_text("nonsense: true\n")
    assert desk.tick(FIRST).code == 1
    assert sorted(address for address, _ in mail.taken) == ["a@example.com", "b@example.com"]
    assert "mix.yaml" in mail.taken[0][1]
    desk.tick(LATER)
    assert len(mail.taken) == 2


def test_one_who_is_no_recipient_any_more_gets_nothing(desk, mail):
    mailing(desk, mail)
    mail.does = {"b@example.com": "refuse"}
    desk.tick(FIRST)
    mail.does = {}
    file = desk.folder / "weekly.yaml"
    file.write_text(file.read_text().replace(", b@example.com", ""))
    done = desk.tick(LATER)
    assert [event["error"] for event in done.of("delivery_given_up")] == ["is no recipient any more"]
    assert [address for address, _ in mail.taken] == ["a@example.com"]


def test_a_new_recipient_gets_the_next_edition_and_none_of_the_past(desk, mail):
    desk.tick(FIRST)
    mailing(desk, mail)
    assert desk.tick(LATER).events == []
    desk.change("300k")
    desk.tick("2026-12-01T00:00:00Z")
    assert len(mail.taken) == 2


def test_a_webhook_is_told_with_a_signature_and_its_secret_is_nowhere(desk):
    got: list[tuple[dict[str, str], dict]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers), json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        desk.schedule("deliver: [{webhook: {url_env: HOOK_URL, secret_env: HOOK_SECRET}}]")
        address = f"http://127.0.0.1:{server.server_port}/hook-4711"
        assert desk.tick(FIRST).code == 75  # the variables are not there
        done = desk.tick(LATER, environment={"HOOK_URL": address, "HOOK_SECRET": "hunter2"})
        server.shutdown()
    assert done.code == 0
    [(headers, body)] = got
    assert headers["Idempotency-Key"]
    assert headers["X-Chipbrief-Signature"].startswith("sha256=")
    assert body["slot"] == "2026-11-23T0600Z"
    everything = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    assert b"hunter2" not in everything
    assert b"hook-4711" not in everything
    assert "hunter2" not in done.stderr
    assert os.environ.get("HOOK_SECRET") is None
