"""A named animal without a collar that stations hear has a track where their bearings cross."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from geo.geodesy import bearing_deg, distance_m
from hub.ingest.accept import Acceptor
from hub.pipeline.fuse import Points, points_of
from hub.pipeline.world import read_world
from hub.store import tracks
from hub.store.database import Database
from tests import builders as a
from tests.store import shared as s

# 2.4 km north of the middle station; the outer ones stand 6.5 km to either side of that.
ANIMAL = (a.CENTRE[0] + 0.03, a.CENTRE[1] + 0.02)


def heard(where: str, minutes: float, **attributes: Any) -> dict[str, Any]:
    at_deg = float(bearing_deg(a.CENTRE[0] + s.EAST[where], a.CENTRE[1], *ANIMAL))
    return {
        "kind": "detection",
        "device": f"camera-{where}",
        "observed_at": (a.NOON + timedelta(minutes=minutes)).isoformat(),
        "label": "call",
        "individual": "F03",
        "attributes": {"bearing_deg": at_deg, "bearing_sd_deg": 3.0, "range_at_most_m": 8_000.0} | attributes,
    }


SAID = [heard("middle", 0.0), heard("east", 0.5), heard("middle", 30.0), heard("east", 30.5)]


async def track_after(database: Database, batches: list[list[dict[str, Any]]]) -> tuple[Points, Any]:
    await s.a_reserve(database)
    line = await s.a_line(database)
    for batch in batches:
        await s.accepted(database, batch)
        await s.followed(line)
    since, until = a.NOON - timedelta(days=1), a.NOON + timedelta(days=1)
    found = await tracks.segments(database, s.SITE, [s.who("F03").id], since, until)
    world = await read_world(database, s.SITE)
    return points_of(found[s.who("F03")], world.frame, since, until), await tracks.digest(database, s.SITE)


async def test_bearings_of_two_stations__make_a_track_where_they_cross_in_any_order(database: Database) -> None:
    track, digest = await track_after(database, [SAID])
    assert len(track.time) == len(SAID)
    for longitude, latitude, major in zip(track.longitude, track.latitude, track.semi_major_m, strict=True):
        off_m = float(distance_m(longitude, latitude, *ANIMAL))
        assert off_m < major, "the ellipse holds the crossing"
        assert major < 1_500.0, "and is far shorter than either ray"
        assert float(distance_m(longitude, latitude, *a.CENTRE)) > 2_000.0, "no station is where the animal was"
    for seed in range(2):
        shuffled = random.Random(seed).sample(SAID, len(SAID))
        assert (await track_after(database, [[one] for one in [*shuffled, shuffled[0]]]))[1] == digest


async def test_direction_that_cannot_be__is_kept_in_quarantine_and_the_rest_is_taken(database: Database) -> None:
    await s.a_reserve(database)
    bad = heard("middle", 1.0, bearing_deg=400.0)
    (receipt,) = await Acceptor(database).accept([a.an_arrival([bad, SAID[0]], s.SITE)])
    assert len(receipt.ids) == 1 and receipt.quarantined == 1
    assert "bearing_deg is 400" in str(receipt.problems)


async def test_sighting_of_an_unsure_observer__leaves_the_track_wider(database: Database) -> None:
    at = {"longitude": ANIMAL[0], "latitude": ANIMAL[1], "uncertainty_m": 50.0}
    told = heard("middle", 0.0) | {"kind": "sighting", "device": "phone", "label": "animal", "attributes": {}} | at
    sure, _ = await track_after(database, [[told]])
    unsure, _ = await track_after(database, [[told | {"attributes": {"observer_confidence": 0.2}}]])
    assert unsure.semi_major_m[0] > 1.8 * sure.semi_major_m[0]
