"""Services of apprise, by its own JSON service to a real HTTP server."""

from __future__ import annotations

import base64
import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from chipbrief_reports.delivery import Parcel

Fails = Callable[..., str]
Arrives = Callable[..., None]
TOKEN = "xoxb-2718281828"


def way(port: int, timeout: str = "20 s", **more: Any) -> tuple[dict[str, Any], dict[str, str]]:
    url = f"json://press:{TOKEN}@localhost:{port}/hook/{TOKEN}"
    return {"apprise": {"url_env": "CHAT_URL", "timeout": timeout} | more}, {"CHAT_URL": url}


def test_an_edition_arrives_with_its_files(web: Callable[..., Any], parcel: Parcel, arrives: Arrives) -> None:
    server = web()
    delivery, environment = way(server.port, attach=["pdf", "md", "xlsx"])
    arrives(delivery, parcel, environment)
    (posted,) = server.posted
    assert posted.path == f"/hook/{TOKEN}"
    found = json.loads(posted.body)
    assert (found["title"], found["type"]) == ("Our plän, as of 2024-11-11", "info")
    assert "- Cost of system 1 rose by 1\u202f%" in found["message"]
    assert found["message"].splitlines()[-2:] == [
        "Attached: briefing.pdf and briefing.md.",
        "This edition has no briefing.xlsx.",
    ]
    assert parcel.folder
    assert {file["filename"]: base64.b64decode(file["base64"]) for file in found["attachments"]} == {
        name: (parcel.folder / name).read_bytes() for name in ("briefing.pdf", "briefing.md")
    }


def test_a_failure_arrives(web: Callable[..., Any], failure: Parcel, arrives: Arrives) -> None:
    server = web()
    delivery, environment = way(server.port)
    arrives(delivery, failure, environment)
    found = json.loads(server.posted[0].body)
    assert found["type"] == "failure"
    assert failure.error in found["message"]


def test_a_service_that_takes_no_files_is_told_of_none(
    web: Callable[..., Any], parcel: Parcel, arrives: Arrives
) -> None:
    server = web(status=200, answer=b"{}")
    delivery, _ = way(server.port)
    arrives(delivery, parcel, {"CHAT_URL": f"gotify://localhost:{server.port}/{TOKEN}"})
    body = server.posted[0].body.decode()
    assert "What changed:" in body
    assert "Attached" not in body


@pytest.mark.parametrize("status", [403, 429, 500])
def test_a_refusal_is_told_by_its_number_alone(
    status: int, web: Callable[..., Any], parcel: Parcel, fails: Fails
) -> None:
    server = web(status=status, answer=TOKEN.encode())
    delivery, environment = way(server.port)
    said = fails(delivery, parcel, environment)
    assert said == f"the service in CHAT_URL did not get it by way of JSON: it answers {status}"


def test_nobody_there(refusing: int, parcel: Parcel, fails: Fails) -> None:
    delivery, environment = way(refusing)
    said = fails(delivery, parcel, environment)
    assert said == "the service in CHAT_URL did not get it by way of JSON"
    assert TOKEN not in said


@pytest.mark.parametrize("url", [TOKEN, f"nonsense://{TOKEN}", "://", "json://"])
def test_an_address_that_apprise_does_not_know_is_not_told(url: str, parcel: Parcel, fails: Fails) -> None:
    delivery, _ = way(1)
    said = fails(delivery, parcel, {"CHAT_URL": url})
    assert said == "the service in CHAT_URL has no address that apprise knows"


def test_a_missing_variable_is_named(parcel: Parcel, fails: Fails) -> None:
    assert fails(way(1)[0], parcel) == "the environment variable CHAT_URL is not set"


def hang(connection: socket.socket, over: threading.Event) -> None:
    over.wait(20)


@pytest.mark.parametrize("slow", [False, True])
def test_a_service_that_hangs_or_trickles(
    slow: bool, talks: Callable[..., int], trickling: Callable[..., None], parcel: Parcel, fails: Fails
) -> None:
    def slowly(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        trickling(connection, over, b"X-Slow: yes\r\n")

    delivery, environment = way(talks(slowly if slow else hang), "2 s")
    before = time.monotonic()
    assert fails(delivery, parcel, environment) == "the service in CHAT_URL is not done within 2 s"
    assert time.monotonic() - before >= 2


def test_without_the_library_the_extra_is_named(parcel: Parcel, fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    delivery, environment = way(1)
    assert fails(delivery, parcel, environment).endswith("install chipbrief[apprise]")


def test_a_process_that_ends_without_a_word(parcel: Parcel, fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    delivery, environment = way(1)
    assert fails(delivery, parcel, environment).endswith("apprise ended with exit code 1")
