"""What the pipeline takes an observation's place to be worth."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.ellipse import covariance_from_ellipse, covariance_from_radius
from fusion.sensors import argos
from hub.pipeline.history import ASSUMED_UNCERTAINTY_M, ROW, covariance_of, merge, rows_of
from hub.pipeline.world import World
from hub.records.movement import Movement, Tag
from hub.records.observation import ErrorEllipse, Fix
from hub.store.observations import Seen
from tests import builders as a


def fix(**said: Any) -> Fix:
    return Fix(device="ptt-1", observed_at=datetime(2026, 1, 1, tzinfo=UTC), longitude=1.0, latitude=2.0, **said)


LONG = ErrorEllipse(semi_major_m=3_310.0, semi_minor_m=78.0, orientation_deg=71.0)


def test_covariance__of_an_argos_ellipse_has_a_longer_minor_axis_than_stated() -> None:
    found = covariance_of(fix(ellipse=LONG, attributes={"argos_class": "1"}))
    assert np.array_equal(found, argos.covariance_from_ellipse(3_310.0, 78.0, 71.0, argos.PSI)[0])
    assert np.linalg.eigvalsh(found[[0, 1, 1, 2]].reshape(2, 2))[0] == pytest.approx((78 * argos.PSI) ** 2 / 2)


def test_covariance__of_any_other_ellipse_is_as_stated() -> None:
    assert np.array_equal(covariance_of(fix(ellipse=LONG)), covariance_from_ellipse(3_310.0, 78.0, 71.0)[0])


def test_covariance__of_a_class_without_ellipse_or_radius_is_what_was_measured_of_the_class() -> None:
    found = covariance_of(fix(attributes={"argos_class": "B"}))
    assert np.array_equal(found, argos.covariance_from_class(["B"])[0])


def test_covariance__of_a_stated_radius_is_that_radius_whatever_the_class() -> None:
    found = covariance_of(fix(uncertainty_m=250.0, attributes={"argos_class": "3"}))
    assert np.array_equal(found, covariance_from_radius(250.0)[0])


@pytest.mark.parametrize("attributes", [{}, {"argos_class": "?"}])
def test_covariance__of_nothing_stated_is_an_assumption(attributes: dict[str, str]) -> None:
    assert np.array_equal(covariance_of(fix(attributes=attributes)), covariance_from_radius(ASSUMED_UNCERTAINTY_M)[0])


def test_rows__of_a_tag_have_what_was_fitted_to_it_on_the_animal_that_wore_it() -> None:
    tag, animals = a.a_device("seals", "ptt-1"), [a.an_individual("seals", name) for name in ("S1", "S2")]
    moved = datetime(2026, 2, 1, tzinfo=UTC)
    worn = [a.a_deployment(tag, animals[0], valid_to=moved), a.a_deployment(tag, animals[1], valid_from=moved)]
    fitted = Movement(
        individual=animals[0].id,
        tau_position_s=1e5,
        tau_velocity_s=1e4,
        sigma_m=1e3,
        centre_drift_m2_s=0.0,
        error_scale=1.0,
        spread_factor=1.0,
        log_covariance=(0.01,) * 16,
        fixes=50,
        tags=(Tag(device="ptt-1", scale=2.0, psi=6.0, tail=0.25),),
    )
    world = World(a.a_site("seals"), [tag, *animals, *worn], fits=[fitted])
    said = fix(ellipse=LONG, attributes={"argos_class": "1"})
    seen = [Seen(a.an_id(str(at)), "ptt-1", at, at, said) for at in (said.observed_at, moved)]
    mine, anothers = rows_of(seen, world)
    assert (mine["log_scale"], mine["tail"]) == (pytest.approx(np.log(2.0)), 0.25)
    assert np.array_equal(mine["covariance"], argos.covariance_from_ellipse(3_310.0, 78.0, 71.0, 6.0)[0])
    assert (anothers["log_scale"], anothers["tail"]) == (0.0, 0.0)
    assert np.array_equal(anothers["covariance"], covariance_of(said))


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=40), st.integers(0, 40))
def test_merge__at_the_end_or_in_between_makes_the_same_rows(times: list[float], cut: int) -> None:
    rows = np.zeros(len(times), ROW)
    rows["time_s"] = times
    rows["id"] = np.frombuffer(b"".join(k.to_bytes(16, "big") for k in range(1, len(times) + 1)), "V16")
    whole, _ = merge(rows[:0], rows)
    first, _ = merge(rows[:0], whole[:cut])
    second, inserted = merge(first, whole[cut:])
    assert second.tobytes() == whole.tobytes()
    assert sum(one.stop - one.start for one in inserted) == len(whole) - len(first)
    late, _ = merge(merge(rows[:0], whole[cut:])[0], whole[:cut])
    assert late.tobytes() == whole.tobytes()
