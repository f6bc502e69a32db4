"""The pages of the site: the briefing's own templates and theme, with what leads from one page to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from chipbrief_reports.briefing.document import Chart
from chipbrief_reports.render import chart_svgs
from chipbrief_reports.render.calls import Calls
from chipbrief_reports.render.checks import all_blocks, check
from chipbrief_reports.render.live import live_data, policy, scripts
from chipbrief_reports.render.templates import environment
from chipbrief_reports.render.theme import FONTS, font_face, stylesheet, theme_of, variables
from chipbrief_reports.site.history import History
from chipbrief_reports.site.moved import history_document
from chipbrief_reports.site.shelves import Shelf
from chipbrief_reports.wording import long_date
from chipbrief_templates import BRIEFING, SITE, THEME

__all__ = ["history_page", "index_page", "series_page"]

FACES = ("Inter-400", "Inter-600", "Newsreader-400", "Newsreader-600")  # of the pages without charts
SENTENCES = 3


def index_page(shelves: Sequence[Shelf], title: str) -> bytes:
    """The site's first page: every series with its latest edition."""
    return _filled("index.html.j2", {"title": title, "shelves": shelves, "sentences": SENTENCES})


def series_page(shelf: Shelf, title: str) -> bytes:
    """All editions of a series, the newest first."""
    return _filled("series.html.j2", {"title": title, "shelf": shelf})


def history_page(history: History, title: str) -> bytes:
    """How the figures of a series moved, with live charts."""
    document = history_document(history)
    blocks = list(all_blocks(document))
    charts = chart_svgs([(b.spec, b.id, b.alternative) for b in blocks if isinstance(b, Chart)])
    check(document, charts)
    found = scripts(blocks, "screen")
    values = {
        "title": title,
        "briefing": document,
        "history": history,
        "charts": _marked(charts),
        "calls": Calls(()),
        "inputs": (),
        "stylesheet": stylesheet(theme_of({}), "screen") + _own(),
        "policy": policy(found),
        "scripts": list(_marked(dict(enumerate(found))).values()),
        "live": _marked(live_data(blocks, "screen")),
        "date": long_date(document.as_of, document.language),
    }
    return _filled("history.html.j2", values)


def _filled(name: str, values: Mapping[str, Any]) -> bytes:
    from markupsafe import Markup

    found = {
        "medium": "screen",
        "version": version("chipbrief"),
        "stylesheet": _styles(),
        "policy": policy(()),
        **values,
    }
    found["stylesheet"] = Markup(found["stylesheet"])  # noqa: S704 - bundled files only
    page: str = _engine().get_template(name).render(found)
    return page.encode("utf-8", "replace")


def _marked(texts: Mapping[Any, str]) -> dict[Any, Any]:
    """Texts that are markup already: drawn by chart_svg, bundled, or escaped where they were made."""
    from markupsafe import Markup

    return {key: Markup(text) for key, text in texts.items()}  # noqa: S704


@cache
def _engine() -> Any:
    """The briefing's engine, which escapes always, with the site's templates in front of the briefing's."""
    from jinja2 import ChoiceLoader, FileSystemLoader

    engine = environment(None)
    engine.loader = ChoiceLoader([FileSystemLoader(SITE), FileSystemLoader(BRIEFING)])
    return engine


@cache
def _styles() -> str:
    """The screen's look with the fonts that pages of text and tables need."""
    faces = [font_face(FONTS / f"{name}.ttf", "screen") for name in FACES]
    shared = [(THEME / name).read_text("utf-8") for name in ("briefing.css", "screen.css")]
    return "\n".join([*faces, variables(theme_of({})), *shared, _own()])


@cache
def _own() -> str:
    return (THEME / "site.css").read_text("utf-8")
