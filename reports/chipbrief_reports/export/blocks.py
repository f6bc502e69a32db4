"""The blocks of a briefing that stand on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chipbrief_reports.briefing.document import Block, Columns, Sliders

__all__ = ["on_paper"]


def on_paper(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks in reading order, for columns the blocks in them; no panels, which only a screen can move."""
    for block in blocks:
        if isinstance(block, Columns):
            yield from on_paper((*block.left, *block.right))
        elif not isinstance(block, Sliders):
            yield block
