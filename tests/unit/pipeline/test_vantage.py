"""What is heard or seen from somewhere is evidence of where the animal was, not of where the sensor stands."""

from __future__ import annotations

import math
import random
from typing import Any

import msgspec
import numpy as np
import pytest

from geo.geodesy import bearing_deg, distance_m
from hub.ingest.plausible import check
from hub.pipeline.fuse import evidence_of
from hub.pipeline.history import CAMERA_UNCERTAINTY_M, Rows, ordered_rows, place_of, rows_of
from hub.pipeline.world import World
from hub.records.errors import Implausible
from hub.records.observation import Detection, Fix, Sighting
from hub.store.observations import Seen
from tests import builders as a

SITE = "leopard"
ANIMAL, MICROPHONE, COLLAR = a.an_individual(SITE, "F01"), a.a_device(SITE, "ear"), a.a_device(SITE, "collar-1")
STATION = a.a_place(SITE, "ridge", uncertainty_m=10.0)
WORLD = World(
    a.a_site(SITE),
    [ANIMAL, MICROPHONE, COLLAR, STATION, a.a_deployment(MICROPHONE, STATION), a.a_deployment(COLLAR, ANIMAL)],
)


def heard(device: str = "ear", key: str = "one", **attributes: Any) -> Seen:
    said = Detection(device=device, observed_at=a.NOON, label="call", individual="F01", attributes=attributes)
    return Seen(a.an_id(key), device, a.NOON, a.NOON, said)


def seen(**attributes: Any) -> Seen:
    longitude, latitude = a.CENTRE
    said = Sighting(
        device="phone", observed_at=a.NOON, label="animal", individual="F01", attributes=attributes,
        longitude=longitude, latitude=latitude, uncertainty_m=10.0,
    )  # fmt: skip
    return Seen(a.an_id("sighting"), "phone", a.NOON, a.NOON, said)


def row_of(one: Seen) -> Any:
    (row,) = rows_of([one], WORLD, of=ANIMAL.id)
    return row


def from_station(row: Any) -> tuple[float, float]:
    ends = (STATION.longitude, STATION.latitude, row["longitude"], row["latitude"])
    return float(bearing_deg(*ends)), float(distance_m(*ends))


def sds(row: Any, at_deg: float) -> tuple[float, float]:
    """Along a bearing and across it."""
    c, angle = row["covariance"][[0, 1, 1, 2]].reshape(2, 2), math.radians(at_deg)
    along, across = np.array([math.sin(angle), math.cos(angle)]), np.array([math.cos(angle), -math.sin(angle)])
    return math.sqrt(along @ c @ along), math.sqrt(across @ c @ across)


def test_bearing__puts_the_animal_along_the_ray_and_is_as_wide_as_the_ray_at_its_far_end() -> None:
    row = row_of(heard(bearing_deg=60.0, bearing_sd_deg=3.0, range_at_most_m=2_000.0))
    assert from_station(row) == (pytest.approx(60.0, abs=0.01), pytest.approx(1_001.0, rel=0.01))
    along, across = sds(row, 60.0)
    assert along == pytest.approx(2_000.0 / math.sqrt(3.0), rel=0.03)
    assert across == pytest.approx(math.radians(3.0) * 2_000.0, rel=0.03)


def test_crossing_bearings__hold_the_animal_in_their_ellipse_as_often_as_it_says() -> None:
    rng, held, off_m = np.random.default_rng(2), 0, []
    for k in range(200):
        animal = np.array([rng.uniform(-2_500, 2_500), rng.uniform(500, 3_500)])
        information, weighed = np.zeros((2, 2)), np.zeros(2)
        for east in (-2_500.0, 2_500.0):
            at = math.degrees(math.atan2(animal[0] - east, animal[1])) + 5.0 * rng.standard_normal()
            row = row_of(heard(key=str(k), bearing_deg=at % 360.0, bearing_sd_deg=5.0))
            precision = np.linalg.inv(row["covariance"][[0, 1, 1, 2]].reshape(2, 2))
            x, y = WORLD.frame.to_metres(row["longitude"], row["latitude"])
            information += precision
            weighed += precision @ (np.array([east, 0.0]) + np.array([float(x), float(y)]))
        error = np.linalg.solve(information, weighed) - animal
        held += bool(error @ information @ error < 5.991)
        off_m.append(math.hypot(*error))
    assert held >= 190
    assert np.median(off_m) < 500.0, "and say far more than that it was within five kilometres"


def test_bearing_and_range__hold_the_moments_of_the_arc_even_of_a_wide_one() -> None:
    row = row_of(heard(bearing_deg=200.0, bearing_sd_deg=15.0, range_m=3_000.0, range_sd_m=5.0))
    rng = np.random.default_rng(1)
    turned, far = np.radians(15.0) * rng.standard_normal(200_000), 3_000.0 + 5.0 * rng.standard_normal(200_000)
    bearing, distance = from_station(row)
    assert bearing == pytest.approx(200.0, abs=0.01)
    assert distance == pytest.approx((far * np.cos(turned)).mean(), rel=0.005)
    along, across = sds(row, 200.0)
    assert along == pytest.approx((far * np.cos(turned)).std(), rel=0.03) and along > 100.0
    assert across == pytest.approx((far * np.sin(turned)).std(), rel=0.02)


@pytest.mark.parametrize(
    ("attributes", "sd_m"),
    [
        ({"range_m": 800.0, "range_sd_m": 80.0}, 2.0 * 800.0 / math.sqrt(2.0)),
        ({"range_at_most_m": 800.0}, 2.0 * 400.0),
    ],
)
def test_range_without_bearing__is_twice_as_wide_as_its_ring_or_disc_around_the_sensor(
    attributes: dict[str, Any], sd_m: float
) -> None:
    row = row_of(heard(**attributes))
    assert (row["longitude"], row["latitude"]) == (STATION.longitude, STATION.latitude)
    xx, xy, yy = row["covariance"]
    assert xx == yy == pytest.approx(sd_m**2, rel=0.03) and xy == 0.0


