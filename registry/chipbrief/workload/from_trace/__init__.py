"""A workload mix from a request log: exact quantiles, cache share, hourly peak and burst, in one pass."""

from chipbrief.workload.from_trace.columns import parse_columns
from chipbrief.workload.from_trace.document import DEFAULT_KIND, DEFAULT_MODEL, KINDS, Terms, mix_text, usual_levels
from chipbrief.workload.from_trace.trace import Lengths, Trace, read_trace

__all__ = [
    "DEFAULT_KIND",
    "DEFAULT_MODEL",
    "KINDS",
    "Lengths",
    "Terms",
    "Trace",
    "mix_text",
    "parse_columns",
    "read_trace",
    "usual_levels",
]
