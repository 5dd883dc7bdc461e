"""What else was near, then: pairs of places within R metres and T seconds of each other, on the ellipsoid."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from geo import slabs as slab_kernels
from geo import spacetime_kernels as kernels
from geo import time_sweep
from geo.columns import Columns, alike, columns_of, rows_of, span_ticks, ticks_per_s
from geo.found_pairs import Found, in_order
from geo.geodesy import distance_m as geodesic_m
from geo.spacetime_kernels import Near, Plane
from geo.tiles import Bounds, Tile, tiles_of
from geo.time_sweep import Held
from geo.timeline import NO_ROWS, RUN_CHUNK, Slabs, Table, Timeline

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]
Integers = NDArray[np.int64]

MOST_RADIUS_M = 150_000.0

_NOWHEN = np.iinfo(np.int64).min  # NaT
_MOST_SLABS = 1 << 15
_CHUNK = 1 << 17
_BUCKETS = 64  # for each entry in the window
_MOST_HELD = 1 << 15  # entries in the window at once, beyond which chains of them no longer stay in the cache


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs by left row, then right row; `lag_s` is how much later the right one was.

    Rows that were no place or no time are counted in `left_skipped` and `right_skipped`.
    """

    left_ix: Rows
    right_ix: Rows
    distance_m: Floats
    lag_s: Floats
    left_skipped: int = 0
    right_skipped: int = 0

    def __len__(self) -> int:
        return len(self.left_ix)


def join(
    left: Any,
    right: Any = None,
    *,
    radius_m: float,
    window_s: float,
    longitude: str | tuple[str, str] = "longitude",
    latitude: str | tuple[str, str] = "latitude",
    time: str | tuple[str, str] = "time",
    skip_invalid: bool = False,
    threads: int | None = None,
    chunk: int = _CHUNK,
    most_held: int = _MOST_HELD,
) -> Pairs:
    """All pairs of a left and a right row within `radius_m` on WGS84 and `window_s`, both inclusive.

    Tables are data frames (pandas, polars), Arrow tables or mappings of arrays; the columns are named by one name for
    both or by (left, right). Degrees; times are datetimes (UTC) or numbers of seconds. Without `right`, pairs within
    `left`, each once and none of a row with itself.

    Exact: what lies within 0.1 um of the radius (20 um for radii of 150 km) is decided by PROJ's geodesic, the shorter
    of its two directions; distances are within 0.1 um (20 um) of it. Antimeridian and poles are ordinary places.
    Beside the result it needs little memory for rows in order of time and for those that come track after track, and at
    most 1.5 times as much again as the columns for others. `chunk` and `most_held`, how many entries may be in the
    window at once before another way is gone, are of no consequence for the result.

    Raises ValueError with the first row that is no place or time, unless `skip_invalid`; and for a radius that is not
    0..150 km or a window that is negative or not finite.
    """
    if not 0.0 <= radius_m <= MOST_RADIUS_M:
        raise ValueError(f"radius_m must be 0..{MOST_RADIUS_M:.0f} metres, not {radius_m}")
    if not 0.0 <= window_s < math.inf:
        raise ValueError(f"window_s must be a number of seconds, zero or more, not {window_s}")
    if chunk < 1 or (threads is not None and threads < 1):
        raise ValueError("chunk and threads must be at least 1")
    names = [(name, name) if isinstance(name, str) else name for name in (longitude, latitude, time)]
    (x, other_x), (y, other_y), (t, other_t) = names
    one = columns_of(left, x, y, t, "left")
    alone = right is None
    other = one if alone else columns_of(right, other_x, other_y, other_t, "right")
    if not alone:
        one, other = alike(one, other)
    with ThreadPoolExecutor(threads or get_num_threads()) as pool:
        return _joined(
            _Search(pool, float(radius_m), float(window_s), alone, chunk, most_held), one, other, skip_invalid
        )


class _Search(NamedTuple):
    pool: ThreadPoolExecutor
    radius_m: float
    window_s: float
    alone: bool
    chunk: int
    most_held: int

    @property
    def doubt_m(self) -> float:
        """How near the radius a distance is left to PROJ: many times the greatest error seen of the kernel."""
        return 1e-7 + 2e-5 * (self.radius_m / 150_000.0) ** 5


