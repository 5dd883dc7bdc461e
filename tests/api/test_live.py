"""The live stream: what changed, once, for each reader as exactly as it may be."""

from __future__ import annotations

import msgspec

from hub.console.live import MOST_WAITING, SiteFeed, frame
from hub.records.cursor import Cursor
from hub.records.ids import new_id
from hub.records.person import Caller, Role
from tests import builders as a
from tests.api.conftest import SITE, Hub, problem
from tests.api.reserve import EAST, a_walk


class Stream:
    """One browser's stream, read frame by frame."""

    def __init__(self, feed: SiteFeed, who: Role | Caller, after: Cursor | None = None) -> None:
        caller = who if isinstance(who, Caller) else Caller(id=new_id(), name=who, sites={SITE: who}, machine=True)
        self._frames = feed.listen(caller, after)
        self._read: list[tuple[str, dict, str | None]] = []

    async def next(self) -> tuple[str, dict, str | None]:
        while not self._read:
            for part in (await anext(self._frames)).decode().split("\n\n"):
                fields = dict(line.split(": ", 1) for line in part.splitlines() if ": " in line)
                if "event" in fields:
                    self._read.append((fields["event"], msgspec.json.decode(fields["data"]), fields.get("id")))
        return self._read.pop(0)

    async def until(self, name: str) -> tuple[dict, str | None]:
        while True:
            kind, data, cursor = await self.next()
            if kind == name:
                return data, cursor

    async def close(self) -> None:
        await self._frames.aclose()


async def test_live__needs_a_login(hub: Hub) -> None:
    problem(await hub.as_("nobody", "GET", f"/api/v1/sites/{SITE}/live"), 401)
    problem(await hub.as_("stranger", "GET", f"/api/v1/sites/{SITE}/live"), 404)


async def test_live__tells_positions_detections_and_alerts_of_a_commit(hub: Hub) -> None:
    stream = Stream(hub.feeds.of(SITE), "dispatcher")
    assert (await stream.next())[0] == "hello"
    hub.clock.time = a.NOON
    await a_walk(hub)
    positions, cursor = await stream.until("positions")
    assert [item["name"] for item in positions["items"] if item["kind"] == "individual"] == ["F01"]
    assert cursor is not None
    detections, _ = await stream.until("detections")
    assert [item["label"] for item in detections["items"]] == ["animal"]
    alerts, _ = await stream.until("alerts")
    assert sorted(alert["kind"] for alert in alerts["items"]) == ["enter", "exit", "through"]
    await stream.close()


async def test_live__who_was_away_gets_what_was_missed(hub: Hub) -> None:
    await a_walk(hub)
    stream = Stream(hub.feeds.of(SITE), "dispatcher")
    _, _, left_at = await stream.next()
    await stream.close()
    assert left_at is not None
    await hub.send(a.a_fix(minutes=300, east=2 * EAST))
    await hub.settle()
    again = Stream(hub.feeds.of(SITE), "dispatcher", Cursor.parse(left_at))
    missed, _ = await again.until("positions")
    assert "F01" in [item["name"] for item in missed["items"]]
    await again.close()


async def test_live__a_ranger_gets_cells_and_a_dispatcher_places(hub: Hub) -> None:
    ranger, dispatcher = (Stream(hub.feeds.of(SITE), role) for role in ("ranger", "dispatcher"))
    for stream in (ranger, dispatcher):
        await stream.next()
    await a_walk(hub)
    (coarse,) = [i for i in (await ranger.until("positions"))[0]["items"] if i["kind"] == "individual"]
    (exact,) = [i for i in (await dispatcher.until("positions"))[0]["items"] if i["kind"] == "individual"]
    assert coarse["generalised"]
    assert not exact["generalised"]
    assert coarse["uncertainty_m"] > 1_000 > exact["uncertainty_m"]
    for alert in (await ranger.until("alerts"))[0]["items"]:
        assert abs(alert["longitude"] - a.CENTRE[0]) > 1e-6 or abs(alert["latitude"] - a.CENTRE[1]) > 1e-6
        assert alert["detail"] == {}
    for stream in (ranger, dispatcher):
        await stream.close()


async def test_live__a_browser_that_does_not_read_loses_frames_and_is_told_to_load_anew(hub: Hub) -> None:
    feed = hub.feeds.of(SITE)
    stream = Stream(feed, "dispatcher")
    await stream.next()
    (listener,) = feed._listeners
    for _ in range(MOST_WAITING + 1):
        listener.offer(frame("positions", {"items": []}))
    assert (await stream.next())[0] == "reset"
    await stream.close()
    assert feed.listeners == 0


async def test_live__an_acknowledgement_reaches_the_others(hub: Hub) -> None:
    await a_walk(hub)
    stream = Stream(hub.feeds.of(SITE), "dispatcher")
    await stream.next()
    path = f"/api/v1/sites/{SITE}/alerts"
    alert = (await hub.as_("dispatcher", "GET", path)).json()["items"][0]
    await hub.as_("dispatcher", "POST", f"{path}/{alert['id']}/acknowledge", headers={"If-Match": '"1"'})
    await hub.settle()
    told, _ = await stream.until("alerts")
    assert [(one["id"], one["acknowledged_by"]) for one in told["items"]] == [(alert["id"], "dispatcher")]
    await stream.close()
