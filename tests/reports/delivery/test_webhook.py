"""Webhooks to real HTTP servers on loopback: what is posted, how it is signed, and every way it can fail."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from chipbrief_reports.delivery import Parcel
from chipbrief_reports.editions import entries_of

Fails = Callable[..., str]
Arrives = Callable[..., None]
SECRET = "s1gning-key"
TOKEN = "xoxb-2718281828"


def way(port: int, timeout: str = "1 s", scheme: str = "http", **more: Any) -> dict[str, Any]:
    return {"webhook": {"url": f"{scheme}://localhost:{port}/hooks/news?team=7", "timeout": timeout} | more}


def hidden(port: int, **more: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A way whose address is a secret, and the environment that holds it."""
    url = f"http://127.0.0.1:{port}/services/{TOKEN}?key=s3cr3t%20key"
    return {"webhook": {"url_env": "HOOK_URL", "timeout": "1 s"} | more}, {"HOOK_URL": url}


def test_an_edition_is_posted_with_the_digests_of_its_files(
    web: Callable[..., Any], parcel: Parcel, arrives: Arrives
) -> None:
    server = web()
    arrives(way(server.port, headers={"X-Team": "capacity – Köln", "content-type": "text/plain", "Host": "x"}), parcel)
    (posted,) = server.posted
    assert posted.path == "/hooks/news?team=7"
    assert posted.headers["Content-Type"] == "application/json"
    assert posted.headers["Host"] == f"localhost:{server.port}"
    assert posted.headers["X-Team"].encode("latin-1").decode() == "capacity – Köln"
    assert "X-Chipbrief-Signature" not in posted.headers
    found = json.loads(posted.body)
    files = found.pop("files")
    assert parcel.folder
    assert {file["name"]: (file["sha256"], file["bytes"]) for file in files} == {
        name: (entry.sha256, entry.bytes)
        for name, entry in entries_of(parcel.folder).items()
        if name != "manifest.json"
    }
    assert found == {
        "schema": "delivery/1",
        "event": "edition",
        "id": "edition/agentic/2024-11-11T0600Z",
        "name": "agentic",
        "slot": "2024-11-11T0600Z",
        "title": "Our plän",
        "as_of": "2024-11-11",
        "changes": list(parcel.changes),
        "error": "",
    }


def test_a_failure_is_posted_with_its_error(web: Callable[..., Any], failure: Parcel, arrives: Arrives) -> None:
    server = web(status=200, answer=b"ok")
    arrives(way(server.port), failure)
    found = json.loads(server.posted[0].body)
    assert (found["event"], found["error"], found["files"]) == ("failure", failure.error, [])


def test_a_signature_that_the_receiver_can_verify(web: Callable[..., Any], parcel: Parcel, arrives: Arrives) -> None:
    server = web()
    arrives(way(server.port, secret_env="HOOK_KEY"), parcel, {"HOOK_KEY": f"{SECRET}\n"})
    (posted,) = server.posted
    timestamp = posted.headers["X-Chipbrief-Timestamp"]
    assert abs(int(timestamp) - time.time()) < 60
    signed = hmac.new(SECRET.encode(), timestamp.encode() + b"." + posted.body, hashlib.sha256).hexdigest()
    assert posted.headers["X-Chipbrief-Signature"] == f"sha256={signed}"


def test_a_repeat_has_the_same_key_and_body_and_another_parcel_another(
    web: Callable[..., Any], edition: Callable[..., Parcel], failure: Parcel, arrives: Arrives
) -> None:
    server = web()
    first, second = edition(), edition("2024-11-18T0600Z")
    for parcel in (first, first, second, failure):
        arrives(way(server.port), parcel)
    keys = [posted.headers["Idempotency-Key"] for posted in server.posted]
    address = f"http://localhost:{server.port}/hooks/news?team=7"
    recipient = f"webhook:http://localhost:{server.port} ({hashlib.sha256(address.encode()).hexdigest()[:8]})"
    assert keys[0] == keys[1] == hashlib.sha256(f"{first.id}\0{recipient}".encode()).hexdigest()
    assert len(set(keys)) == 3
    assert server.posted[0].body == server.posted[1].body


