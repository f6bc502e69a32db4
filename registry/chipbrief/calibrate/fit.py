"""Least squares with bounds and a robust loss."""

from __future__ import annotations

import numpy as np

from chipbrief.calibrate.problem import Problem
from chipbrief.errors import MissingLibraryError
from chipbrief.physics import Array

__all__ = ["fit"]

SCALE = 0.15  # a logarithmic error from which a point pulls less than its square
INSIDE = 1e-6


def fit(problem: Problem, start: Array | None = None, *, steps: int = 40) -> Array:
    """The constants that fit the problem's rows best.

    Args:
        problem: rows, constants and what holds them.
        start: where to start; the constants' own starts for None.
        steps: evaluations at most.

    Raises:
        MissingLibraryError: SciPy is not installed.
    """
    try:
        from scipy.optimize import least_squares
    except ImportError:
        raise MissingLibraryError("calibrate needs SciPy: pip install 'chipbrief[calibrate]'") from None
    low, high = problem.bounds
    begin = np.clip(problem.start if start is None else start, low + INSIDE, high - INSIDE)
    found = least_squares(
        problem.residuals,
        begin,
        jac=problem.derivatives,
        bounds=(low, high),
        loss="soft_l1",
        f_scale=SCALE,
        x_scale=1.0,
        max_nfev=steps,
        ftol=1e-5,
        xtol=1e-5,
    )
    result: Array = found.x
    return result
