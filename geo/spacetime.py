"""What else was near, then: pairs of places within R metres and T seconds of each other, on the ellipsoid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from geo import spacetime_kernels as kernels
from geo.columns import Columns, alike, columns_of, rows_of, span_ticks, ticks_per_s
from geo.geodesy import distance_m as geodesic_m
from geo.tiles import Bounds, Tile, tiles_of

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]

MOST_RADIUS_M = 150_000.0

_NOWHEN = np.iinfo(np.int64).min  # NaT
_MOST_SLABS = 1 << 16
_STRETCH = 1 << 16  # entries that are looked up at a time, and
_HELD = 1 << 15  # entries that are laid out for them, where time cuts that fine
_PIECE = 1 << 18
_NO_ROWS = rows_of(np.zeros(0, np.bool_))


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
    chunk: int = _STRETCH,
) -> Pairs:
    """All pairs of a left and a right row within `radius_m` on WGS84 and `window_s`, both inclusive.

    Tables are data frames (pandas, polars), Arrow tables or mappings of arrays; the columns are named by one name for
    both or by (left, right). Degrees; times are datetimes (UTC) or numbers of seconds. Without `right`, pairs within
    `left`, each once and none of a row with itself.

    Exact: what lies within 0.1 um of the radius (20 um for radii of 150 km) is decided by PROJ's geodesic, the shorter
    of its two directions; distances are within 0.1 um (20 um) of it. Antimeridian and poles are ordinary places.
    Beside the result it needs at most as much memory again as the columns. `chunk` is of no consequence for the result.

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
    one = columns_of(left, *(name[0] for name in names), "left")
    alone = right is None
    other = one if alone else columns_of(right, *(name[1] for name in names), "right")
    if not alone:
        one, other = alike(one, other)
    with ThreadPoolExecutor(threads or numba.config.NUMBA_NUM_THREADS) as pool:
        return _joined(_Search(pool, float(radius_m), float(window_s), alone, chunk), one, other, skip_invalid)


class _Search(NamedTuple):
    pool: ThreadPoolExecutor
    radius_m: float
    window_s: float
    alone: bool
    chunk: int

    @property
    def doubt_m(self) -> float:
        """How near the radius a distance is left to PROJ: many times the greatest error seen of the kernel."""
        return 1e-7 + 2e-5 * (self.radius_m / 150_000.0) ** 5


class _Side(NamedTuple):
    """A table and which of its rows count: all (`whole`) or `rows`; `ordered`: they stand in order of time."""

    columns: Columns
    rows: Rows
    whole: bool
    ordered: bool

    @property
    def size(self) -> int:
        """Entries that count."""
        return len(self.columns.time) if self.whole else len(self.rows)

    def within(self, belongs: Callable[[Floats, Floats], NDArray[np.bool_]]) -> _Side:
        x, y = self.columns.longitude, self.columns.latitude
        if self.whole:
            return self._replace(rows=rows_of(belongs(x, y)), whole=False)
        return self._replace(rows=_sealed(self.rows[belongs(x[self.rows], y[self.rows])]))


class _Slabs(NamedTuple):
    """A side by slabs of time."""

    side: _Side
    start: NDArray[np.int64]


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
    found: list[_Found] = []
    if left.size and right.size:
        reach_m = search.radius_m + search.doubt_m
        tiles = tiles_of(bounds, reach_m)
        for tile in tiles:
            mine, theirs = (left, right) if len(tiles) == 1 else (left.within(tile.owned), right.within(tile.seen))
            if mine.size and theirs.size:
                found += _tile_pairs(search, tile, mine, theirs, reach_m)
    return _result(search, one, other, found, swapped, left_wrong, right_wrong)


