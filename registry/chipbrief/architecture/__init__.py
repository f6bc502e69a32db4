"""Architectures: a model as groups of layers, from which its bytes and operations follow."""

from chipbrief.architecture.attention import AttentionGroup
from chipbrief.architecture.feed_forward import FeedForwardGroup
from chipbrief.architecture.model import Architecture
from chipbrief.architecture.precisions import FormatName, Native, Precision, Published, WeightBytes

__all__ = [
    "Architecture",
    "AttentionGroup",
    "FeedForwardGroup",
    "FormatName",
    "Native",
    "Precision",
    "Published",
    "WeightBytes",
]