def test_sighting__at_a_bearing_and_a_distance_is_as_unsure_as_people_estimate() -> None:
    along, across = sds(row_of(seen(bearing_deg=90, range_m=400)), 90.0)
    assert along == pytest.approx(100.0, rel=0.05)
    assert across == pytest.approx(400.0 * math.radians(10.0), rel=0.05)


def test_confidence__divides_what_a_sighting_says_and_none_is_no_evidence() -> None:
    sure, half = (row_of(seen(observer_confidence=one))["covariance"] for one in (1.0, 0.5))
    assert half == pytest.approx(2.0 * sure)
    assert sure == pytest.approx(row_of(seen())["covariance"] / 0.99)
    assert len(rows_of([seen(observer_confidence=0.0)], WORLD, of=ANIMAL.id)) == 0
    assert row_of(heard(observer_confidence=0.0)).tobytes() == row_of(heard()).tobytes(), "of a machine it says nothing"


def test_without_such_attributes__a_row_is_the_same_to_the_bit() -> None:
    fix = Fix(device="collar-1", observed_at=a.NOON, longitude=131.4, latitude=43.1, attributes={"bearing_deg": 10.0})
    said = [heard(flank="left"), seen(note=1), Seen(a.an_id("fix"), "collar-1", a.NOON, a.NOON, fix)]
    assert rows_of(said, WORLD, of=ANIMAL.id).tobytes() == rows_of(said, WORLD).tobytes()
    assert row_of(heard())["covariance"][0] == pytest.approx(CAMERA_UNCERTAINTY_M**2 / (-2.0 * math.log(0.32)))


def test_one_that_people_decided_about__is_heard_from_there_though_it_names_nobody() -> None:
    named = heard(bearing_deg=60.0)
    unnamed = named._replace(observation=msgspec.structs.replace(named.observation, individual=None))
    assert row_of(unnamed).tobytes() == row_of(named).tobytes()
    assert rows_of([unnamed], WORLD)["longitude"] == STATION.longitude, (
        "of nobody's track it is where the sensor stands"
    )


def test_what_the_animal_carries__hears_others_from_where_the_animal_is() -> None:
    one = heard("collar-1", bearing_deg=10.0, range_m=500.0)
    one = one._replace(observation=Detection(
        device="collar-1", observed_at=a.NOON, label="call", longitude=131.4, latitude=43.1,
        attributes=one.observation.attributes,
    ))  # fmt: skip
    assert row_of(one)["longitude"] == 131.4


def test_order__changes_no_byte_of_the_evidence() -> None:
    said = [heard(key=str(k), bearing_deg=10.0 * k, bearing_sd_deg=2.0) for k in range(1, 8)]
    said += [seen(observer_confidence=0.7, bearing_deg=30.0, range_m=200.0), heard(key="ring", range_m=300.0)]

    def made(ordered: list[Seen]) -> Rows:
        return ordered_rows(ordered, WORLD, of=ANIMAL.id)

    whole = made(said)
    for seed in range(5):
        shuffled = random.Random(seed).sample(said, len(said))
        assert made(shuffled + shuffled[:3]).tobytes() == whole.tobytes()
    assert len(evidence_of(whole, WORLD.frame)) == len(said)


BAD = [
    ({"bearing_deg": 400.0}, "bearing_deg is 400"),
    ({"bearing_deg": math.nan}, "bearing_deg is nan"),
    ({"bearing_deg": "NE"}, "bearing_deg is 'NE'"),
    ({"bearing_deg": True}, "bearing_deg"),
    ({"bearing_deg": 10.0, "bearing_sd_deg": 0}, "bearing_sd_deg is 0"),
    ({"bearing_deg": 10.0, "bearing_sd_deg": 40.0}, "from 0.01 to 15"),
    ({"bearing_sd_deg": 4.0}, "without bearing_deg"),
    ({"range_sd_m": 4.0}, "without range_m"),
    ({"range_m": -5.0}, "range_m is -5"),
    ({"range_m": 10**400}, "range_m is 1000"),
    ({"range_at_most_m": math.inf}, "range_at_most_m is inf"),
    ({"range_m": 5.0, "range_at_most_m": 9.0}, "both given"),
    ({"observer_confidence": 1.5}, "observer_confidence is 1.5"),
    ({"observer_confidence": [1]}, "observer_confidence"),
]


@pytest.mark.parametrize(("attributes", "reason"), BAD)
def test_bad_value__is_refused_at_the_door_with_its_name_and_is_no_evidence_of_an_older_log(
    attributes: dict[str, Any], reason: str
) -> None:
    one = heard(**attributes)
    with pytest.raises(Implausible, match="attributes: ") as refused:
        check(one.observation, a.NOON, None)
    assert reason in str(refused.value)
    assert len(rows_of([one], WORLD, of=ANIMAL.id)) == 0
    assert place_of(one, WORLD) is not None, "where the sensor stands is known all the same"


@pytest.mark.parametrize(
    "attributes", [{"bearing_deg": 360, "bearing_sd_deg": 15}, {"range_m": 1}, {"bearing_deg": None}]
)
def test_value_at_its_bound__is_taken(attributes: dict[str, Any]) -> None:
    check(heard(**attributes).observation, a.NOON, None)
    assert np.isfinite(row_of(heard(**attributes))["covariance"]).all()
