"""Animals on pictures of one moment are different animals: one to one within a burst, by loopy belief propagation.

Williams & Lau 2014, IEEE Transactions on Aerospace and Electronic Systems 50, 2942-2959: the messages converge for
every input; they are exact where no two sightings share two candidates. A fixed number of rounds, so that the answer
is a function of its input to the bit.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from fusion.association_kernels import Integers
from fusion.ellipse import Floats

ROUNDS: Final = 30
LEAST: Final = 1e-12


def bursts(burst: Integers) -> tuple[Integers, Integers]:
    """Rows of sightings that share a burst: first i8[b + 1] into members i8[k], both in canonical order."""
    order = np.argsort(burst, kind="stable")
    order = order[burst[order] >= 0]
    _, counts = np.unique(burst[order], return_counts=True)
    is_shared = np.repeat(counts > 1, counts)
    counts = counts[counts > 1]
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), order[is_shared].astype(np.int64)


@njit(nogil=True, cache=True)
def exclude(
    first: Integers,
    members: Integers,
    offset: Integers,
    who: Integers,
    out: Floats,
    if_here: Floats,
    others: Floats,
    strangers: Floats,
) -> None:
    """Correct what `association_kernels.share` wrote for sightings that must have different owners, in place."""
    message, back = np.ones(who.size), np.zeros(who.size)
    for b in range(first.size - 1):
        burst = members[first[b] : first[b + 1]]
        for _ in range(ROUNDS):
            for j in burst:
                nobody = LEAST
                for k in range(strangers.shape[1]):
                    nobody += strangers[j, k]
                total = nobody
                for p in range(offset[j], offset[j + 1]):
                    total += out[p] * message[p]
                for p in range(offset[j], offset[j + 1]):
                    back[p] = out[p] / max(total - out[p] * message[p], LEAST)
            for j in burst:
                for p in range(offset[j], offset[j + 1]):
                    taken = 0.0
                    for other in burst:
                        if other == j:
                            continue
                        q = offset[other] + np.searchsorted(who[offset[other] : offset[other + 1]], who[p])
                        if q < offset[other + 1] and who[q] == who[p]:
                            taken += back[q]
                    message[p] = 1.0 / (1.0 + taken)
        for j in burst:
            total = LEAST
            for k in range(strangers.shape[1]):
                total += strangers[j, k]
            for p in range(offset[j], offset[j + 1]):
                total += out[p] * message[p]
            for p in range(offset[j], offset[j + 1]):
                rest = max(total - out[p] * message[p], LEAST)
                before = max(1.0 - out[p], LEAST)
                odds = if_here[p] / max(1.0 - if_here[p], LEAST) * message[p] * before / rest
                if_here[p] = odds / (1.0 + odds)
                others[p] += np.log(rest / before)
                out[p] *= message[p] / total
            for k in range(strangers.shape[1]):
                strangers[j, k] /= total
