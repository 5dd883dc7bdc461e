"""Whether the engine says what GEOS says where it is hard to say: python -m tests.bench.geo_exact --json.

Places and ways are made from valid shapes of many kinds at many scales, and from the reserve of the other benchmarks.
Only what GEOS decides without rounding is compared: `intersects` and `contains` of a place, `intersects` and `covers`
of a way. A check is a pair whose boxes meet; the others are compared too but not counted. Where the two differ,
rational arithmetic says who is wrong. Some ways are compared with rational arithmetic in full: how many stays, of
which kinds, and where. Anything the engine has wrong makes the program fail. --share 0.01 runs a hundredth.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crossing import ENTER, EXIT, THROUGH, CrossingColumns, crossing_columns
from geo.fence_index import FenceIndex
from geo.kernels import BORDER, INSIDE, OUTSIDE
from tests.bench.geo_alone import Disagreement, finish, goal
from tests.bench.geo_ground import FENCES, Floats, Integers, Shapes, fences, shapes
from tests.bench.geo_places import hard_places, hard_ways
from tests.bench.geo_shapes import KINDS, MERIDIAN, PLACEMENTS, nasty_shapes
from tests.unit.geo import twin

ROUNDS = 10  # of each kind at each placement, at full size
VERTICES, WAYS = 190, 8  # drawn in one round, at full size
IN_FULL = 50  # every so manyth pair of a way and a shape is computed in rational arithmetic
SINGLE = 40  # places of a round that are asked one by one
LEAST_CHECKS = {"places": 20_000_000, "ways": 300_000}
TOLD = 5  # differences that are written out


@dataclass
class Tally:
    """What was compared and what came of it."""

    place_checks: int = 0
    way_checks: int = 0
    ways_in_full: int = 0
    differences_from_geos: int = 0
    geos_wrong: int = 0
    engine_wrong: int = 0
    fraction_error_most: float = 0.0
    shapes: int = 0
    written_out: list[str] = field(default_factory=list)

    def wrong(self, *what: object) -> None:
        self.engine_wrong += 1
        if len(self.written_out) < TOLD:
            self.written_out.append("; ".join(map(str, what)))


def _matrix(points: int, count: int, point: Integers, fence: Integers) -> NDArray[np.bool_]:
    held = np.zeros((count, points), bool)
    held[fence, point] = True
    return held


def _states_of_geos(shape: shapely.Geometry, x: Floats, y: Floats) -> NDArray[np.int8]:
    meets, within = shapely.intersects_xy(shape, x, y), shapely.contains_xy(shape, x, y)
    return np.where(within, INSIDE, np.where(meets, BORDER, OUTSIDE)).astype(np.int8)


def _exact_state(shape: shapely.Geometry, x: float, y: float) -> int:
    edges = twin.edges(shape)
    state = twin.state(edges, twin.place(x, y))
    return max(state, twin.state(edges, twin.place(-x, y))) if abs(x) == 180.0 else state


def check_places(index: FenceIndex, places: Floats, tally: Tally) -> None:
    """All doors of the engine against GEOS, on every place and every shape of the index."""
    x, y = np.ascontiguousarray(places.T)
    count = len(index.fences)
    point, fence, state = index.locate(x, y)
    own = np.full((count, len(x)), OUTSIDE, np.int8)
    own[fence, point] = state
    held = own >= BORDER
    if len(point) != held.sum():
        tally.wrong("a pair comes twice from locate")
    for threads in (1, None):
        pairs = index.join(x, y, threads=threads)
        if len(pairs[0]) != held.sum() or (_matrix(len(x), count, *pairs) != held).any():
            tally.wrong(f"join with threads={threads} finds other pairs than locate")
    for one in range(min(SINGLE, len(x))):
        if sorted(index.holding(float(x[one]), float(y[one])).tolist()) != np.flatnonzero(held[:, one]).tolist():
            tally.wrong("holding finds other fences than locate", x[one].hex(), y[one].hex())
    for number, one_fence in enumerate(index.fences):
        shape = one_fence.geometry
        shapely.prepare(shape)
        geos = _states_of_geos(shape, x, y)
        seam = np.abs(x) == 180.0  # -180 and 180 are one meridian to the engine
        geos[seam] = np.maximum(geos[seam], _states_of_geos(shape, -x[seam], y[seam]))
        west, south, east, north = shape.bounds
        tally.place_checks += int(np.sum((x >= west) & (x <= east) & (y >= south) & (y <= north)))
        for one in np.flatnonzero(geos != own[number]).tolist():
            tally.differences_from_geos += 1
            exact = _exact_state(shape, float(x[one]), float(y[one]))
            tally.geos_wrong += int(exact != geos[one])
            if exact != own[number, one]:
                tally.wrong("place", x[one].hex(), y[one].hex(), f"is {exact}, told {own[number, one]}", shape.wkb_hex)


def check_ways(index: FenceIndex, ways: Floats, tally: Tally, first_in_full: int) -> None:
    """Crossings of single segments against GEOS, and of some against rational arithmetic."""
    x, y = np.ascontiguousarray(ways.reshape(-1, 2).T)
    told = crossing_columns(x, y, index, track=np.repeat(np.arange(len(ways)), 2))
    lines = shapely.linestrings(ways.reshape(-1, 2, 2))
    rests = (ways[:, :2] == ways[:, 2:]).all(axis=1)
    low, high = np.minimum(ways[:, :2], ways[:, 2:]), np.maximum(ways[:, :2], ways[:, 2:])
    segment, fence, kind = np.asarray(told.segment), np.asarray(told.fence_ix), np.asarray(told.kind)
    if (segment % 2).any():
        tally.wrong("a crossing is told on a segment between two tracks")
    counts = {
        one: np.bincount(
            fence[kind == one] * len(ways) + segment[kind == one] // 2, minlength=len(index.fences) * len(ways)
        )
        for one in (ENTER, EXIT, THROUGH)
    }
    for number, one_fence in enumerate(index.fences):
        shape = one_fence.geometry
        shapely.prepare(shape)
        begins, ends = (shapely.intersects_xy(shape, ways[:, k], ways[:, k + 1]) for k in (0, 2))
        meets = np.where(rests, begins, shapely.intersects(shape, lines))
        covered = np.where(rests, begins, shapely.covers(shape, lines))
        rows = slice(number * len(ways), (number + 1) * len(ways))
        enters, leaves, passes = (counts[one][rows] for one in (ENTER, EXIT, THROUGH))
        changes = meets & ~covered
        differs = (leaves != (begins & changes)) | (enters != (ends & changes))
        differs |= ((enters + leaves + passes) > 0) != changes
        west, south, east, north = shape.bounds
        boxes = (high[:, 0] >= west) & (low[:, 0] <= east) & (high[:, 1] >= south) & (low[:, 1] <= north)
        tally.way_checks += int(boxes.sum())
        tally.differences_from_geos += int(differs.sum())
        sample = np.flatnonzero(boxes)[(first_in_full + number) % IN_FULL :: IN_FULL].tolist()
        edges = twin.edges(shape) if sample or differs.any() else []
        for one in sorted({*np.flatnonzero(differs).tolist(), *sample}):
            tally.ways_in_full += 1
            right = _is_exact(told, (segment == 2 * one) & (fence == number), edges, ways[one], tally)
            if not right:
                tally.wrong("way", *(value.hex() for value in ways[one].tolist()), shape.wkb_hex)
            elif differs[one]:
                tally.geos_wrong += 1


def _is_exact(
    told: CrossingColumns,
    rows: NDArray[np.bool_],
    edges: list[tuple[twin.Place, twin.Place]],
    way: Floats,
    tally: Tally,
) -> bool:
    """Whether these rows are the stays of rational arithmetic, however short they or the absences between them are.

    Where along the way is rounded: it must lie on the way, and the most that it is off is kept.
    """
    ax, ay, bx, by = way.tolist()
    stays = twin.stays(edges, twin.place(ax, ay), twin.place(bx, by))
    got = np.stack([np.asarray(told.entered_at_fraction)[rows], np.asarray(told.left_at_fraction)[rows]], axis=1)
    if [[t != t for t in stay] for stay in got.tolist()] != [[t is None for t in stay] for stay in stays]:
        return False
    places = [t for t in got.ravel().tolist() if t == t]
    if places != sorted(places) or not all(0.0 <= t <= 1.0 for t in places):
        return False
    exact = [t for stay in stays for t in stay if t is not None]
    errors = [float(abs(Fraction(t) - u)) for t, u in zip(places, exact, strict=True)]
    tally.fraction_error_most = max([tally.fraction_error_most, *errors])
    return True


def nasty_rounds(share: float, tally: Tally) -> None:
    """Every kind of shape at every placement; a share of less than a tenth makes the rounds smaller, not fewer."""
    rounds = max(1, round(ROUNDS * share))
    vertices = max(2, round(VERTICES * ROUNDS * share / rounds))
    ways = max(1, round(WAYS * ROUNDS * share / rounds))
    for one_round in range(rounds):
        for at, placement in enumerate(PLACEMENTS):
            for kind in range(len(KINDS)):
                draw = np.random.default_rng([one_round, at, kind])
                made = nasty_shapes(kind, placement, 10, draw)
                index = FenceIndex.build(fences(made))
                tally.shapes += len(made)
                of = [fence.geometry for fence in index.fences]
                check_places(index, hard_places(of, vertices, draw), tally)
                if placement.name != MERIDIAN:
                    check_ways(index, hard_ways(of, ways, draw), tally, one_round + at + kind)


def reserve_round(share: float, tally: Tally) -> None:
    """The whole reserve in one index, asked at its vertices, edges and lattice lines in one go."""
    made: Shapes = shapes(max(50, round(FENCES * min(1.0, 10 * share))))
    index = FenceIndex.build(fences(made))
    tally.shapes += len(made)
    of = np.array([fence.geometry for fence in index.fences], object)
    shapely.prepare(of)
    places = hard_places(of, max(10, round(40_000 * share)), np.random.default_rng(8))
    x, y = np.ascontiguousarray(places.T)
    point, fence = shapely.STRtree(of).query(shapely.points(places))
    tally.place_checks += len(point)
    within = shapely.contains_xy(of[fence], x[point], y[point])
    meets = shapely.intersects_xy(of[fence], x[point], y[point])
    geos = np.where(within, INSIDE, BORDER)[meets]
    key = (point * len(of) + fence)[meets]
    own_point, own_fence, own_state = index.locate(x, y)
    own_key = own_point * len(of) + own_fence
    state_of_geos, state_of_own = (
        dict(zip(*pair, strict=True))
        for pair in ((key.tolist(), geos.tolist()), (own_key.tolist(), np.asarray(own_state).tolist()))
    )
    for pair in sorted(state_of_geos.items() ^ state_of_own.items()):
        one, number = divmod(pair[0], len(of))
        tally.differences_from_geos += 1
        exact = _exact_state(of[number], float(x[one]), float(y[one]))
        if state_of_own.get(pair[0], OUTSIDE) != exact:
            tally.wrong("place", x[one].hex(), y[one].hex(), f"is {exact}", number)
        else:
            tally.geos_wrong += 1
    for threads in (1, 2, None):
        pairs = index.join(x, y, threads=threads)
        if not np.array_equal(np.sort(pairs[0] * len(of) + pairs[1]), np.sort(own_key)):
            tally.wrong(f"join with threads={threads} finds other pairs than locate in the reserve")


def check(share: float) -> Tally:
    """All rounds at this share of their full size."""
    tally = Tally()
    nasty_rounds(share, tally)
    reserve_round(share, tally)
    return tally


def main(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    parser.add_argument("--quick", action="store_true", help="a hundredth")
    parser.add_argument("--share", type=float, default=None, help="of the full size; 1 by default")
    asked = parser.parse_args(given)
    share = asked.share if asked.share is not None else 0.01 if asked.quick else 1.0
    begun = time.process_time()
    tally = check(share)
    finish(
        {
            "program": "geo_exact",
            "share": share,
            **asdict(tally),
            "cpu_s": round(time.process_time() - begun, 1),
            "geos": shapely.geos_version_string,
            "goals": {
                "place_checks": goal(tally.place_checks, least=LEAST_CHECKS["places"] * share),
                "way_checks": goal(tally.way_checks, least=LEAST_CHECKS["ways"] * share),
                "engine_wrong": goal(tally.engine_wrong, most=0),
            },
        }
    )
    if tally.engine_wrong:
        raise Disagreement(f"{tally.engine_wrong} answers are wrong: {tally.written_out}")


if __name__ == "__main__":
    main(sys.argv[1:])
