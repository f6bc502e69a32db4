"""The server by real sockets: what it gives, to whom, and what it never gives."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chipbrief.errors import ChipbriefError
from chipbrief_reports.site import SiteServer, serve, write_site

from . import shelf

SECRET = b"nobody may read this"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("around")
    (folder / "secret.txt").write_bytes(SECRET)
    root = folder / "editions"
    root.mkdir()
    shelf.example(root)
    write_site(root)
    (root / ".hidden").write_bytes(SECRET)
    (root / "two-chips" / ".work" / "x").mkdir(parents=True)
    (root / "two-chips" / ".work" / "x" / "briefing.html").write_bytes(SECRET)
    (root / "out").symlink_to(folder)
    (root / "out.txt").symlink_to(folder / "secret.txt")
    (root / "sly").symlink_to("two-chips/.work")
    (root / "loop").symlink_to("loop")
    (root / "empty").mkdir()
    os.mkfifo(root / "pipe.html")
    return root


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[SiteServer]:
    with SiteServer(root, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: SiteServer, target: str, *, method: str = "GET", head: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are, which no client library would; status, headers and body."""
    head = f"Host: 127.0.0.1:{server.server_port}\r\n" if head is None else head
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as peer:
        peer.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
        answer = b"".join(iter(lambda: peer.recv(65536), b""))
    start, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = start.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html?x=1", "text/html; charset=utf-8"),
        ("/feed.xml", "application/atom+xml; charset=utf-8"),
        ("/two-chips/", "text/html; charset=utf-8"),
        ("/two-chips/history.csv", "text/csv; charset=utf-8"),
        (f"/two-chips/{shelf.slot_of(1)}/briefing.pdf", "application/pdf"),
        (f"/two-chips/{shelf.slot_of(1)}/briefing.md", "text/markdown; charset=utf-8"),
        (
            f"/two-chips/{shelf.slot_of(1)}/briefing.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (f"/two-chips/{shelf.slot_of(1)}/data/facts.json", "application/json; charset=utf-8"),
        ("/two-chips/latest/briefing.html", "text/html; charset=utf-8"),
        ("/two%2Dchips/%69ndex.html", "text/html; charset=utf-8"),
    ],
)
def test_files_with_their_types(server: SiteServer, root: Path, target: str, kind: str) -> None:
    status, headers, body = ask(server, target)
    assert status == 200
    assert headers["Content-Type"] == kind
    name = target.partition("?")[0].replace("%2D", "-").replace("%69", "i")
    place = root / name.lstrip("/")
    assert body == (place / "index.html" if place.is_dir() else place).read_bytes()
    assert headers["Content-Length"] == str(len(body))


def test_head_gives_the_headers_alone(server: SiteServer) -> None:
    full, short = ask(server, "/feed.xml"), ask(server, "/feed.xml", method="HEAD")
    assert short[0] == 200
    assert short[2] == b""
    assert {k: v for k, v in short[1].items() if k != "Date"} == {k: v for k, v in full[1].items() if k != "Date"}


@pytest.mark.parametrize("target", ["/", "/nothing", "/empty"])
def test_every_answer_has_its_guards(server: SiteServer, target: str) -> None:
    _, headers, _ = ask(server, target)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Server"] == "chipbrief"
    assert "Content-Security-Policy" not in headers  # the pages have their own, which lets their scripts run


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/two-chips/../../secret.txt",
        "/./index.html", "/two-chips//index.html", "/..\\secret.txt", "/%5c..%5csecret.txt", "/%00",
        "/index.html%00.png", "/.hidden", "/%2ehidden", "/two-chips/.history.json", "/two-chips/.work/x/briefing.html",
        "/out/secret.txt", "/out.txt", "/sly/x/briefing.html", "/loop", "/pipe.html", "/empty/", "/nothing", "/%ff",
        "/%252e%252e/secret.txt", "/index.html/", "/feed.xml/x", "/two-chips/latest/", "secret.txt", "*",
        "http://127.0.0.1/index.html", f"/{'a' * 5000}",
    ],
)  # fmt: skip
def test_what_is_not_given(server: SiteServer, target: str) -> None:
    status, _, body = ask(server, target)
    assert status == 404
    assert SECRET not in body


def test_a_folder_is_led_to_its_own_address(server: SiteServer) -> None:
    status, headers, _ = ask(server, "/two-chips")
    assert (status, headers["Location"]) == (301, "/two-chips/")


