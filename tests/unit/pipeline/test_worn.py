"""What is fitted to each tag of an animal before its movement is."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from fusion.hierarchy import around
from fusion.motion import MotionParameters
from fusion.sensors import argos
from hub.pipeline.world import World
from hub.pipeline.worn import errors_differ, worn_of
from hub.records.movement import UNFITTED, Tag
from hub.records.observation import ErrorEllipse, Fix
from hub.store.observations import Seen
from tests import builders as a
from tests.unit.fusion.simulated import BELIEVING, walk

SEAL = MotionParameters(40_000.0, 4_000.0, 5_000.0, centre_sd_m=1.0, outliers=BELIEVING)
TRUE_PSI = 6.0


def two_tags(n: int = 100) -> list[Seen]:
    """By turns a GPS tag, and an Argos tag whose ellipses are six times too thin."""
    rng = np.random.default_rng(5)
    times = np.arange(2 * n) * 1_800.0
    places = walk(times, SEAL, rng)
    found: list[Seen] = []
    for k, (x, y) in enumerate(places):
        bearing, major, minor = rng.uniform(0, 180), rng.uniform(2_000, 4_000), rng.uniform(100, 200)
        by_argos = k % 2 == 1
        if by_argos:
            R = argos.covariance_from_ellipse(major, minor, bearing, TRUE_PSI)[0][[0, 1, 1, 2]].reshape(2, 2)
            x, y = np.array([x, y]) + np.linalg.cholesky(R) @ rng.normal(size=2)
        at = a.NOON + timedelta(seconds=float(times[k]))
        stated = ErrorEllipse(semi_major_m=major, semi_minor_m=minor, orientation_deg=bearing)
        said = Fix(
            device="ptt" if by_argos else "gps",
            observed_at=at,
            longitude=a.CENTRE[0] + x / 81_000.0,
            latitude=a.CENTRE[1] + y / 111_100.0,
            ellipse=stated if by_argos else None,
            uncertainty_m=None if by_argos else 20.0,
            attributes={"argos_class": "2"} if by_argos else {},
        )
        found.append(Seen(a.an_id("fix", str(k)), said.device, at, at, said))
    return found


def test_worn__has_the_psi_of_each_tag_that_sent_ellipses_in_whatever_order_they_came() -> None:
    said, world = two_tags(), World(a.a_site("seals"), [])
    worn = worn_of(said[::-1], world, around(SEAL))
    assert worn.devices == ("gps", "ptt")
    assert worn.psi[0] == UNFITTED.psi and TRUE_PSI / 2 <= worn.psi[1] <= 2 * TRUE_PSI
    assert worn.tag.tolist() == [k % 2 for k in range(len(said))]
    again = worn_of([*said, *said[:9]], world, around(SEAL))
    assert again.psi == worn.psi and again.evidence.set_hash() == worn.evidence.set_hash()


def test_worn__of_few_ellipses_psi_is_assumed() -> None:
    assert worn_of(two_tags(20), World(a.a_site("seals"), []), around(SEAL)).psi == (UNFITTED.psi, UNFITTED.psi)


def test_errors__differ_by_what_they_are_and_not_by_how_many_fixes_say_so() -> None:
    one = (Tag(device="ptt", psi=3.0, fixes=40),)
    assert not errors_differ(one, (Tag(device="ptt", psi=3.0, fixes=90),))
    assert errors_differ(one, (Tag(device="ptt", psi=4.0, fixes=40),)) and errors_differ(one, ())
