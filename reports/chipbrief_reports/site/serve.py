"""The site on this machine: for reading in a browser, reachable from nowhere else.

Pages of other sites must not read it through the browser, so a request that does not name this machine is refused:
a name that somebody points at 127.0.0.1 is another name.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote_to_bytes

from chipbrief.errors import ChipbriefError

__all__ = ["SiteServer", "serve"]

HOST = "127.0.0.1"
NAMES = (HOST, "localhost", "[::1]")
HTTP_PORT = 80
FORBIDDEN = set("/\\" if os.name == "posix" else "/\\:")
SECONDS = 30  # that a reader may take for a request
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".xml": "application/atom+xml; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


class SiteServer(ThreadingHTTPServer):
    """Serves a folder on 127.0.0.1; `port` 0 takes one that is free.

    Raises:
        ChipbriefError: there is no such folder, or the port cannot be had.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name == "posix"  # elsewhere it would share a port that another has

    def __init__(self, root: Path, port: int = 8000) -> None:
        if not root.is_dir():
            raise ChipbriefError(f"{root}: no such folder of editions")
        self.root = root.resolve()
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            why = "is taken; give another with --port" if error.errno == errno.EADDRINUSE else error.strerror
            raise ChipbriefError(f"port {port} of {HOST} {why}") from error
        except OverflowError:
            raise ChipbriefError(f"port: expected 0 to 65535, got {port}") from None
        self.hosts = {f"{name}:{self.server_port}" for name in NAMES}
        if self.server_port == HTTP_PORT:
            self.hosts |= set(NAMES)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that goes away in the middle is no error of the server."""


def serve(root: Path, *, port: int = 8000, ready: Callable[[str], None]) -> None:
    """Serve the site until the process is interrupted or asked to end.

    Args:
        root: the folder of the editions.
        port: of 127.0.0.1; 0 takes one that is free.
        ready: told the address as soon as requests are answered.

    Raises:
        ChipbriefError: there is no such folder, or the port cannot be had.
    """
    with SiteServer(root, port) as server, _until_asked(server):
        ready(server.url)
        server.serve_forever(poll_interval=0.1)


@contextmanager
def _until_asked(server: SiteServer) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the loop; signals belong to the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()  # waits for the loop, which waits for this

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD; one request a connection, so that no body is ever taken for the next request."""

    server: SiteServer
    timeout = SECONDS
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _refuse(self) -> None:
        self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _refuse  # noqa: N815

    def _answer(self, *, body: bool) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].strip().lower() not in self.server.hosts:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        parts = _parts(self.path)
        place = _inside(self.server.root, parts) if parts is not None else None
        if parts is None or place is None or (not parts[-1] and not place.is_dir()):
            self.send_error(HTTPStatus.NOT_FOUND)
        elif place.is_dir() and parts[-1]:
            self._redirect(parts)
        else:
            self._send(place, body=body)

    def _redirect(self, parts: list[str]) -> None:
        """To the folder's own address, from which its links lead to the right places."""
        self.send_response(HTTPStatus.MOVED_PERMANENTLY)
        self.send_header("Location", f"/{'/'.join(quote(part, safe='') for part in parts)}/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, place: Path, *, body: bool) -> None:
        place = place / "index.html" if place.is_dir() else place
        file = _opened(place)
        if file is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with file:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", TYPES.get(place.suffix.lower(), "application/octet-stream"))
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.end_headers()
            if body:
                shutil.copyfileobj(file, self.wfile)

    def end_headers(self) -> None:
        """Headers of every answer, errors too; what a page may load, its own policy says."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")
        if self._code == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        super().end_headers()

    _code = 0

    def send_response(self, code: int, message: str | None = None) -> None:
        """Remember the code for the headers."""
        self._code = code
        super().send_response(code, message)

    def version_string(self) -> str:
        """What the header `Server` says: no versions, which are nobody's business."""
        return "chipbrief"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing: the terminal belongs to the command."""


def _parts(target: str) -> list[str] | None:
    """The names of an address's path, an empty one last for a folder; None for what no file here can be called."""
    path = target.partition("?")[0].partition("#")[0]
    if not path.startswith("/"):
        return None
    try:
        names = [unquote_to_bytes(name).decode() for name in path[1:].split("/")]
    except UnicodeDecodeError:
        return None
    if not all(names[:-1]) or not all(map(_harmless, names)):
        return None
    return names


def _harmless(name: str) -> bool:
    """Whether a name is that of a file in its folder, and not a hidden one."""
    return not name.startswith(".") and name.isprintable() and not FORBIDDEN & set(name)


def _inside(root: Path, parts: list[str]) -> Path | None:
    """The place of an address, links followed; None where it is outside the folder, hidden or not there."""
    try:
        place = root.joinpath(*parts).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    if not place.is_relative_to(root) or any(name.startswith(".") for name in place.relative_to(root).parts):
        return None
    return place


def _opened(place: Path) -> BinaryIO | None:
    """A regular file, open; a link, a pipe or a device is none, and opening it must not wait."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(place, flags)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    return os.fdopen(handle, "rb")
