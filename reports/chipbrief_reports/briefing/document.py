"""The briefing as plain data: comparable, JSON-able, and free of HTML.

A text is a sequence of strings and note references; a block is a finding, a paragraph, a table, a chart, a row of
headline figures, a list or a panel of sliders; a section is a page's worth of blocks. Only templates turn any of it into markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

__all__ = [
    "Bars",
    "Block",
    "Briefing",
    "Bullets",
    "Cell",
    "Chart",
    "Column",
    "Columns",
    "Finding",
    "Headline",
    "Headlines",
    "Note",
    "Paragraph",
    "Ref",
    "Row",
    "Section",
    "Slider",
    "Sliders",
    "Table",
    "Text",
    "as_json",
    "plain",
    "text",
]


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a note, by the note's number."""

    note: int


Text: TypeAlias = tuple[str | Ref, ...]


def text(*parts: str | Ref | Text) -> Text:
    """Build a text from strings, references and other texts."""
    flat: list[str | Ref] = []
    for part in parts:
        flat.extend(part if isinstance(part, tuple) else (part,))
    return tuple(flat)


def plain(content: Text) -> str:
    """A text without its references."""
    return "".join(part for part in content if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote: where a number comes from. `sources` are (title, locator, date) of what it cites.

    `short` is what stands at the foot of a printed page; without it the beginning of `text` does. `inputs` are the ids
    of all Figures that the number stands on.
    """

    number: int
    text: str
    sources: tuple[tuple[str, str, str], ...] = ()
    short: str = ""
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A numbered finding: a sentence in bold, and a line that supports it."""

    title: Text
    body: Text
    kind: Literal["finding"] = "finding"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; `heading` starts a part of the section, `tone` is `lede` for a section's first sentence."""

    body: Text
    heading: str = ""
    tone: Literal["plain", "lede", "small"] = "plain"
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list under a heading."""

    heading: str
    items: tuple[Text, ...]
    kind: Literal["bullets"] = "bullets"


@dataclass(frozen=True, slots=True)
class Headline:
    """One large figure with its caption; the range stands under it."""

    value: str
    range: str
    caption: Text


@dataclass(frozen=True, slots=True)
class Headlines:
    """Up to four large figures in a row."""

    items: tuple[Headline, ...]
    kind: Literal["headlines"] = "headlines"


@dataclass(frozen=True, slots=True)
class Bars:
    """An inline bar: a share between 0 and 1 of the column's largest value."""

    share: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `second` stands smaller below (a range, a reason); `dot` is the colour index of a system."""

    content: Text
    second: str = ""
    best: bool = False
    absent: bool = False
    bar: Bars | None = None
    dot: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: name, unit, alignment and width as a share of the table."""

    name: str
    unit: str = ""
    align: Literal["left", "right"] = "right"
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row; `group` starts with a heavier rule, `figure` is the id of the input that it shows, for notes to link to."""

    cells: tuple[Cell, ...]
    group: bool = False
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its finding as title; `id` is unique in the briefing."""

    id: str
    title: str
    subtitle: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: Text = ()
    dense: bool = False
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its finding, its unit, a Vega-Lite specification and what a reader who cannot see it is told."""

    id: str
    title: str
    subtitle: str
    spec: Mapping[str, Any]
    alternative: str
    caption: Text = ()
    kind: Literal["chart"] = "chart"


@dataclass(frozen=True, slots=True)
class Columns:
    """Two halves of the page side by side, above one another on a phone."""

    left: tuple[Block, ...]
    right: tuple[Block, ...]
    kind: Literal["columns"] = "columns"


@dataclass(frozen=True, slots=True)
class Slider:
    """A quantity that a reader may move: today's value, the ends of the slider, and how the value is written.

    `span` is today's range in words. A `reason` says why it cannot be moved.
    """

    id: str
    label: str
    value: float
    low: float
    high: float
    step: float
    unit: Literal["percent", "usd", "usd_kwh", "years", "ratio"]
    span: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sliders:
    """A panel that moves charts and a ranking on the screen; paper has none of it.

    `data` is what the page sums: cost lines as coefficient x drivers (see `sections.live_costs`).
    """

    id: str
    title: str
    subtitle: str
    body: Text
    sliders: tuple[Slider, ...]
    ranking: Table
    data: Mapping[str, Any]
    kind: Literal["sliders"] = "sliders"


Block: TypeAlias = Finding | Paragraph | Bullets | Headlines | Table | Chart | Columns | Sliders


@dataclass(frozen=True, slots=True)
class Section:
    """One question answered; starts a page in print. `kicker` is the question's short name."""

    id: str
    kicker: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Briefing:
    """A whole document."""

    title: str
    subtitle: str
    organisation: str
    as_of: str
    language: str
    sections: tuple[Section, ...]
    notes: tuple[Note, ...]
    systems: tuple[tuple[str, str], ...]
    missing: tuple[str, ...] = ()
    theme: Mapping[str, str] = field(default_factory=dict)
    version: str = ""


def as_json(briefing: Briefing) -> dict[str, Any]:
    """The briefing as JSON-able data."""
    return asdict(briefing)
