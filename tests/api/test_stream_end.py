"""A stream lasts as long as its reader may read, and its cursors tell what was sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from hub.console.access import COOKIE, token_hash
from hub.pipeline.line import Told
from hub.records.errors import DatabaseUnavailable
from hub.records.person import Caller
from hub.store import access, alerts
from tests import builders as a
from tests.api.attack import F01, a_camera, a_detection
from tests.api.conftest import SITE, Hub
from tests.api.reserve import a_walk
from tests.api.test_live import Stream


async def a_reader(hub: Hub) -> tuple[Stream, Caller, dict[str, str]]:
    """A person who is logged in and looks at the live map, and the headers that let them change something."""
    person = await hub.add_person("olga@example.org", {SITE: "dispatcher"})
    headers = await hub.login(person.email)
    caller = await access.by_session(hub.database, token_hash(hub.client.cookies[COOKIE]))
    assert caller is not None
    stream = Stream(hub.feeds.of(SITE), caller)
    await stream.next()
    return stream, caller, headers


async def test_stream__goes_on_while_its_reader_may_read(hub: Hub) -> None:
    stream, _, _ = await a_reader(hub)
    await hub.feeds.of(SITE).beat()
    assert (await stream.next())[0] == "heartbeat"
    await stream.close()


ENDINGS = {
    "expiry": "update session set expires_at = clock_timestamp() - interval '1 second'",
    "deactivation": "update person set active = false",
    "another role": "update person_role set role = 'ranger'",
    "no role": "delete from person_role",
}


@pytest.mark.parametrize("ending", ["log-out", *ENDINGS])
async def test_stream__ends_at_the_next_heartbeat_after(hub: Hub, ending: str) -> None:
    stream, _, headers = await a_reader(hub)
    feed = hub.feeds.of(SITE)
    if ending == "log-out":
        await hub.client.post("/api/v1/logout", headers=headers)
    else:
        async with hub.database.transaction() as connection:
            await connection.execute(ENDINGS[ending])
    # What waits to be sent was meant for somebody who might read it.
    await hub.send(a.a_fix())
    await hub.settle()
    await feed.beat()
    assert (await stream.next())[0] == "reset"
    with pytest.raises(StopAsyncIteration):
        await stream.next()
    assert feed.listeners == 0


async def test_stream__of_a_machine_ends_when_its_key_is_revoked(hub: Hub) -> None:
    caller = await access.by_key(hub.database, token_hash(hub.keys["ranger"]))
    assert caller is not None
    feed = hub.feeds.of(SITE)
    stream = Stream(feed, caller)
    await stream.next()
    await feed.beat()
    assert (await stream.next())[0] == "heartbeat"
    await access.revoke_key(hub.database, SITE, caller.id)
    await feed.beat()
    assert (await stream.next())[0] == "reset"
    assert feed.listeners == 0


async def test_frame__is_labelled_with_what_it_holds_not_with_what_came_while_it_was_made(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_camera(hub)
    await hub.settle()
    feed, real = hub.feeds.of(SITE), alerts.by_ids
    stream = Stream(feed, "dispatcher")
    await stream.next()
    line = hub.lines[SITE]
    await hub.send(a_detection(**F01))
    while await line.step():
        pass
    then = feed.cursor

    async def meanwhile(*given: Any) -> Any:
        await hub.send(a.a_fix("collar-5"))
        while await line.step():
            pass
        return await real(*given)

    monkeypatch.setattr(alerts, "by_ids", meanwhile)
    await feed.flush()
    assert feed.cursor > then
    _, cursor = await stream.until("alerts")
    assert cursor == then.token()
    await stream.close()


async def test_frame__without_alerts_that_could_not_be_read_does_not_move_the_reader_past_them(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_camera(hub)
    await hub.settle()
    feed, real = hub.feeds.of(SITE), alerts.by_ids
    stream = Stream(feed, "dispatcher")
    await stream.next()
    await hub.send(a_detection(**F01))
    while await hub.lines[SITE].step():
        pass

    async def outage(*_: Any) -> Any:
        raise DatabaseUnavailable("for a moment")

    feed._pending.clear()
    monkeypatch.setattr(alerts, "by_ids", outage)
    await feed.flush()
    assert (await stream.until("detections"))[1] is None
    assert feed._pending.is_set()
    monkeypatch.setattr(alerts, "by_ids", real)
    await feed.flush()
    told, cursor = await stream.until("alerts")
    assert UUID(told["items"][0]["id"])
    assert cursor == feed.cursor.token()
    await stream.close()


async def test_stream__an_edit_of_reference_data_does_not_make_old_data_new(hub: Hub) -> None:
    stream, _, _ = await a_reader(hub)
    await a_walk(hub)
    hub.clock.pass_by(seconds=7_200)
    fence = {"name": "New", "geometry": a.a_fence(SITE).geometry}
    path = f"/api/v1/sites/{SITE}/fences/{a.an_id('new')}"
    made = await hub.as_("admin", "PUT", path, json=fence, headers={"If-None-Match": "*"})
    assert made.status_code == 201, made.text
    await hub.settle()
    await hub.feeds.of(SITE).beat()
    heartbeat, _ = await stream.until("heartbeat")
    assert heartbeat["data_age_s"] >= 7_200
    await hub.send(a.a_fix(minutes=470))
    await hub.settle()
    await hub.feeds.of(SITE).beat()
    heartbeat, _ = await stream.until("heartbeat")
    assert heartbeat["data_age_s"] < 7_200
    await stream.close()


async def test_pipeline__that_was_started_again_makes_every_reader_load_anew(hub: Hub) -> None:
    await hub.send(a.a_fix("phone-1"))
    await hub.settle()
    feed = hub.feeds.of(SITE)
    stream = Stream(feed, "dispatcher")
    await stream.next()
    # What another pipeline committed and died before it told.
    feed.latest.clear()
    feed.tell(Told(cursor=feed.cursor, is_start=True), hub.feeds.world_of(SITE))
    assert (await stream.next())[0] == "reset"
    await feed.flush()
    assert len(feed.latest) == 1
    await stream.close()
