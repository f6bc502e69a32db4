"""The rows of a request log, CSV or JSON lines, plain or gzip, a block at a time and never the whole file."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, BinaryIO

from chipbrief.errors import InputError, Problem
from chipbrief.workload.from_trace.columns import find_columns

__all__ = ["Batch", "Log"]

BLOCK = 1 << 20  # characters that are read at once
LINE = 16_000_000  # characters of a line, or of a field of CSV: logs may carry whole prompts
BATCH_ROWS = 16_384
SCOUTED_LINES = 200  # JSON lines whose keys are looked at: a key may be absent from the first
_DELIMITERS = ",;\t|"
_END = "\0"  # stands for the end of a row where a block is split at once
_GZIP = b"\x1f\x8b"

Unreadable = Callable[[str, int, int], None]  # reason, first line, lines
Columns = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: the line where each begins, and its values by column, as text or as JSON has them."""

    lines: Sequence[int]
    arrival: Sequence[Any]
    input: Sequence[Any]
    output: Sequence[Any]
    cached: Sequence[Any] | None


class Log:
    """An open log: its columns, its rows once, and afterwards its sha256."""

    def __init__(self, stream: BinaryIO, file: str, chosen: Mapping[str, str]) -> None:
        """Look at the beginning of a log.

        Args:
            stream: its bytes.
            file: its name, for messages.
            chosen: names of columns by role, where they are not the usual ones.

        Raises:
            InputError: it is no log, or a column that is needed is not there.
        """
        self._file = file
        self._hashed = _Hashed(stream)
        self._raw = io.BufferedReader(self._hashed, BLOCK)
        with self._readable():
            head = self._raw.peek(4)[:4]
            if head.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise self._problem("is UTF-16 text; save it as UTF-8")
            plain: Any = gzip.GzipFile(fileobj=self._raw) if head.startswith(_GZIP) else self._raw
            self._text = _Text(io.TextIOWrapper(plain, encoding="utf-8-sig", errors="replace", newline=""))
            first = self._first_line()
            self.is_json = first.lstrip().startswith("{")
            if self.is_json:
                self.columns = find_columns(_keys(self._text.scout(SCOUTED_LINES)), chosen, file)
            else:
                self._heading = self._parse_heading(first)
                self.columns = find_columns(self._heading, chosen, file)

    @property
    def sha256(self) -> str:
        """Of the bytes of the file, as far as it has been read."""
        return self._hashed.digest.hexdigest()

    def batches(self, unreadable: Unreadable) -> Iterator[Batch]:
        """The rows, once; `unreadable` is told of every row that does not parse.

        Raises:
            InputError: the file breaks off or cannot be read any further.
        """
        with self._readable(), _long_fields():
            yield from self._json(unreadable) if self.is_json else self._csv(unreadable)
            while self._raw.read(BLOCK):  # what follows the last member of a gzip file counts for the hash
                pass

    def _first_line(self) -> str:
        for line in self._text.scout(SCOUTED_LINES):
            if line.lstrip().startswith("["):
                raise self._problem("is one JSON array; one object a line is read (jq -c '.[]' makes that)")
            if line.strip():
                return line
        raise self._problem("is empty")

    def _parse_heading(self, line: str) -> list[str]:
        self._delimiter = max(_DELIMITERS, key=line.count)
        names = [name.strip() for name in next(filter(None, self._reader()))]
        twice = sorted({name for name in names if names.count(name) > 1 and name})
        if twice:
            raise self._problem(f"has columns of the same name: {', '.join(twice)}")
        return names

    # -- CSV ----------------------------------------------------------------------------------------------

    def _csv(self, unreadable: Unreadable) -> Iterator[Batch]:
        places = [self._heading.index(name) for name in self.columns.named.values()]
        reader = self._reader()
        yield from self._by_row(reader, places, unreadable)  # what the heading's block holds besides it
        while block := self._text.block():
            columns = _split(block, self._delimiter, len(self._heading))
            if columns is None:
                self._text.put_back(block)
                yield from self._by_row(reader, places, unreadable)
                continue
            before = self._text.line
            self._text.line += len(columns[0])
            yield _batch(range(before + 1, self._text.line + 1), [columns[place] for place in places])

    def _by_row(self, reader: Iterator[list[str]], places: Sequence[int], unreadable: Unreadable) -> Iterator[Batch]:
        """Rows of the block at hand, quotes and broken ones among them, until one ends with a block."""
        pick = itemgetter(*places)
        rows: list[Sequence[str]] = []
        lines: list[int] = []
        while self._text.begun:
            before = self._text.line
            try:
                row = next(reader, None)
            except csv.Error as error:
                unreadable(f"the row does not parse as CSV ({error})", before + 1, self._text.line - before)
                continue
            if row is None:
                break
            if len(row) == len(self._heading):
                rows.append(pick(row))
                lines.append(before + 1)
            elif row:  # it counts as all the lines that it has swallowed
                told = "the row has another number of fields than the heading"
                unreadable(told, before + 1, self._text.line - before)
            if len(rows) == BATCH_ROWS:
                yield _batch(lines, list(zip(*rows, strict=True)))
                rows, lines = [], []
        if rows:
            yield _batch(lines, list(zip(*rows, strict=True)))

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._text, delimiter=self._delimiter, strict=True)

    # -- JSON lines ---------------------------------------------------------------------------------------

    def _json(self, unreadable: Unreadable) -> Iterator[Batch]:
        names = list(self.columns.named.values())
        pick, getters = itemgetter(*names), [_getter(name) for name in names]
        rows: list[Sequence[Any]] = []
        lines: list[int] = []
        for row in _objects(self._text, unreadable):
            try:
                rows.append(pick(row))
            except KeyError:
                rows.append([get(row) for get in getters])
            lines.append(self._text.line)
            if len(rows) == BATCH_ROWS:
                yield _batch(lines, list(zip(*rows, strict=True)))
                rows, lines = [], []
        if rows:
            yield _batch(lines, list(zip(*rows, strict=True)))

    # -- failures -----------------------------------------------------------------------------------------

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise self._problem(f"is a damaged gzip file: {error}") from None
        except csv.Error as error:
            raise self._problem(f"does not parse as CSV: {error}") from None
        except OSError as error:
            raise self._problem(f"cannot be read: {error.strerror or error}") from None

    def _problem(self, message: str) -> InputError:
        return InputError([Problem(message, self._file)])