def test_https_with_a_certificate_that_is_known(
    web: Callable[..., Any], certificates: Any, parcel: Parcel, arrives: Arrives
) -> None:
    server = web(certificates.context())
    arrives(way(server.port, "5 s", "https"), parcel, certificates.environment)
    assert len(server.posted) == 1


def test_https_with_one_that_is_not(web: Callable[..., Any], certificates: Any, parcel: Parcel, fails: Fails) -> None:
    server = web(certificates.context())
    said = fails(way(server.port, "5 s", "https"), parcel)
    assert f"https://localhost:{server.port} has a certificate that is not accepted" in said
    assert server.posted == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (301, "301 Moved Permanently, which points elsewhere and is not followed"),
        (307, "307 Temporary Redirect, which points elsewhere"),
        (308, "308 Permanent Redirect, which points elsewhere"),
        (400, "400 Bad Request: no"),
        (401, "401 Unauthorized: no"),
        (429, "429 Too Many Requests: no"),
        (500, "500 Internal Server Error: no"),
        (503, "503 Service Unavailable: no"),
        (599, "599: no"),
    ],
)
def test_any_other_answer_is_an_error(
    status: int, words: str, web: Callable[..., Any], parcel: Parcel, fails: Fails
) -> None:
    elsewhere = web()
    target = f"http://localhost:{elsewhere.port}/other"
    server = web(status=status, answer=b"no\r\n\x1b[31m", headers={"Location": target, "Retry-After": "60"})
    said = fails(way(server.port, "5 s"), parcel)
    assert f"http://localhost:{server.port} answers {words}" in said
    assert len(server.posted) == 1
    assert elsewhere.posted == []


def test_a_long_answer_is_cut(web: Callable[..., Any], parcel: Parcel, fails: Fails) -> None:
    server = web(status=500, answer="ä".encode() * 50_000)
    assert fails(way(server.port, "5 s"), parcel).endswith(f"Error: {'ä' * 200}")


# -- secrets --------------------------------------------------------------------------------------------------


def test_what_the_server_repeats_is_masked(web: Callable[..., Any], parcel: Parcel, fails: Fails) -> None:
    header = "Bearer 1234567890"
    body = f"POST /services/{TOKEN}?key=s3cr3t%20key s3cr3t key {TOKEN.upper()} {SECRET} {header} 127.0.0.1"
    server = web(status=403, answer=body.encode())
    delivery, environment = hidden(server.port, secret_env="HOOK_KEY", headers_env={"Authorization": "HOOK_AUTH"})
    said = fails(delivery, parcel, environment | {"HOOK_KEY": SECRET, "HOOK_AUTH": header})
    assert said.startswith("the address in HOOK_URL answers 403 Forbidden: POST ")
    assert "***" in said
    for secret in (TOKEN, "s3cr3t", SECRET, "1234567890", "127.0.0.1", str(server.port)):
        assert secret.lower() not in said.lower()


def test_half_a_secret_at_the_end_of_what_is_told_is_masked_too(
    web: Callable[..., Any], parcel: Parcel, fails: Fails
) -> None:
    server = web(status=500, answer=("x" * 195 + TOKEN).encode())
    assert "xoxb" not in fails(*(lambda pair: (pair[0], parcel, pair[1]))(hidden(server.port)))


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://example.com/{TOKEN}",
        f"https:///{TOKEN}",
        TOKEN,
        f"https://example.com:{TOKEN}/",
        f"https://user:{TOKEN}@example.com/",
        f"https://exa mple.com/{TOKEN}",
        f"https://example.com/{TOKEN}\x00x",
        f"https://[{TOKEN}/",
        f"https://{'a' * 70}.{TOKEN}/",
    ],
)
def test_an_address_that_cannot_be_used_is_not_told(url: str, parcel: Parcel, fails: Fails) -> None:
    said = fails({"webhook": {"url_env": "HOOK_URL", "timeout": "5 s"}}, parcel, {"HOOK_URL": url})
    assert TOKEN not in said
    assert "HOOK_URL" in said


def test_a_connection_that_fails_tells_the_variable_alone(refusing: int, parcel: Parcel, fails: Fails) -> None:
    delivery, environment = hidden(refusing)
    assert fails(delivery, parcel, environment) == "the address in HOOK_URL refuses the connection"