def _surveyed(search: _Search, columns: Columns, where: str, skip_invalid: bool) -> tuple[_Side, Bounds, int]:
    x, y, t = columns.longitude, columns.latitude, columns.time
    step = max(1, -(-len(x) // 8))
    starts = range(0, len(x), step)

    def look(start: int) -> tuple[int, int, bool, Floats]:
        out = np.empty(6)
        part = slice(start, start + step)
        return *kernels.survey(x[part], y[part], t[part], _NOWHEN, out), out

    bounds, first, wrong, ordered = Bounds(*((math.inf, -math.inf) * 3)), -1, 0, True
    for start, (bad, count, sorted_part, out) in zip(starts, search.pool.map(look, starts), strict=True):
        bounds = bounds.joined(Bounds(*out.tolist()))
        first = start + bad if first < 0 <= bad else first
        wrong += count
        ordered &= sorted_part and (start == 0 or bool(t[start - 1] <= t[start]))
    if wrong and not skip_invalid:
        raise ValueError(
            f"{where}: row {first} (longitude {x[first]}, latitude {y[first]}, time {_shown(columns, first)}) is no "
            f"place in degrees or no time; {wrong} of {len(x)} rows are. Leave them out with skip_invalid=True"
        )
    if not wrong:
        return _Side(columns, _NO_ROWS, True, ordered), bounds, 0
    good = (np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)
    good &= np.isfinite(t) if t.dtype.kind == "f" else t != _NOWHEN
    return _Side(columns, rows_of(good), False, False), bounds, wrong


def _shown(columns: Columns, row: int) -> object:
    tick = columns.time[row : row + 1]
    return tick[0] if columns.unit is None else tick.view(f"M8[{columns.unit}]")[0]


class _Found(NamedTuple):
    left: Rows
    right: Rows
    length: Floats
    lag: NDArray[Any]


def _tile_pairs(search: _Search, tile: Tile, left: _Side, right: _Side, reach_m: float) -> list[_Found]:
    """Pairs of one tile, stretch of time by stretch of time."""
    window = span_ticks(left.columns, search.window_s)
    sides = (left,) if search.alone and left is right else (left, right)
    spans = [kernels.span(side.columns.time, side.rows, side.whole) for side in sides]
    origin, end = min(low for low, _ in spans), max(high for _, high in spans)
    slabs = max(1, min(_MOST_SLABS, (left.size + right.size) // 64))
    per_tick = slabs / (float(end) - float(origin)) if end > origin else 0.0
    pad = min(slabs, int(window * per_tick) + 2)

    def cut(side: _Side) -> _Slabs:
        start = np.zeros(slabs + 1, np.int64)
        rows = kernels.order(
            side.columns.time, side.rows, side.whole, side.ordered, origin, per_tick, slabs, start
        )
        return _Slabs(side if side.ordered else side._replace(rows=_sealed(rows), whole=False), start)

    cuts = list(search.pool.map(cut, sides))
    mine, theirs = cuts[0], cuts[-1]
    near = tile.near(reach_m, apart=search.alone)

    def lay(stretch: tuple[int, int, int, int]) -> _Laid:
        return _laid_out(tile, theirs.side, *stretch[2:])

    def look(laid: _Laid, first: int, last: int) -> list[_Found]:
        return _looked_up(tile, near, laid, mine.side, first, last, window)

    stretches = list(_stretches(mine.start, theirs.start, pad, search.chunk))
    if len(stretches) >= 4:
        done = search.pool.map(lambda stretch: look(lay(stretch), stretch[0], stretch[1]), stretches)
        return [found for part in done for found in part]
    out: list[_Found] = []
    for stretch in stretches:
        laid = lay(stretch)
        pieces = [(k, min(k + _PIECE, stretch[1])) for k in range(stretch[0], stretch[1], _PIECE)]
        out += [found for part in search.pool.map(lambda piece: look(laid, *piece), pieces) for found in part]
    return out


def _stretches(
    left: NDArray[np.int64], right: NDArray[np.int64], pad: int, chunk: int
) -> Iterator[tuple[int, int, int, int]]:
    """(left from, to, right from, to) of the entries that meet, over all time; left ones once.

    A stretch is at least twice as long as the window reaches, so that the right side is laid out twice at most.
    """
    slabs = len(left) - 1
    at = 0
    while at < slabs:
        at = int(np.searchsorted(left, left[at], "right")) - 1
        if at >= slabs:
            return
        most = int(np.searchsorted(left, left[at] + chunk, "right")) - 1
        held = right[max(0, at - pad)] + max(1, chunk * _HELD // _STRETCH)
        end = min(most, int(np.searchsorted(right, held, "right")) - 1 - pad)
        end = min(slabs, max(end, at + 2 * pad))
        first, last = int(right[max(0, at - pad)]), int(right[min(slabs, end + pad)])
        if last > first:
            yield int(left[at]), int(left[end]), first, last
        at = end


class _Laid(NamedTuple):
    fold: kernels.Fold
    marks: kernels.Fold
    start: NDArray[np.int64]
    bits: NDArray[np.uint64]
    time: NDArray[Any]
    place: Floats
    row: Rows


def _laid_out(tile: Tile, side: _Side, first: int, last: int) -> _Laid:
    fold = _fold(tile, 2 * (last - first), 2, 22)
    marks = _fold(tile, 16 * (last - first), 6, 23)
    x, y, t, _ = side.columns
    parts = kernels.layout(x, y, t, side.rows, side.whole, first, last, side.ordered, tile.plane, fold, marks)
    return _Laid(fold, marks, *parts)


def _fold(tile: Tile, buckets: int, least: int, most: int) -> kernels.Fold:
    """A torus of at least so many buckets, no larger than the tile needs; `least` and `most` in powers of two."""
    bits = min(max(buckets.bit_length(), least + 2), most)
    across = max(least, (tile.columns + 3).bit_length())
    up = max(2, (tile.lines + 3).bit_length())
    if across + up > bits:
        across = max(least, min(across, max(bits // 2, bits - up)))
        up = max(2, min(up, bits - across))
    return kernels.Fold(across, up)


def _looked_up(
    tile: Tile, near: kernels.Near, laid: _Laid, side: _Side, first: int, last: int, window: float
) -> list[_Found]:
    x, y, t, _ = side.columns
    room = max(1024, (last - first) // 4)
    out: list[_Found] = []
    while first < last:
        left, right, length = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room)
        lag = np.empty(room, laid.time.dtype)
        at, count = kernels.probe(
            x, y, t, side.rows, side.whole, first, last, window, near, tile.plane,
            *laid, left, right, length, lag,
        )  # fmt: skip
        if count:
            out.append(_Found(left[:count].copy(), right[:count].copy(), length[:count].copy(), lag[:count].copy()))
        if at == first:
            room *= 2
        first = at
    return out


def _result(
    search: _Search, one: Columns, other: Columns, found: list[_Found], swapped: bool, left_wrong: int, right_wrong: int
) -> Pairs:
    left, right, length, lag = (
        np.concatenate([part[k] for part in found]) if found else np.zeros(0, kind)
        for k, kind in enumerate((np.int32, np.int32, np.float64, one.time.dtype))
    )
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
        by_rows = np.argsort(key)
        left, right, length, lag = left[by_rows], right[by_rows], length[by_rows], lag[by_rows]
    return Pairs(left, right, length, lag / ticks_per_s(one), left_wrong, right_wrong)


def _sealed(rows: Rows) -> Rows:
    view = rows.view()
    view.flags.writeable = False
    return view


def warm_up() -> None:
    """Compile every kernel of a join, for datetimes and for seconds."""
    places = {"longitude": np.zeros(2), "latitude": np.zeros(2)}
    for time in (np.zeros(2), np.zeros(2, "M8[us]")):
        join(places | {"time": time}, radius_m=1.0, window_s=1.0)
        join(places | {"time": time}, places | {"time": time[::-1]}, radius_m=1.0, window_s=1.0)
