"""A briefing as GitHub-flavoured Markdown, for a chat or a repository: no HTML, no images, every text escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby

from chipbrief_reports.briefing.document import (
    Block,
    Briefing,
    Bullets,
    Cell,
    Chart,
    Column,
    Finding,
    Headlines,
    Note,
    Paragraph,
    Section,
    Table,
    Text,
)
from chipbrief_reports.export.blocks import on_paper
from chipbrief_reports.render.calls import Calls
from chipbrief_reports.render.templates import linkable
from chipbrief_reports.wording import count, long_date

__all__ = ["briefing_markdown", "escaped"]

ACTIVE = re.compile(r"[\\`*\[\]<>|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")  # $ opens a formula on GitHub
LEADING = re.compile(r"(\d{1,9})([.)])(?=\s|$)|([#+=-])|(:)(?=-)")
INVISIBLE = re.compile("[\\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
KEPT = "\u202f\u00a0"  # spaces that do not break
DEFINITION = re.compile(r"\S+(\s+[\"'(].*)?")  # what a reader without footnotes would take for a link's address
UNSAFE = {ord(mark): f"%{ord(mark):02X}" for mark in "()<>[]\\`|$"}


def briefing_markdown(briefing: Briefing) -> str:
    """Write a briefing out.

    Raises:
        ChipbriefError: where the text calls a note that is not there.
    """
    writer = _Writer(briefing.notes)
    parts = [*front(briefing)]
    for number, section in enumerate(briefing.sections):
        parts += writer.section(section)
        if number == 0 and briefing.missing:
            parts += ["### Missing from this edition", bulleted(escaped(item) for item in briefing.missing)]
    parts += [definition(note) for note in briefing.notes if writer.calls.anchors(note.number, 1)]
    return "\n\n".join(part for part in parts if part) + "\n"


def front(briefing: Briefing) -> Iterator[str]:
    """Title, question, and a line that says who, when and with what."""
    yield f"# {escaped(briefing.title) or 'Briefing'}"
    yield emphasised(escaped(briefing.subtitle), "*")
    dated = f"as of {long_date(briefing.as_of, briefing.language)}"
    made = f"made with chipbrief {escaped(briefing.version)}".strip()
    yield " · ".join(part for part in (escaped(briefing.organisation), dated, made) if part)


def definition(note: Note) -> str:
    """A footnote's definition with links to what it cites."""
    words = escaped(note.text).rstrip()
    parts = [words if words.endswith((".", "…")) else f"{words}."]
    parts += [f"{count(len(note.inputs), 'input')}: {', '.join(map(escaped, note.inputs))}."] if note.inputs else []
    cited = "; ".join(dict.fromkeys(source(*cite) for cite in note.sources))
    parts += [f"Sources: {cited}."] if cited else []
    content = " ".join(parts)
    return f"[^{note.number}]: " + ("In words: " if DEFINITION.fullmatch(content) else "") + content


def source(title: str, locator: str, day: str) -> str:
    """A source's title, linked where its locator is an address, and its date."""
    words = escaped(title)
    if linkable(locator):
        address = locator.translate(UNSAFE).replace("&", "&amp;")
        return ", ".join(part for part in (f"[{words or 'source'}]({address})", escaped(day)) if part)
    return ", ".join(part for part in (words, escaped(locator), escaped(day)) if part)


# -- text -----------------------------------------------------------------------------------------------------


def escaped(words: str, *, start: bool = True) -> str:
    """A text on one line, in which nothing is markup; `start` where it begins a line."""
    line = INVISIBLE.sub(lambda found: found[0] if found[0].strip(KEPT) == "" else " ", words)
    if start:
        line = line.lstrip()
    line = ACTIVE.sub(lambda found: f"\\{found[0]}", line)
    return LEADING.sub(led, line, count=1) if start and LEADING.match(line) else line


def led(found: re.Match[str]) -> str:
    r"""What would open a list, a heading or a rule: `1.` as `1\.`, `#` as `\#`."""
    return f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[0]}"


