"""Random numbers that are functions of what they are for, so that no order of work can change them.

Counter-based, as in Salmon et al. 2011 (SC11, "Parallel random numbers: as easy as 1, 2, 3"): no state is kept.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def uniform(key: NDArray[np.uint64], j: int, step: int) -> float:
    """In (0, 1), of nothing but key[j] and the step: the finaliser of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA)."""
    z = key[j] + np.uint64(step + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (float(z >> np.uint64(11)) + 0.5) / 9007199254740992.0
