"""An animal that is not seen for too long may be dead, and is so only when a person says it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from hub.pipeline.suppose import suppose
from hub.pipeline.world import read_world
from hub.records.ids import new_id
from tests import builders as a
from tests.api.conftest import SITE, Hub
from tests.api.test_hypotheses import LEOPARD, ROOT, decide, listed, the, withdraw

OTHER = a.an_individual(SITE, "M02", sensitive=True)
LAST = 9
SEEN = range(LAST + 1)


def noticed(days: Iterable[int], who: str, east: float = 0.0) -> list[dict[str, Any]]:
    """Sightings of somebody, at noon of each day."""
    said = {"kind": "sighting", "label": "animal", "individual": who}
    return [a.a_fix(minutes=1_440 * day, device="ranger", east=east) | said for day in days]


async def after(hub: Hub, *said: dict[str, Any]) -> list[dict[str, Any]]:
    """What may lie behind it, once all this is known."""
    hub.clock.time = a.NOON + timedelta(days=100)
    if said:
        await hub.send(*said)
    await hub.settle()
    await suppose(hub.database, await read_world(hub.database, SITE))
    return (await listed(hub, least=0.0))["items"]


async def quiet(hub: Hub) -> dict[str, Any]:
    """A leopard that was seen daily for ten days, and then not on forty on which another one was."""
    await hub.store(LEOPARD, OTHER)
    (death,) = await after(hub, *noticed(SEEN, "F01"), *noticed(range(50), "M02", east=0.1))
    return death


async def test_silence__is_a_death_that_is_supposed_from_the_last_sighting_on(hub: Hub) -> None:
    death = await quiet(hub)
    assert (death["kind"], death["name"], death["detail"]["by"]) == ("death", "F01", "silence")
    assert (death["detail"]["sightings"], death["detail"]["days"], death["detail"]["quiet_days"]) == (10, 9, 40)
    assert death["detail"]["alive"] < 0.001 and death["probability"] > 0.9
    assert death["since"] == f"{(a.NOON + timedelta(days=LAST)).isoformat().removesuffix('+00:00')}Z"
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is None


async def test_silence__confirmed_ends_a_life_and_withdrawn_gives_it_back(hub: Hub) -> None:
    death = await quiet(hub)
    preview = await hub.as_("scientist", "POST", f"{ROOT}/{death['id']}/preview", json={"verdict": "confirmed"})
    (change,) = preview.json()["changes"]
    assert (change["noun"], change["fields"]) == ("individual", {"died_at": [None, death["since"]]})
    word = str(new_id())
    await decide(hub, death["id"], "confirmed", id=word)
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] == death["since"]
    assert await after(hub) == []
    await withdraw(hub, death["id"], word)
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is None
    assert await after(hub) == [death]


async def test_silence__of_the_whole_site_says_nothing_of_one_animal(hub: Hub) -> None:
    await hub.store(LEOPARD, OTHER)
    assert await after(hub, *noticed(SEEN, "F01"), *noticed([49], "M02", east=0.1)) == []


async def test_silence__of_an_animal_that_is_seldom_seen_says_little(hub: Hub) -> None:
    await hub.store(LEOPARD, OTHER)
    daily = noticed(range(64), "M02", east=0.1)
    assert await after(hub, *noticed(range(0, 60, 12), "F01"), *daily) == []
    few = [one for one in await after(hub, *noticed([3], "F01")) if one["kind"] == "death"]
    assert few == []


async def test_silence__ends_by_a_fix_of_its_collar(hub: Hub) -> None:
    death = await quiet(hub)
    collar = a.a_device(SITE, "collar-1")
    await hub.store(collar, a.a_deployment(collar, LEOPARD))
    assert await after(hub, a.a_fix(minutes=1_440 * 48, east=0.05)) == []
    await decide(hub, death["id"], "confirmed", status=404)
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is None


async def test_silence__broken_by_a_late_sighting_is_none_and_nobody_can_confirm_it(hub: Hub) -> None:
    death = await quiet(hub)
    assert await after(hub, *noticed([47], "F01")) == []
    await decide(hub, death["id"], "confirmed", status=404)
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is None


async def test_death__confirmed_from_silence_is_doubted_when_the_animal_is_seen_again(hub: Hub) -> None:
    death = await quiet(hub)
    await decide(hub, death["id"], "confirmed")
    (again,) = await after(hub, *noticed([45, 46], "F01"))
    assert (again["detail"]["by"], again["detail"]["times"]) == ("contradiction", 2)
    assert again["probability"] == pytest.approx(0.01) and again["id"] != death["id"]
    await decide(hub, again["id"], "rejected")
    assert (await the(hub, "individual", LEOPARD.id))["died_at"] is None
    assert await after(hub) == []