@pytest.mark.parametrize(
    "host",
    [
        "Host: evil.example\r\n", "Host: 127.0.0.1\r\n", "Host: 127.0.0.1:1\r\n", "", "Host: \r\n",
        "Host: localhost.evil.example:{port}\r\n", "Host: 127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}\r\n",
        "Host: 0.0.0.0:{port}\r\n", "Host: user@127.0.0.1:{port}\r\n", "Host: [::ffff:127.0.0.1]:{port}\r\n",
    ],
)  # fmt: skip
def test_another_name_is_refused(server: SiteServer, host: str) -> None:
    """A page of another site whose name is pointed at 127.0.0.1 comes under that name."""
    status, _, body = ask(server, "/index.html", head=host.format(port=server.server_port))
    assert status == 421
    assert b"<html" not in body


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LocalHost", "[::1]"])
def test_the_names_of_this_machine(server: SiteServer, name: str) -> None:
    assert ask(server, "/", head=f"Host: {name}:{server.server_port}\r\n")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_but_reading(server: SiteServer, method: str) -> None:
    status, headers, _ = ask(server, "/index.html", method=method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_an_unknown_method_or_no_request_ends_the_connection_alone(server: SiteServer) -> None:
    assert ask(server, "/", method="BREW")[0] == 501
    with socket.create_connection(("127.0.0.1", server.server_port)) as peer:
        peer.sendall(b"\x00\x01\x02\r\n\r\n")
    assert ask(server, "/")[0] == 200


def test_a_body_is_no_second_request(server: SiteServer) -> None:
    inner = f"GET /feed.xml HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n\r\n"
    head = f"Host: 127.0.0.1:{server.server_port}\r\nContent-Length: {len(inner)}\r\n"
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as peer:
        peer.sendall(f"GET /nothing HTTP/1.1\r\n{head}\r\n{inner}".encode())
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            answer = b"".join(iter(lambda: peer.recv(65536), b""))
    assert b"<feed" not in answer


def test_it_listens_on_this_machine_alone(server: SiteServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1"}:
        with pytest.raises(OSError):  # noqa: PT011 - refused or unreachable, as the system has it
            socket.create_connection((address, server.server_port), timeout=2)


def test_a_slow_reader_keeps_nobody_waiting(server: SiteServer) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port)) as slow:
        slow.sendall(b"GET / HTT")
        assert ask(server, "/")[0] == 200


def test_a_port_that_is_taken_is_told(server: SiteServer, root: Path) -> None:
    with pytest.raises(ChipbriefError, match=rf"port {server.server_port} of 127\.0\.0\.1 is taken"):
        serve(root, port=server.server_port, ready=lambda url: None)


def test_no_folder_and_no_port(tmp_path: Path) -> None:
    with pytest.raises(ChipbriefError, match="no such folder"):
        serve(tmp_path / "none", port=0, ready=lambda url: None)
    with pytest.raises(ChipbriefError, match="expected 0 to 65535"):
        serve(tmp_path, port=70000, ready=lambda url: None)


COMMAND = "import sys; from chipbrief_reports.cli.serve import command; sys.exit(command.main(sys.argv[1:], standalone_mode=False))"


@pytest.fixture
def started(root: Path) -> Iterator[list[subprocess.Popen[str]]]:
    running: list[subprocess.Popen[str]] = []
    yield running
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_serves_until_it_is_asked_to_end(
    started: list[subprocess.Popen[str]], root: Path, number: signal.Signals, as_json: bool
) -> None:
    words = [sys.executable, "-c", COMMAND, str(root), "--port", "0", *(["--json"] if as_json else [])]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started.append(process)
    assert process.stdout
    line = process.stdout.readline()
    url = json.loads(line)["url"] if as_json else line.strip()
    port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/", url)[1])  # type: ignore[index]
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(f"HEAD / HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        assert b" 200 " in peer.recv(1000)
    process.send_signal(number)
    rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_folder_without_a_site_gets_one_and_one_without_editions_is_refused(tmp_path: Path) -> None:
    from chipbrief_reports.cli.serve import _complete

    with pytest.raises(ChipbriefError, match="holds no editions"):
        _complete(tmp_path)
    assert list(tmp_path.iterdir()) == []
    shelf.put(shelf.Series(tmp_path, "one"), shelf.FIRST, shelf.facts(10.0))
    _complete(tmp_path)
    assert (tmp_path / "index.html").is_file()
