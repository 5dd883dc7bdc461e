"""A year of a large reserve, fused again from nothing: python -m tests.bench.fusion_rebuild --json.

A fifth of the animals wear a collar that speaks every hour, all are seen by cameras about 0.3 times a day, false
pictures included (see `fusion_year`). Timed is pure fusion from rows in arrival order to answers, no database: putting
rows in canonical order, a smoothed track of the whole year of every collar, and whose each sighting is, in windows of
30 days one after the other as the hub weighs them (the last is the rest of the year; a window knows nothing of its
neighbours). Everybody's places in a window, two a day, are part of it, and told apart. Two processes share the work by
chunks of collars and by windows. Making the year is not timed, nor is loading compiled code.

The exponent is the slope of the logarithm of processor time over that of sightings. At sizes up to `--twice-up-to` all
rows come in a second order too, and the digests of all tracks and all answers have to be equal. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Final

import numpy as np

from fusion import compiled
from fusion.association import settle
from fusion.camera_process import sorted_cameras
from fusion.evidence import Evidence, keys_from
from fusion.identities import AssociationRules
from fusion.motion import MotionParameters
from fusion.places import positions
from fusion.roster import Roster
from fusion.sightings import NO_CAMERA, Sightings
from fusion.tracks import smooth
from tests.bench.fusion_rosette import LOG_SD
from tests.bench.fusion_scenario import DAY, SIGMA_M, TAU_POSITION_S, TAU_VELOCITY_S, Integers
from tests.bench.fusion_year import Year, year

WINDOW_S: Final = 30 * DAY
CHUNK: Final = 25
"""Collars per unit of work."""
GOAL_S: Final = 600.0

_made: list[tuple[Year, int]] = []
"""What the forked workers find: the year, and the seed of the order in which its rows come."""


def _keys(numbers: Integers) -> np.ndarray:
    return keys_from([hashlib.blake2b(int(j).to_bytes(8, "big"), digest_size=16).digest() for j in numbers])


def parameters_of(made: Year, animal: int) -> MotionParameters:
    kind = made.species[animal]
    return MotionParameters(float(TAU_POSITION_S[kind]), float(TAU_VELOCITY_S[kind]), float(SIGMA_M[kind]))


def collar(made: Year, row: int, order: int, since_s: float, until_s: float) -> Evidence:
    """Fixes of one collar in a time, which came in an order of their own."""
    rows = np.flatnonzero((made.hours >= since_s) & (made.hours < until_s))
    rows = np.random.default_rng([order, row]).permutation(rows)
    place = made.fixes[row, rows]
    covariance = np.tile([100.0, 0.0, 100.0], (len(rows), 1))
    # A key is what the hub gets from the row's content; here the animal and the hour are as good.
    keys = np.stack([np.full(len(rows), row), rows], axis=1).astype(">u8").view("V16").ravel()
    return Evidence.canonical(made.hours[rows], place[:, 0], place[:, 1], covariance, keys)


def tracks(chunk: tuple[int, int]) -> tuple[bytes, float]:
    """Digest of the tracks of some collars, and the processor time that they took."""
    (made, order), started = _made[0], time.process_time()
    digest = hashlib.sha256()
    for row in range(*chunk):
        evidence = collar(made, row, order, 0.0, np.inf)
        track, _ = smooth(evidence, parameters_of(made, int(made.collared[row])))
        for column in (track.x_m, track.y_m, track.covariance):
            digest.update(column.tobytes())
    return digest.digest(), time.process_time() - started


def window(number: int) -> tuple[bytes, float, float, float, int]:
    """Digest of a window's answers; processor time of the association, and of the places; right answers; its size."""
    (made, order), started = _made[0], time.process_time()
    since = number * WINDOW_S
    until = min(since + WINDOW_S, made.days * DAY)
    rows = np.flatnonzero((made.time_s >= since) & (made.time_s < until))
    rows = np.random.default_rng([order, number]).permutation(rows)
    n, listed = len(rows), made.who.shape[1]
    place, reach = made.place[rows], made.reach_m[made.camera[rows]]
    covariance = np.stack([reach**2 / 4, np.zeros(n), reach**2 / 4], axis=1)
    width, begin = 1.5 * made.reach_m, np.zeros(len(made.reach_m))
    cameras, place_of = sorted_cameras(
        made.camera_m[:, 0], made.camera_m[:, 1], width, begin, np.full(len(width), made.days * DAY)
    )
    sightings = Sightings.canonical(
        made.time_s[rows],
        place,
        covariance,
        place_of[made.camera[rows]],
        np.full(n, NO_CAMERA),
        made.species_ll[rows],
        np.arange(n + 1) * listed,
        made.who[rows].ravel(),
        made.score[rows].ravel(),
        made.rest[rows],
        _keys(rows),
    )
    known = range(made.catalogued)
    names = [f"{i:05d}" for i in known]
    worn = {names[i]: collar(made, k, order, since, until) for k, i in enumerate(made.collared)}
    roster = Roster.of(
        names, made.species[: made.catalogued], [parameters_of(made, i) for i in known], np.array(LOG_SD), worn
    )
    half = 0.5 * made.side_m
    rules = AssociationRules(centre_x_m=half, centre_y_m=half, centre_sd_m=0.29 * made.side_m)
    settled = settle(sightings, roster, cameras, (since, until), rules)
    associated = time.process_time()
    found = settled.identities
    digest = hashlib.sha256(found.who.tobytes() + found.probability.tobytes() + found.nobody.tobytes())
    places, spread = positions(settled, np.arange(since, until, 0.5 * DAY))
    digest.update(places.tobytes() + spread.tobytes())
    ended = time.process_time()
    truth = {key.tobytes(): made.truth[j] for key, j in zip(_keys(rows), rows, strict=True)}
    really = np.array([truth[key.tobytes()] for key in sightings.keys])
    owner, _ = found.owners()
    right = float((owner == np.where(really < made.catalogued, really, NO_CAMERA)).sum())
    return digest.digest(), associated - started, ended - associated, right, n


