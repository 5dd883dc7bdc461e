"""What probably shows an individual, as rows of its track. Only tracks take it in: no fence, alert or movement fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from fusion.shares import effective_covariance
from hub.pipeline.history import Rows, merge, ordered_rows
from hub.pipeline.world import World
from hub.store.shares import Shared

LEAST_SHARE: Final = 0.1
"""Of a smaller share of a sighting nothing enters a track."""
MOST_OF_A_SHARE: Final = 0.9999
"""Nothing that is weighed is certain: 1 is what an individual carried, or what names it."""
CAUTION: Final = 3.0
"""Shares are taken in to this power: those that support each other are too sure of themselves. `fusion.places` mixes
two powers, which a single track cannot; this one holds the truth in its ellipses nearly as often, see `cautions` there.
"""
LIKELY: Final = 0.5
"""From this share on, it is more probably the individual than all others together: it says where somebody was last."""


def rows_of_shares(shared: Sequence[Shared], world: World) -> Rows:
    """Rows in canonical order, with the covariance that each has for this individual."""
    rows = ordered_rows((one.seen for one in shared), world)
    if not len(rows):
        return rows
    told = {one.seen.id.bytes: one for one in shared}
    mine = [told[key.tobytes()] for key in rows["id"]]
    share = np.array([one.share for one in mine])
    spread_m2 = np.array([one.spread_m2 for one in mine])
    rows["share"] = share
    careful = share**CAUTION
    rows["covariance"] = effective_covariance(rows["covariance"], careful, spread_m2)
    return rows


def with_shares(rows: Rows, shared: Rows) -> Rows:
    """All that a track is made from. What is certain of an observation goes before a share of it."""
    return merge(rows, shared)[0] if len(shared) else rows


def last_likely(rows: Rows) -> int | None:
    """The number of the last row that more probably than not is this individual's."""
    if len(rows) and rows["share"][-1] == 1.0:
        return len(rows) - 1
    likely = np.flatnonzero(rows["share"] >= LIKELY)
    return int(likely[-1]) if len(likely) else None
