"""The numeric types of the physics: a float, or an array of float64 that broadcasts."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Num"]

Array: TypeAlias = NDArray[np.float64]
Num: TypeAlias = float | Array