def rebuilt(made: Year, order: int) -> dict[str, Any]:
    """One rebuild by two processes."""
    _made[:] = [(made, order)]
    chunks = [(lo, min(lo + CHUNK, len(made.collared))) for lo in range(0, len(made.collared), CHUNK)]
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        list(pool.map(_idle, range(2)))
        started = time.perf_counter()
        tracked = list(pool.map(tracks, chunks))
        tracked_s = time.perf_counter() - started
        weighed = list(pool.map(window, range(int(-(-made.days * DAY // WINDOW_S)))))
        wall = time.perf_counter() - started
        largest = max(pool.map(_largest, range(8)))
    digest = hashlib.sha256(b"".join([*(one[0] for one in tracked), *(one[0] for one in weighed)]))
    cpu = {
        "tracks": sum(one[1] for one in tracked),
        "association": sum(one[1] for one in weighed),
        "places": sum(one[2] for one in weighed),
    }
    return {
        "wall_s": round(wall, 1),
        "of_it_tracks_s": round(tracked_s, 1),
        "cpu_s": {name: round(seconds, 1) for name, seconds in cpu.items()} | {"all": round(sum(cpu.values()), 1)},
        "largest_process_mb": round(largest / 1024),
        "right": round(sum(one[3] for one in weighed) / max(sum(one[4] for one in weighed), 1), 3),
        "digest": digest.hexdigest()[:32],
    }


def _idle(_: int) -> None:
    compiled.warm_up()


def _largest(_: int) -> int:
    time.sleep(0.05)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measured(animals: int, days: float, is_twice: bool) -> dict[str, Any]:
    made = year(animals, days=days)
    row: dict[str, Any] = {
        "animals": animals,
        "collars": len(made.collared),
        "cameras": len(made.reach_m),
        "sightings": len(made.time_s),
        "fixes": made.fixes.shape[0] * made.fixes.shape[1],
        "a_day_and_animal": round(len(made.time_s) / animals / days, 3),
        **rebuilt(made, 1),
    }
    if is_twice:
        row["equal_in_another_order"] = rebuilt(made, 2)["digest"] == row["digest"]
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="accepted for symmetry; the last line is always JSON")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_250, 2_500, 5_000, 10_000])
    parser.add_argument("--twice-up-to", type=int, default=2_500)
    parser.add_argument("--days", type=float, default=365.0, help="shorter than a year where time is short")
    arguments = parser.parse_args()
    compiled.warm_up()
    sizes, days = ([60, 120], 45.0) if arguments.quick else (arguments.sizes, arguments.days)
    rows = []
    for animals in sizes:
        rows.append(measured(animals, days, animals <= arguments.twice_up_to))
        print(json.dumps(rows[-1]), flush=True)
    figures: dict[str, Any] = {
        "machine": {"processors": os.cpu_count(), "load": [round(one, 2) for one in os.getloadavg()]},
        "days": days,
        "rows": rows,
        "goals": {"wall_s": GOAL_S, "exponent": 1.05},
    }
    if len(rows) > 1:
        size = np.log([row["sightings"] for row in rows])
        for name, spent in (("cpu", [row["cpu_s"]["all"] for row in rows]), ("wall", [row["wall_s"] for row in rows])):
            figures[f"exponent_{name}"] = round(float(np.polyfit(size, np.log(spent), 1)[0]), 3)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
