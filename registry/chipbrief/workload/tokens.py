"""How many tokens a request has: fixed, by quantiles, or as a request log shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from pydantic import ValidationInfo, field_validator, model_validator

from chipbrief.config import Count, Fraction, Strict, read_columns
from chipbrief.errors import ChipbriefError
from chipbrief.physics import Array
from chipbrief.units import DIMENSIONS

__all__ = ["OutputDistribution", "TokenDistribution", "Tokens"]

_LEVELS = {"p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95, "p99": 0.99}
_NORMAL = NormalDist()


class TokenDistribution(Strict):
    """How many tokens a request has: one number, a mean, quantiles, or a column of a request log.

    Between quantiles the logarithm of the count is straight in the normal score (a log-normal through two points);
    a single number is taken as every request's.
    """

    mean: Count | None = None
    p10: Count | None = None
    p25: Count | None = None
    p50: Count | None = None
    p75: Count | None = None
    p90: Count | None = None
    p95: Count | None = None
    p99: Count | None = None
    trace: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict):
            DIMENSIONS["count"].parse(data)
            return {"mean": data}
        if isinstance(data.get("trace"), str):
            return {**data, **_quantiles_of(data["trace"], _column(cls), info)}
        return data

    @field_validator("mean", *_LEVELS)
    @classmethod
    def _some(cls, tokens: float | None) -> float | None:
        if tokens == 0:
            raise ValueError("expected more than 0 tokens")
        return tokens

    @model_validator(mode="after")
    def _rising(self) -> Self:
        values = list(self.points.values())
        if not values and self.mean is None:
            raise ValueError("give a number, a mean, quantiles such as {p50: 900, p95: 4000}, or a trace")
        if values != sorted(values):
            raise ValueError(f"quantiles must not fall: {', '.join(f'{k} {v:g}' for k, v in self.points.items())}")
        return self

    @property
    def points(self) -> Mapping[str, float]:
        """The quantiles that are given, rising."""
        return {name: getattr(self, name) for name in _LEVELS if getattr(self, name) is not None}

    def quantile(self, level: float) -> float:
        """Tokens that a share `level` of the requests does not exceed."""
        return float(np.exp(self._log_tokens(np.array([_NORMAL.inv_cdf(level)]))[0]))

    @property
    def average(self) -> float:
        """Mean tokens: as given, else over the quantiles' distribution between its 0.5th and 99.5th percentile."""
        if self.mean is not None:
            return self.mean
        scores = np.array([_NORMAL.inv_cdf(u) for u in np.linspace(0.005, 0.995, 199)])
        return float(np.exp(self._log_tokens(scores)).mean())

    def _log_tokens(self, scores: Array) -> Array:
        points = self.points
        if len(points) < 2:
            only = next(iter(points.values()), self.mean)
            assert only is not None
            return np.full(scores.shape, math.log(only))
        x = np.array([_NORMAL.inv_cdf(_LEVELS[name]) for name in points])
        y = np.log(list(points.values()))
        inside: Array = np.interp(scores, x, y)
        below = y[0] + (scores - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
        above = y[-1] + (scores - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
        return np.where(scores < x[0], below, np.where(scores > x[-1], above, inside))


class OutputDistribution(TokenDistribution):
    """Output tokens, reasoning included; `reasoning_share` of them are not shown to the user."""

    reasoning_share: Fraction = 0.0


def _column(kind: type[TokenDistribution]) -> str:
    return "output_tokens" if issubclass(kind, OutputDistribution) else "input_tokens"


def _quantiles_of(trace: str, column: str, info: ValidationInfo) -> dict[str, str]:
    folder = (info.context or {}).get("folder", Path())
    try:
        values = np.array(read_columns(folder / trace, [column])[column])
    except ChipbriefError as error:
        raise ValueError(str(error).replace("\n", "; ")) from None
    values = values[values > 0]
    if not len(values):
        raise ValueError(f"{trace}: no row with {column} above 0")
    quantiles = {name: f"{np.quantile(values, level):.6f}" for name, level in _LEVELS.items()}
    return {**quantiles, "mean": f"{values.mean():.6f}"}


class Tokens(Strict):
    """Tokens of a request; `cached_fraction` of the input is found in the prefix cache."""

    input: TokenDistribution
    cached_fraction: Fraction = 0.0
    output: OutputDistribution