class _Hashed(io.RawIOBase):
    """A stream that hashes what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(len(buffer))
        self.digest.update(block)
        buffer[: len(block)] = block
        return len(block)


class _Text:
    """A text by blocks of whole lines, or by lines; `line` counts those that have been given."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._ahead: io.StringIO = io.StringIO("")
        self._left = 0  # characters of the block at hand that have not been given
        self.line = 0

    @property
    def begun(self) -> bool:
        """Whether a block has been begun and not been given to its end."""
        return self._left > 0

    def block(self) -> str:
        """The next whole lines; an empty text at the end."""
        text = self._stream.read(BLOCK)
        return text if not text or text.endswith("\n") else text + self._stream.readline(LINE)

    def put_back(self, block: str) -> None:
        """Give a block by lines after all."""
        self._ahead, self._left = io.StringIO(block, newline=""), len(block)

    def scout(self, count: int) -> Sequence[str]:
        """Up to `count` lines that come next, which are given once more."""
        if not self._left:
            self.put_back(self.block())
        at = self._ahead.tell()
        lines = [line for line, _ in zip(self._ahead, range(count), strict=False)]
        self._ahead.seek(at)
        return lines

    def __iter__(self) -> Iterator[str]:
        """Lines with their ends; a new block is read only when one is asked for beyond the last."""
        while True:
            while line := self._ahead.readline():  # asked anew each time: another reader may have put a block back
                self._left -= len(line)
                self.line += 1
                yield line
            block = self.block()
            if not block:
                return
            self.put_back(block)


def _split(block: str, delimiter: str, width: int) -> Columns | None:
    """The columns of a block in which every row is plain and of the right width, at the speed of `str.split`.

    None where a row may not be: a block with a quote, a bare carriage return, an empty line or an odd row. The end of
    a row becomes a field of its own; if these fields stand where they should and nowhere else, so do all others.
    """
    block = block.replace("\r\n", "\n")
    if '"' in block or "\r" in block or _END in block:
        return None
    cells = block.removesuffix("\n").replace("\n", f"{delimiter}{_END}{delimiter}").split(delimiter)
    cells.append(_END)
    ends = cells[width :: width + 1]
    if len(cells) != len(ends) * (width + 1) or not len(ends) == ends.count(_END) == cells.count(_END):
        return None
    return [cells[column :: width + 1] for column in range(width)]


def _batch(lines: Sequence[int], columns: Columns) -> Batch:
    arrival, into, out, *rest = columns
    return Batch(lines, arrival, into, out, rest[0] if rest else None)


def _objects(lines: Iterable[str], unreadable: Unreadable) -> Iterator[dict[str, Any]]:
    decode = json.JSONDecoder().decode
    for number, line in enumerate(lines, 1):
        try:
            row = decode(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            yield row
        elif line.strip():
            unreadable("the row is no JSON object", number, 1)


def _keys(lines: Iterable[str]) -> list[str]:
    """Names of what stands in the objects of some lines; inner ones are joined with dots."""
    found: dict[str, None] = {}
    for row in _objects(lines, lambda *_: None):
        found.update(dict.fromkeys(_names(row)))
    return list(found)


def _names(row: Any, prefix: str = "", depth: int = 3) -> Iterator[str]:
    for key, value in row.items() if isinstance(row, dict) else ():
        yield prefix + key
        if depth > 1:
            yield from _names(value, f"{prefix}{key}.", depth - 1)


def _getter(name: str) -> Callable[[dict[str, Any]], Any]:
    """What stands under a name, or under its parts one in the other; None where there is nothing."""
    parts = name.split(".")

    def get(row: dict[str, Any]) -> Any:
        value = row.get(name)
        if value is None and len(parts) > 1:
            value = row
            for part in parts:
                value = value.get(part) if isinstance(value, dict) else None
        return value

    return get


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let a field of CSV be as long as a line may be; a prompt of 128k tokens is longer than csv's own limit."""
    before = csv.field_size_limit(LINE)
    try:
        yield
    finally:
        csv.field_size_limit(before)
