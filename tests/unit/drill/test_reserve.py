"""The simulated reserve: the same story for a seed however it is told, labelled as a drill in every message."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.drill.animals import BLOCK_S, SPECIES, Herd, population
from hub.drill.geography import degrees, metres
from hub.drill.message import Message
from hub.drill.reserve import Reserve
from hub.records.observation import Detection, Fix, Observation

START = datetime(2026, 5, 4, 9, 17, 3, 250_000, tzinfo=UTC)
SMALL = 0.1


def story(seed: int, hours: float, scale: float = SMALL, steps: int = 1) -> list[Message]:
    reserve = Reserve(seed, START, scale)
    marks = [START + timedelta(hours=hours) * step / steps for step in range(1, steps + 1)]
    return [message for mark in marks for message in reserve.advance(mark)]


@pytest.fixture(scope="module")
def day() -> list[Message]:
    return story(7, 24, scale=1.0)


def decoded(messages: list[Message]) -> list[tuple[Message, Observation]]:
    bodies = [message for message in messages if message.dialect == "envelope"]
    return [(message, msgspec.json.decode(message.body, type=Observation)) for message in bodies]


def test_reserve__six_hours_at_once_equal_thirty_six_steps_of_ten_minutes() -> None:
    assert story(7, 6) == story(7, 6, steps=36)


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    cuts=st.lists(st.integers(1, 3 * 3_600_000), max_size=6).map(sorted),
)
def test_reserve__any_steps_tell_the_same_story(seed: int, cuts: list[int]) -> None:
    reserve = Reserve(seed, START, SMALL)
    told = [m for cut in cuts for m in reserve.advance(START + timedelta(milliseconds=cut))]
    told += reserve.advance(START + timedelta(hours=3))
    assert told == story(seed, 3)


def test_reserve__another_seed_tells_another_story() -> None:
    assert story(7, 1) != story(8, 1)


def test_reserve__going_back_delivers_nothing_again() -> None:
    reserve = Reserve(7, START, SMALL)
    reserve.advance(START + timedelta(hours=1))
    assert reserve.advance(START + timedelta(minutes=10)) == []
    later = reserve.advance(START + timedelta(hours=2))
    assert min(message.delivered_at for message in later) >= START + timedelta(hours=1)


def test_reserve__messages_come_in_order_of_delivery_within_the_asked_time(day: list[Message]) -> None:
    times = [message.delivered_at for message in day]
    assert times == sorted(times)
    assert START.replace(microsecond=0) <= times[0]
    assert times[-1] < START + timedelta(days=1)


def test_reserve__every_envelope_decodes_and_is_flagged_as_drill(day: list[Message]) -> None:
    observations = decoded(day)
    assert observations
    assert all("drill" in observation.flags for _, observation in observations)
    assert all(message.device == observation.device for message, observation in observations)


def test_reserve__every_phone_location_is_owntracks_and_says_drill(day: list[Message]) -> None:
    bodies: list[tuple[str, dict[str, Any]]] = [
        (message.device, msgspec.json.decode(message.body)) for message in day if message.dialect == "owntracks"
    ]
    assert {message.dialect for message in day} == {"envelope", "owntracks"}
    for device, body in bodies:
        assert body["_type"] == "location"
        assert body["topic"] == f"owntracks/{device}"
        assert body["drill"] is True
        assert {"lon", "lat", "tst", "tid", "acc", "vel", "cog", "batt"} <= body.keys()


def test_reserve__a_day_has_plausible_counts(day: list[Message]) -> None:
    observations = [observation for _, observation in decoded(day)]
    seen = Counter(o.label for o in observations if isinstance(o, Detection) and o.device.startswith("cam-"))
    assert 1_000 <= seen.total() <= 3_000
    assert seen["person"] > 20
    assert seen["vehicle"] > 5
    collars = [o for o in observations if isinstance(o, Fix) and o.device.startswith("collar-")]
    assert 200 <= len(collars) <= 24 * 20 * 1.1
    assert any("failed_fix" in fix.flags and fix.longitude is None for fix in collars)
    named = [o for o in observations if isinstance(o, Detection) and o.individual]
    assert {o.scientific_name for o in named} == {s.scientific_name for s in SPECIES if s.named}


def test_reserve__three_phones_on_duty_move_the_map_within_ten_seconds_at_any_hour(day: list[Message]) -> None:
    for hour in range(24):
        since = START.replace(microsecond=0) + timedelta(hours=hour)
        sent = [m for m in day if m.dialect == "owntracks" and since <= m.delivered_at < since + timedelta(hours=1)]
        assert sum(count > 100 for count in Counter(message.device for message in sent).values()) >= 3
        times = [since.timestamp(), *(message.delivered_at.timestamp() for message in sent), since.timestamp() + 3_600]
        assert max(np.diff(times)) <= 10


def test_reserve__collars_come_late_in_batches_and_out_of_order() -> None:
    fixes = [(m, o) for m, o in decoded(story(7, 96, scale=0.2)) if o.device.startswith("collar-")]
    delays = [(message.delivered_at - fix.observed_at) / timedelta(hours=1) for message, fix in fixes]
    assert min(delays) > 0
    assert np.median(delays) > 1
    assert max(delays) > 12
    by_device = {o.device: [x.observed_at for _, x in fixes if x.device == o.device] for _, o in fixes}
    assert any(times != sorted(times) for times in by_device.values())


def test_reserve__some_messages_come_twice_with_the_same_bytes(day: list[Message]) -> None:
    again = [count for count in Counter((m.device, m.body) for m in day).values() if count > 1]
    assert 0.005 < len(again) / len(day) < 0.02


def test_reserve__history_fills_fourteen_days_and_joins_the_present() -> None:
    reserve = Reserve(7, START, SMALL)
    past = reserve.history(14)
    assert past == Reserve(7, START, SMALL).history(14)
    assert past == sorted(past)
    assert past[-1].delivered_at < START
    observed = [o.observed_at for _, o in decoded(past) if o.device.startswith("collar-")]
    assert START - min(observed) > timedelta(days=13, hours=20)
    late = [o for _, o in decoded(reserve.advance(START + timedelta(hours=8))) if o.device.startswith("collar-")]
    assert any(fix.observed_at < START for fix in late)
    with pytest.raises(RuntimeError):
        reserve.history(1)


def test_reserve__collar_fixes_lie_near_the_true_animal() -> None:
    reserve = Reserve(7, START, SMALL)
    wearer = {d.device: d.carrier for d in reserve.reference().deployments}
    device = {d.key: d.id for d in reserve.reference().devices}
    messages = reserve.advance(START + timedelta(hours=20))
    away: list[float] = []
    for _, fix in decoded(messages):
        if fix.device.startswith("collar-") and fix.longitude is not None and fix.latitude is not None:
            truth = reserve.truth(fix.observed_at, since=fix.observed_at)
            body = next(body for body in truth.bodies if body.id == wearer[device[fix.device]])
            here = metres([(fix.longitude, fix.latitude), (body.longitude, body.latitude)])
            away.append(float(np.hypot(*(here[0] - here[1]))))
    assert np.median(away) < 25


def test_animals__stay_in_their_home_ranges() -> None:
    animals = [animal for animal in population(7, SMALL) if animal.species.key == "sika deer"]
    herd = Herd(7, animals)
    paths = np.concatenate([herd.block(index)[:, :-1] for index in range(-96, 96)], axis=1)
    spread = (paths - np.array([animal.home for animal in animals])[:, None]).std()
    assert spread == pytest.approx(animals[0].species.sigma_m, rel=0.1)


def test_animals__past_and_present_join_without_a_jump() -> None:
    herd = Herd(7, population(7, SMALL))
    np.testing.assert_allclose(herd.block(-1)[:, -1], herd.block(0)[:, 0])
    np.testing.assert_allclose(herd.block(-2)[:, -1], herd.block(-1)[:, 0])
    # A velocity kept through the joint: the steps on both sides of it look alike.
    before, after = herd.block(-1)[:, -1] - herd.block(-1)[:, -2], herd.block(0)[:, 1] - herd.block(0)[:, 0]
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.7


def test_truth__knows_the_poachers_and_the_fences_they_cross() -> None:
    reserve = Reserve(7, START, SMALL)
    reserve.advance(START + timedelta(hours=24))
    end = START + timedelta(hours=24)
    crossings = reserve.truth(end, since=START).crossings
    entered = [c for c in crossings if c.role == "poacher" and c.fence == "Core zones" and c.kind == "enter"]
    assert entered
    poachers = reserve.truth(entered[0].at + timedelta(seconds=5)).poachers
    assert entered[0].key in {body.key for body in poachers}
    rangers = {body.key for body in reserve.truth(end).bodies if body.role == "ranger" and body.kind == "person"}
    assert len(rangers) == 3


def test_truth__enter_and_exit_of_one_body_and_fence_take_turns() -> None:
    reserve = Reserve(7, START, SMALL)
    reserve.advance(START + timedelta(hours=24))
    crossings = reserve.truth(START + timedelta(hours=24), since=START).crossings
    turns: dict[tuple[str, str], list[str]] = {}
    for crossing in crossings:
        turns.setdefault((crossing.key, crossing.fence), []).append(crossing.kind)
    assert any(len(kinds) > 1 for kinds in turns.values())
    assert all(a != b for kinds in turns.values() for a, b in pairwise(kinds))


def test_truth__what_is_no_longer_kept_is_not_invented() -> None:
    reserve = Reserve(7, START, 0.02)
    reserve.advance(START + timedelta(hours=120))
    with pytest.raises(LookupError):
        reserve.truth(START + timedelta(hours=1))
    assert BLOCK_S == 3_600


def test_degrees__are_the_inverse_of_metres() -> None:
    points = [(130.6, 42.4), (131.7, 43.6)]
    assert degrees(metres(points)).tolist() == [list(point) for point in points]
