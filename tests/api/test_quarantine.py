"""What named no site that there is: listed by admins of all, and accepted once its topic means something."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.commands import replay
from hub.ingest.accept import Acceptor
from hub.records.receipt import Arrival
from hub.records.site import UNROUTED, Site
from hub.settings import Settings
from hub.store import observations, sites
from hub.store.database import Database
from tests import builders as a
from tests.api.conftest import SITE, Hub, problem

NOWHERE = "/api/v1/sites/unrouted/quarantine"
OWNTRACKS = b'{"_type":"location","tst":1782907200,"lat":43.1,"lon":131.4}'


async def published(database: Database, topic: str, body: bytes, default_site: str = "") -> None:
    """A message from the broker, of which only the topic is known."""
    arrival = Arrival(site=UNROUTED, door="mqtt", dialect="unknown", address=topic, body=body, received_at=a.NOON)
    (receipt,) = await Acceptor(database, default_site=default_site).accept([arrival])
    assert receipt.quarantined == 1


async def listed(hub: Hub, path: str = NOWHERE) -> list[dict[str, Any]]:
    answer = await hub.as_("chief", "GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_unrouted__is_for_admins_of_every_site(hub: Hub) -> None:
    await published(hub.database, "weather/1", b"?")
    await published(hub.database, "rosette/newsite/envelope/collar-1", msgspec.json.encode(a.a_fix()))
    assert {one["address"] for one in await listed(hub)} == {"weather/1", "rosette/newsite/envelope/collar-1"}
    for who in ("ranger", "dispatcher", "admin", "collar"):
        problem(await hub.as_(who, "GET", NOWHERE), 403)
    problem(await hub.as_("nobody", "GET", NOWHERE), 401)
    assert await listed(hub, f"/api/v1/sites/{SITE}/quarantine") == []


async def test_unrouted__of_a_site_that_is_founded_is_found_there_and_accepted(hub: Hub) -> None:
    await published(hub.database, "rosette/newsite/envelope/collar-1", msgspec.json.encode(a.a_fix()))
    async with hub.database.transaction() as connection:
        await sites.put(connection, a.a_site("newsite"))
    assert await listed(hub) == []
    (entry,) = await listed(hub, "/api/v1/sites/newsite/quarantine")
    answer = await hub.as_("chief", "POST", f"/api/v1/sites/newsite/quarantine/{entry['id']}/replay")
    assert answer.json()["accepted"] == 1
    assert await observations.devices(hub.database, "newsite") == ["collar-1"]


async def test_unrouted__of_a_topic_that_means_nothing_still_is_refused_again(hub: Hub) -> None:
    await published(hub.database, "weather/1", b"?")
    (entry,) = await listed(hub)
    answer = await hub.as_("chief", "POST", f"{NOWHERE}/{entry['id']}/replay")
    assert answer.json()["quarantined"] == 1
    ((again,)) = await listed(hub)
    assert (again["times"], again["replayed_at"]) == (2, None)


async def test_command__accepts_what_waited_for_a_default_site(hub: Hub, database_dsn: str) -> None:
    await published(hub.database, "owntracks/amina/phone", OWNTRACKS)
    await published(hub.database, "weather/1", b"?")
    settings = Settings(database_url=database_dsn, default_site=SITE)
    done = await replay._quarantine(settings, UNROUTED, quiet=True)  # pyright: ignore[reportPrivateUsage]
    assert (done.accepted, done.refused, done.of_files) == (1, 1, 0)
    assert await observations.devices(hub.database, SITE) == ["amina/phone"]
    assert {one["address"]: one["replayed_at"] is not None for one in await listed(hub)} == {
        "owntracks/amina/phone": True,
        "weather/1": False,
    }


def test_site__cannot_be_called_so() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": UNROUTED, "name": "x", "time_zone": "UTC", "centre": (1, 1)}, Site)
