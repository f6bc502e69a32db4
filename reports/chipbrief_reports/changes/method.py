"""The method behind an edition, apart from its facts: versions and code of the tool and the plugins, and the draws."""

from __future__ import annotations

from chipbrief.evaluate import Results
from chipbrief.registry import code_fingerprint

__all__ = ["METRIC_VERSION", "method_of"]

METRIC_VERSION = 1  # of the words in docs/metrics.md: one whose meaning changes makes it 2


def method_of(results: Results) -> dict[str, str]:
    """What must be the same for two editions to be the same arithmetic, as text by name."""
    failed = {
        f"plugin {one.name} of {one.distribution}": f"{one.version} failed: {one.error}" for one in results.missing
    }
    return {
        "metrics": f"version {METRIC_VERSION}",
        **code_fingerprint(),
        **failed,
        "draws": f"{results.samples}, seed {results.seed}",
    }