def test_missing_variables_are_named(parcel: Parcel, fails: Fails, refusing: int) -> None:
    assert "HOOK_URL is not set" in fails({"webhook": {"url_env": "HOOK_URL"}}, parcel)
    assert "HOOK_KEY is not set" in fails(way(refusing, secret_env="HOOK_KEY"), parcel)


# -- servers that are no servers ------------------------------------------------------------------------------


def read_request(connection: socket.socket) -> None:
    file = connection.makefile("rb")
    length = 0
    while (line := file.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    file.read(length)


def hang(connection: socket.socket, over: threading.Event) -> None:
    over.wait(20)


def hang_after_reading(connection: socket.socket, over: threading.Event) -> None:
    read_request(connection)
    over.wait(20)


def hang_in_headers(connection: socket.socket, over: threading.Event) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 204 No Content\r\nServer: slow")
    over.wait(20)


def hundreds(connection: socket.socket, over: threading.Event) -> None:
    read_request(connection)
    while not over.is_set():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        over.wait(0.05)


def die(connection: socket.socket, over: threading.Event) -> None:
    read_request(connection)


def die_in_headers(connection: socket.socket, over: threading.Event) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 2")


def reset(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def garbage(connection: socket.socket, over: threading.Event) -> None:
    read_request(connection)
    connection.sendall(b"220 mail.example.com ESMTP\r\n\r\n")


def flood(connection: socket.socket, over: threading.Event) -> None:
    read_request(connection)
    while not over.is_set():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 2000)


@pytest.mark.parametrize("script", [hang, hang_after_reading, hang_in_headers, hundreds])
def test_a_server_that_hangs(
    script: Callable[..., None], talks: Callable[..., int], parcel: Parcel, fails: Fails
) -> None:
    assert fails(way(talks(script)), parcel).endswith("is not done within 1 s")


@pytest.mark.parametrize("script", [die, die_in_headers, reset, garbage, flood])
def test_a_server_that_dies_or_speaks_something_else(
    script: Callable[..., None], talks: Callable[..., int], parcel: Parcel, fails: Fails
) -> None:
    said = fails(way(talks(script), "5 s"), parcel)
    assert any(words in said for words in ("closes the connection", "gives no answer", "does not stop talking"))


@pytest.mark.parametrize("secured", [False, True])
def test_a_server_that_trickles(
    secured: bool,
    talks: Callable[..., int],
    trickling: Callable[..., None],
    certificates: Any,
    parcel: Parcel,
    fails: Fails,
) -> None:
    def slowly(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        trickling(connection, over, b"X-Slow: yes\r\n")

    port = talks(slowly, certificates.context() if secured else None)
    said = fails(way(port, scheme="https" if secured else "http"), parcel, certificates.environment)
    assert said.endswith("is not done within 1 s")


def test_a_handshake_that_hangs(talks: Callable[..., int], parcel: Parcel, fails: Fails) -> None:
    assert fails(way(talks(hang), scheme="https"), parcel).endswith("is not done within 1 s")


def test_an_error_whose_body_never_comes_is_told_by_its_status(
    talks: Callable[..., int], parcel: Parcel, fails: Fails
) -> None:
    def headers_alone(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 502 Whatever\r\nContent-Length: 100\r\n\r\nbad")
        over.wait(20)

    assert fails(way(talks(headers_alone)), parcel).endswith("answers 502 Bad Gateway")


def test_a_body_that_never_comes_does_not_undo_a_success(
    talks: Callable[..., int], parcel: Parcel, arrives: Arrives
) -> None:
    def headers_alone(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        over.wait(20)

    before = time.monotonic()
    arrives(way(talks(headers_alone)), parcel)
    assert time.monotonic() - before < 1.0


def test_a_server_that_reads_nothing(talks: Callable[..., int], edition: Callable[..., Parcel], fails: Fails) -> None:
    from dataclasses import replace

    big = replace(edition(), changes=("x" * 20_000_000,))
    assert fails(way(talks(hang)), big).endswith("is not done within 1 s")


def test_nobody_there(refusing: int, unanswering: int, parcel: Parcel, fails: Fails) -> None:
    assert fails(way(refusing), parcel) == f"http://localhost:{refusing} refuses the connection"
    assert fails(way(unanswering), parcel) == f"http://localhost:{unanswering} is not done within 1 s"