def emphasised(words: str, mark: str) -> str:
    """Escaped words in italics or bold; nothing for nothing."""
    bare = words.strip()
    return f"{mark}{bare}{mark}" if bare else ""


def bulleted(items: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {item}" for item in items)


class _Writer:
    """Turns blocks into Markdown and checks the notes that they call."""

    def __init__(self, notes: Iterable[Note]) -> None:
        self.calls = Calls(notes)

    def section(self, section: Section) -> Iterator[str]:
        """Heading and blocks."""
        yield f"## {': '.join(escaped(words) for words in (section.kicker, section.title) if words)}"
        for kind, blocks in groupby(on_paper(section.blocks), key=lambda block: block.kind):
            if kind == "finding":
                yield self._findings([block for block in blocks if isinstance(block, Finding)])
            else:
                yield from chain.from_iterable(self._block(block) for block in blocks)

    def _block(self, block: Block) -> Iterator[str]:
        if isinstance(block, Paragraph):
            yield f"### {escaped(block.heading)}" if block.heading else ""
            yield self.text(block.body)
        elif isinstance(block, Bullets):
            yield f"### {escaped(block.heading)}" if block.heading else ""
            yield bulleted(self.text(item) for item in block.items)
        elif isinstance(block, Headlines):
            yield self._headlines(block)
        elif isinstance(block, Table):
            yield from self._table(block)
        elif isinstance(block, Chart):
            yield from self._chart(block)

    def text(self, content: Text, *, start: bool = True) -> str:
        """A text with its calls of notes."""
        parts: list[str] = []
        for is_words, run in groupby(content, key=lambda part: isinstance(part, str)):
            if is_words:
                parts.append(escaped("".join(str(part) for part in run), start=start and not parts))
            else:
                parts += [self._call(part.note) for part in run if not isinstance(part, str)]
        return "".join(parts).strip()

    def _call(self, number: int) -> str:
        self.calls.use(number)
        return f"[^{number}]"

    def _findings(self, findings: Sequence[Finding]) -> str:
        return "\n".join(
            f"{number}. {self._strong(finding.title)} {self.text(finding.body)}".rstrip()
            for number, finding in enumerate(findings, start=1)
        )

    def _strong(self, content: Text) -> str:
        """Words in bold, and their notes behind."""
        words = self.text(tuple(part for part in content if isinstance(part, str)))
        return emphasised(words, "**") + self.text(tuple(part for part in content if not isinstance(part, str)))

    def _headlines(self, block: Headlines) -> str:
        lines = []
        for item in block.items:
            span = f" ({escaped(item.range, start=False)})" if item.range else ""
            lines.append(f"{emphasised(escaped(item.value), '**')}{span}: {self.text(item.caption, start=False)}")
        return bulleted(lines)

    def _table(self, table: Table) -> Iterator[str]:
        yield titled(table.title, table.subtitle)
        lines = [
            row_of(head(column) for column in table.columns),
            row_of("---:" if column.align == "right" else "---" for column in table.columns),
            *[row_of(self._cell(cell) for cell in row.cells) for row in table.rows],
        ]
        yield "\n".join(lines)
        yield self.text(table.caption)

    def _cell(self, cell: Cell) -> str:
        """Content, in bold where it is the best, and what stands below it in brackets."""
        words = self._strong(cell.content) if cell.best else self.text(cell.content)
        below = escaped(cell.second, start=False).strip()
        return f"{words} ({below})".strip() if below else words

    def _chart(self, chart: Chart) -> Iterator[str]:
        """A chart in words, set apart."""
        yield f"> {titled(chart.title, chart.subtitle)}\n>\n> Chart. {escaped(chart.alternative, start=False)}"
        yield self.text(chart.caption)


def titled(title: str, subtitle: str) -> str:
    """The line above a table or a chart."""
    return ": ".join(part for part in (emphasised(escaped(title), "**"), escaped(subtitle, start=False)) if part)


def head(column: Column) -> str:
    """A column's name with its unit."""
    unit = escaped(column.unit, start=False)
    return f"{escaped(column.name)} ({unit})".strip() if unit else escaped(column.name)


def row_of(cells: Iterable[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"