def _joined(search: _Search, one: Columns, other: Columns, skip_invalid: bool) -> Pairs:
    left, left_bounds, left_wrong = _surveyed(search, one, "left", skip_invalid)
    if search.alone:
        right, bounds, right_wrong = left, left_bounds, 0
    else:
        right, right_bounds, right_wrong = _surveyed(search, other, "right", skip_invalid)
        bounds = left_bounds.joined(right_bounds)
    # The smaller side is laid out, the larger looks it up.
    swapped = right.size > left.size
    if swapped:
        left, right = right, left
    found: list[Found] = []
    if left.size and right.size:
        reach_m = search.radius_m + search.doubt_m
        tiles = tiles_of(bounds, reach_m)
        window = span_ticks(one, search.window_s)
        for tile in tiles:
            mine, theirs = (left, right) if len(tiles) == 1 else (left.within(tile.owned), right.within(tile.seen))
            if mine.size and theirs.size:
                near = tile.near(reach_m, apart=search.alone)
                found += _tile_pairs(search, window, tile, mine, theirs, near)
    return _result(search, one, other, found, swapped, left_wrong, right_wrong)


def _surveyed(search: _Search, columns: Columns, where: str, skip_invalid: bool) -> tuple[Table, Bounds, int]:
    """(what counts, bounds of its places, how many rows are left out)."""
    x, y, t = columns.longitude, columns.latitude, columns.time
    step = max(1, -(-len(x) // 8))
    starts = range(0, len(x), step)

    def look(start: int) -> tuple[int, int, bool, Any, Any, Floats]:
        out = np.empty(6)
        part = slice(start, start + step)
        return *slab_kernels.survey(x[part], y[part], t[part], _NOWHEN, out), out

    bounds, first, wrong, ordered, times = Bounds(*((math.inf, -math.inf) * 3)), -1, 0, True, []
    for start, (bad, count, rising, least, most, out) in zip(starts, search.pool.map(look, starts), strict=True):
        bounds = bounds.joined(Bounds(*out.tolist()))
        first = start + bad if first < 0 <= bad else first
        wrong += count
        times += [least, most] if count < min(step, len(x) - start) else []
        ordered &= rising and (start == 0 or bool(t[start - 1] <= t[start]))
    if wrong and not skip_invalid:
        raise ValueError(
            f"{where}: row {first} (longitude {x[first]}, latitude {y[first]}, time {_shown(columns, first)}) is no "
            f"place in degrees or no time; {wrong} of {len(x)} rows are. Leave them out with skip_invalid=True"
        )
    span = min(times, default=0), max(times, default=0)
    if not wrong:
        return Table(columns, NO_ROWS, True, ordered, *span), bounds, 0
    good = (np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)
    good &= np.isfinite(t) if t.dtype.kind == "f" else t != _NOWHEN
    return Table(columns, rows_of(good), False, False, *span), bounds, wrong


def _shown(columns: Columns, row: int) -> object:
    tick = columns.time[row : row + 1]
    return tick[0] if columns.unit is None else tick.view(f"M8[{columns.unit}]")[0]


def _tile_pairs(search: _Search, window: float, tile: Tile, left: Table, right: Table, near: Near) -> list[Found]:
    """Pairs of one tile, stretch of time by stretch of time."""
    tables = (left,) if left is right else (left, right)
    origin, end = min(left.least, right.least), max(left.most, right.most)
    count = max(1, min(_MOST_SLABS, (left.size + right.size) // 64))
    slabs = Slabs(origin, count / (float(end) - float(origin)) if end > origin else 0.0, count)
    lines = list(search.pool.map(lambda table: Timeline.of(table, slabs), tables))
    mine, theirs = lines[0], lines[-1]
    pad = min(count, int(window * slabs.per_tick) + 2)
    held = _held(mine, theirs, pad)
    if held.max() <= search.most_held:
        room = Held(1 << max(2, int(held.max()).bit_length()), _BUCKETS * int(held.mean() + 1))
        return _swept(search, window, mine, theirs, near, tile.plane, pad, room)
    ours, others = (line.whole() for line in (mine, theirs))
    out: list[Found] = []
    for first, last, held_first, held_last in slab_kernels.stretches(mine.start, theirs.start, pad).tolist():
        laid = kernels.layout(others, held_first, held_last, tile.plane)

        def probed(start: int, end: int = last, laid: kernels.Laid = laid) -> Found:
            end = min(start + search.chunk, end)
            room = _room(end - start, left)
            return _cut(*kernels.probe(ours, start, end, window, near, tile.plane, laid, room, 0))

        out += search.pool.map(probed, range(first, last, search.chunk))
    return out


def _swept(
    search: _Search, window: float, mine: Timeline, theirs: Timeline, near: Near, plane: Plane, pad: int, held: Held
) -> list[Found]:
    """Pairs of two timelines, in tasks of some slabs."""
    slabs = mine.slabs.number
    chunk = min(search.chunk, RUN_CHUNK) if len(mine.runs) or len(theirs.runs) else search.chunk
    firsts = np.union1d(np.flatnonzero(np.diff(mine.start[:-1] // chunk, prepend=-1)), 0)
    lasts = np.append(firsts[1:], slabs)
    lows, highs = np.maximum(firsts - pad, 0), np.minimum(lasts + pad, slabs)
    edges = np.unique(np.concatenate([firsts, lasts, lows, highs]))
    list(search.pool.map(lambda line: line.cut(edges), {id(line): line for line in (mine, theirs)}.values()))

    def swept(first: int, last: int, low: int, high: int) -> Found:
        others, their_start = theirs.stretch(low, high)
        if mine is theirs:
            ours, start = others, their_start
        else:
            ours, start = mine.stretch(first, last)
            start = np.pad(start, (first - low, high - last), "edge")
        span = first - low, last - low
        room = _room(int(start[span[1]] - start[span[0]]), mine.table)
        return _cut(*time_sweep.sweep(ours, others, start, their_start, *span, pad, held, window, near, plane, room))

    return list(search.pool.map(swept, firsts.tolist(), lasts.tolist(), lows.tolist(), highs.tolist()))


def _held(mine: Timeline, theirs: Timeline, pad: int) -> Integers:
    """How many of theirs are within `pad` slabs, for each slab that has some of mine."""
    slabs = mine.slabs.number
    s = np.flatnonzero(np.diff(mine.start))
    return theirs.start[np.minimum(slabs, s + 1 + pad)] - theirs.start[np.maximum(0, s - pad)]


def _room(entries: int, table: Table) -> Found:
    kind = table.columns.time.dtype
    size = 1024 + entries // 4
    return Found(np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size), np.empty(size, kind))


def _cut(found: Found, count: int) -> Found:
    left, right, length, lag = found
    return Found(left[:count].copy(), right[:count].copy(), length[:count].copy(), lag[:count].copy())


def _result(
    search: _Search, one: Columns, other: Columns, found: list[Found], swapped: bool, left_wrong: int, right_wrong: int
) -> Pairs:
    found.append(Found(NO_ROWS, NO_ROWS, np.zeros(0), one.time[:0]))
    left, right = np.concatenate([part.left for part in found]), np.concatenate([part.right for part in found])
    length, lag = np.concatenate([part.length for part in found]), np.concatenate([part.lag for part in found])
    found.clear()
    if swapped:
        left, right, lag = right, left, -lag
    doubtful = np.flatnonzero(length > search.radius_m - search.doubt_m)
    if len(doubtful):
        a, b = left[doubtful], right[doubtful]
        ends = one.longitude[a], one.latitude[a], other.longitude[b], other.latitude[b]
        length[doubtful] = np.minimum(geodesic_m(*ends), geodesic_m(*ends[2:], *ends[:2]))
        kept = length <= search.radius_m
        left, right, length, lag = left[kept], right[kept], length[kept], lag[kept]
    key = left.astype(np.int64) << 32 | right
    if len(key) and np.any(key[1:] < key[:-1]):
        left, right, length, lag = in_order(Found(left, right, length, lag))
    return Pairs(left, right, length, lag / ticks_per_s(one), left_wrong, right_wrong)


def warm_up() -> None:
    """Compile every kernel of a join, for datetimes and for seconds."""
    ascending, mixed = np.arange(4.0), np.array([1.0, 0.0, 3.0, 2.0])
    places = {"longitude": np.zeros(4), "latitude": np.zeros(4)}
    for kind in ("f8", "M8[us]"):
        given, other = (places | {"time": time.astype(np.int64).astype(kind)} for time in (ascending, mixed))
        unknown = other | {"longitude": np.array([0.0, np.nan, 0.0, 0.0])}
        for most_held in (0, _MOST_HELD):
            for left, right in ((given, None), (given, given), (other, given), (unknown, other)):
                join(left, right, radius_m=1.0, window_s=1.0, skip_invalid=True, most_held=most_held)
