"""Pictures are looked at: each by one model, in turn, whatever dies meanwhile; and what is seen reaches the alert."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.pipeline.line import Line
from hub.records.errors import Unavailable
from hub.see import seeing as module
from hub.see.eye import Broken
from hub.store import alerts, looks, media
from hub.store.database import Database
from tests import builders as a
from tests.store.pictures import ANIMAL, PERSON, SITE, FakeEye, Reserve, a_detector, running, until
from tests.unit.see.test_looking import white


@pytest.fixture
async def reserve(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reserve:
    monkeypatch.setattr(module, "MODEL_EVERY_S", 0.05)
    found = Reserve(database, tmp_path)
    await found.found()
    return found


async def state_of(reserve: Reserve, medium: Any) -> tuple[str, str | None]:
    one = await media.get(reserve.database, SITE, medium)
    return one.state, one.looked_by


async def followed(reserve: Reserve) -> None:
    line = Line(reserve.database, SITE, lambda told, world: None)
    await line.start()
    while await line.step():
        pass


async def test_person__in_a_real_picture_is_an_alert_in_the_alert_table(reserve: Reserve) -> None:
    a_detector(reserve.models, "one")
    await reserve.take("gate.png", data=white(64, 64), received_at=a.NOON)
    async with running(reserve.seeing()) as seeing:
        await until(reserve.settled)
    await followed(reserve)
    (alert,) = await alerts.standing(reserve.database, SITE)
    assert (alert.kind, alert.severity, alert.detail["label"]) == ("present", "critical", "person")
    assert alert.occurred_at == a.NOON, "a live picture without a time was taken as it came"
    assert (seeing.looked, seeing.deaths) == ({"seen": 1}, 0)


async def test_no_model__pictures_wait_and_are_looked_at_once_one_is_activated(reserve: Reserve) -> None:
    medium = await reserve.take("one")
    eye = FakeEye()
    async with running(reserve.seeing(eye)) as seeing:
        await until(lambda: seeing.is_following)
        assert (seeing.model, eye.looked, await state_of(reserve, medium)) == (None, [], ("waiting", None))
        a_detector(reserve.models, "late")
        await until(reserve.settled)
    assert await state_of(reserve, medium) == ("seen", "late@1")


async def test_live__overtakes_a_thousand_that_came_in_bulk_and_cameras_take_turns(reserve: Reserve) -> None:
    a_detector(reserve.models, "one")
    await reserve.take("pattern", live=False)
    async with reserve.database.connection() as connection:
        await connection.execute(
            """insert into medium (id, site_id, sha256, kind, bytes, device, live, received_at)
               select gen_random_uuid(), site_id, sha256, kind, bytes, 'cam-' || 1 + (n > 990)::int, false,
                      received_at + n * interval '1 ms'
               from medium, generate_series(1, 1000) n"""
        )
    gate = threading.Semaphore(0)
    seen: list[str] = []

    def before(name: str, model: str) -> None:
        gate.acquire()
        seen.append(name)

    eye = FakeEye(before=before)
    async with running(reserve.seeing(eye)) as seeing:
        gate.release(4)
        await until(lambda: sum(seeing.looked.values()) >= 3)
        of_camera = "select count(*) from medium where state = 'seen' and device = 'cam-2'"
        async with reserve.database.connection() as connection:
            assert await connection.fetchval(of_camera) >= 1, "ten of one camera wait for 990 of another one"
        live = {await reserve.take("live-1"), await reserve.take("live-2", "cam-2")}
        await until(lambda: live <= seeing._lanes.in_hand)
        before_live = len(seen)
        gate.release(6)
        await until(lambda: len(seen) >= before_live + 5)
        eye.closed.set()
        gate.release(2_000)
    # The one in hand, and whoever was about to be.
    assert {"live-1", "live-2"} <= set(seen[before_live : before_live + 4])


@pytest.mark.parametrize("at", ["add", "store", "settle"])
async def test_kill__between_any_two_steps_leaves_one_look_and_one_set_of_detections(
    reserve: Reserve, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    a_detector(reserve.models, "first")
    medium = await reserve.take("one")
    eye = FakeEye(sees=lambda name, model: [PERSON, ANIMAL] if model == "first@1" else [ANIMAL])
    place = {"add": looks, "store": reserve.acceptor, "settle": looks}[at]
    true, broken = getattr(place, at), []

    async def fails_once(*args: Any) -> Any:
        found = await true(*args) if at == "store" else None
        if not broken:
            broken.append(at)
            raise Unavailable("killed")
        return found if at == "store" else await true(*args)

    monkeypatch.setattr(place, at, fails_once)
    with pytest.raises(Unavailable):
        async with running(reserve.seeing(eye)):
            await until(lambda: False)
    assert (await state_of(reserve, medium))[0] == "waiting"
    # Another model is active when the hub is back.
    a_detector(reserve.models, "second")
    async with running(reserve.seeing(FakeEye())):
        await until(reserve.settled)
    model = "second@1" if at == "add" else "first@1"
    assert await state_of(reserve, medium) == ("seen", model)
    said = {one.observation.attributes["model"] for one in await reserve.observed()}
    assert said == {model}, "a picture is never half old, half new"
    assert len(await reserve.observed()) == (1 if at == "add" else 2)
    assert [one.model for one in await looks.of(reserve.database, SITE, medium)] == [model]


async def test_order__of_arrival_changes_nothing(reserve: Reserve) -> None:
    a_detector(reserve.models, "one")
    names = [f"p{k}" for k in range(8)]
    states: list[Any] = []
    for order in (names, names[::-1]):
        async with running(reserve.seeing(FakeEye(), processes=2)):
            for name in (*order, order[0]):
                await reserve.take(name, f"cam-{1 + len(name + name[-1]) % 2}", live=name > "p3")
            await until(reserve.settled)
        found = await reserve.observed()
        states.append([(one.id, one.observation) for one in found])
        async with reserve.database.connection() as connection:
            await connection.execute("truncate medium, medium_delivery, look, observation, change_log cascade")
    assert len(states[0]) == 8
    assert states[0] == states[1]


async def test_swap__while_pictures_wait_each_has_one_whole_look_by_one_model(reserve: Reserve) -> None:
    a_detector(reserve.models, "old")
    for k in range(40):
        await reserve.take(f"p{k}", live=False)
    eye = FakeEye(sees=lambda name, model: [ANIMAL] * (1 if model == "old@1" else 3))
    async with running(reserve.seeing(eye, processes=2)) as seeing:
        await until(lambda: sum(seeing.looked.values()) >= 10)
        a_detector(reserve.models, "new")
        await until(lambda: seeing.model is not None and seeing.model.key == "new@1")
        for k in range(40, 60):
            await reserve.take(f"p{k}", live=False)
        await until(reserve.settled)
    boxes: dict[tuple[str | None, str], int] = {}
    for one in await reserve.observed():
        key = (getattr(one.observation, "media", None), one.observation.attributes["model"])
        boxes[key] = boxes.get(key, 0) + 1
    assert len(boxes) == 60, "each picture has the detections of one model"
    assert all(count == {"old@1": 1, "new@1": 3}[model] for (_, model), count in boxes.items())
    assert {model for _, model in boxes} == {"old@1", "new@1"}


async def test_again__the_new_model_s_look_counts_the_old_one_is_kept_and_its_alert_is_retracted(
    reserve: Reserve,
) -> None:
    a_detector(reserve.models, "old")
    medium = await reserve.take("one")
    sees = {"old@1": [PERSON], "new@1": [ANIMAL]}
    line = Line(reserve.database, SITE, lambda told, world: None)
    await line.start()

    async def look_and_follow() -> list[str]:
        async with running(reserve.seeing(FakeEye(sees=lambda name, model: sees[model]))):
            await until(reserve.settled)
        while await line.step():
            pass
        return [alert.detail["label"] for alert in await alerts.standing(reserve.database, SITE)]

    assert await look_and_follow() == ["person"]
    a_detector(reserve.models, "new")
    span = (a.NOON - timedelta(days=1), a.NOON + timedelta(days=1))
    assert await looks.ask(reserve.database, SITE, *span, None, "new@1") == 1
    assert await look_and_follow() == []
    assert await state_of(reserve, medium) == ("seen", "new@1")
    assert [one.model for one in await looks.of(reserve.database, SITE, medium)] == ["old@1", "new@1"]
    # Back again: the look is there already, and nobody need look.
    (reserve.models.folder / "active.json").write_text('{"detect": ["new", "old"]}')
    assert await looks.ask(reserve.database, SITE, *span, None, "old@1") == 1
    sees.clear()
    assert await look_and_follow() == ["person"]
    assert len(await reserve.observed()) == 2
    rebuilt = Line(reserve.database, SITE, lambda told, world: None)
    await rebuilt.start()
    await rebuilt.rebuild()
    assert [one.detail["label"] for one in await alerts.standing(reserve.database, SITE)] == ["person"]


async def test_preview__a_small_copy_says_nothing_more_whichever_came_first(reserve: Reserve) -> None:
    a_detector(reserve.models, "one")
    line = Line(reserve.database, SITE, lambda told, world: None)
    await line.start()
    for small, full in (("small-a", "full-a"), ("full-b", "small-b")):
        for name in (small, full):
            await reserve.take(name, "cam-1" if name.endswith("a") else "cam-2")
            async with running(reserve.seeing(FakeEye(sees=lambda name, model: [PERSON]))):
                await until(reserve.settled)
            while await line.step():
                pass
    standing = await alerts.standing(reserve.database, SITE)
    assert len(standing) == 2, "of each pair one alert stands"
    async with reserve.database.connection() as connection:
        rows = await connection.fetch("select s.name, f.name from medium s join medium f on f.id = s.preview_of")
    assert sorted(map(tuple, rows)) == [("small-a", "full-a"), ("small-b", "full-b")]


async def test_unreadable__is_quarantined_with_its_reason_and_counted_for_its_camera(reserve: Reserve) -> None:
    a_detector(reserve.models, "one")
    bad = await reserve.take("bad", "cam-2")
    good = await reserve.take("good")
    async with running(reserve.seeing(FakeEye())):
        await until(reserve.settled)
    one = await media.get(reserve.database, SITE, bad)
    assert (one.state, one.reason) == ("quarantined", "no picture")
    assert (await state_of(reserve, good))[0] == "seen"
    assert await looks.unreadable(reserve.database, 9) == [(SITE, "cam-2", 1)]


async def test_poison__what_no_database_can_hold_is_quarantined_and_the_others_are_seen(reserve: Reserve) -> None:
    a_detector(reserve.models, "one")
    media_ = [await reserve.take(name) for name in ("one", "poison", "two")]
    async with running(reserve.seeing(FakeEye())):
        await until(reserve.settled)
    states = [await media.get(reserve.database, SITE, one) for one in media_]
    assert [one.state for one in states] == ["seen", "quarantined", "seen"]
    assert (states[1].reason or "").startswith("what was seen cannot be kept")


async def test_bytes__that_are_gone_from_the_vault_stop_nobody(reserve: Reserve) -> None:
    a_detector(reserve.models, "one")
    gone, there = await reserve.take("gone"), await reserve.take("there")
    reserve.vault.remove((await media.get(reserve.database, SITE, gone)).sha256)
    async with running(reserve.seeing(FakeEye())):
        await until(reserve.settled)
    assert (await state_of(reserve, gone))[0] == "quarantined"
    assert (await state_of(reserve, there))[0] == "seen"


async def test_broken__a_model_that_cannot_look_leaves_pictures_waiting_and_says_why(reserve: Reserve) -> None:
    a_detector(reserve.models, "one")
    medium = await reserve.take("one")

    def before(name: str, model: str) -> None:
        raise Broken("it cannot be loaded")

    async with running(reserve.seeing(FakeEye(before=before))) as seeing:
        await until(lambda: bool(seeing.problem))
        assert seeing.problem == "it cannot be loaded"
    assert (await state_of(reserve, medium))[0] == "waiting"


async def test_card__of_ten_years_ago_is_believed_and_a_live_picture_of_then_is_not(reserve: Reserve) -> None:
    a_detector(reserve.models, "one")
    await reserve.take("old", live=False)
    await reserve.take("live", "cam-2")
    async with running(reserve.seeing(FakeEye(sees=lambda name, model: [PERSON], taken="2016:06:01 10:00:00"))):
        await until(reserve.settled)
    await followed(reserve)
    found = {one.observation.device: one.observation for one in await reserve.observed()}
    assert (found["cam-1"].observed_at.isoformat(), found["cam-1"].flags) == ("2016-06-01T00:00:00+00:00", ())
    assert (found["cam-2"].observed_at, found["cam-2"].flags) == (reserve.now, ("received_time",))
    assert len(await alerts.standing(reserve.database, SITE)) == 2


async def test_card__without_times_raises_no_alert_and_is_kept(reserve: Reserve) -> None:
    a_detector(reserve.models, "one")
    medium = await reserve.take("card.png", live=False, data=white(64, 64))
    async with running(reserve.seeing()):
        await until(reserve.settled)
    assert (await state_of(reserve, medium))[0] == "seen"
    (look,) = await looks.of(reserve.database, SITE, medium)
    assert b'"person"' in look.body
    assert await reserve.observed() == []
    assert (await media.get(reserve.database, SITE, medium)).facts["clock"] == "none"
