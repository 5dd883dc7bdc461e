"""Home range and occurrence over HTTP, and the fits that they and the tracks are made with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from shapely import Point
from shapely.geometry import shape

from fusion.motion import DAY, MotionParameters
from hub.pipeline.refit import refit
from hub.store import access, parameters, tracks
from tests import builders as a
from tests.api.conftest import SITE, Hub, problem
from tests.unit.fusion.simulated import BELIEVING, walk

CAT = MotionParameters(1 * DAY, 3_600.0, 1_500.0, centre_sd_m=1.0, outliers=BELIEVING)
COLLAR, LEOPARD = a.a_device(SITE, "collar-1"), a.an_individual(SITE, "F01", sensitive=True)
PATH = f"/api/v1/sites/{SITE}/subjects/{LEOPARD.id}/range"


def fixes(days: float) -> list[dict[str, Any]]:
    """A leopard that was followed for some days, a fix every three hours."""
    times = np.arange(0.0, days * DAY, 3 * 3_600.0)
    places = walk(times, CAT, np.random.default_rng(5))
    return [
        {
            "kind": "fix",
            "device": "collar-1",
            "observed_at": (a.NOON + timedelta(seconds=t)).isoformat(),
            "longitude": a.CENTRE[0] + x / 81_000.0,
            "latitude": a.CENTRE[1] + y / 111_100.0,
            "uncertainty_m": 20.0,
        }
        for t, (x, y) in zip(times.tolist(), places.tolist(), strict=True)
    ]


async def followed(hub: Hub, days: float = 30.0, order: int = 1) -> None:
    """The leopard with its collar, and what the collar said."""
    hub.clock.time = a.NOON + timedelta(days=31)
    await hub.store(COLLAR, LEOPARD, a.a_deployment(COLLAR, LEOPARD))
    await hub.send(*fixes(days)[::order])
    await hub.settle()


async def test_range__both_products_are_geojson_with_areas(hub: Hub) -> None:
    await followed(hub)
    told = (await hub.as_("dispatcher", "GET", PATH)).json()
    assert told["type"] == "FeatureCollection" and told["name"] == "F01" and not told["generalised"]
    found = {(one["properties"]["product"], one["properties"]["probability"]): one for one in told["features"]}
    assert len(found) == 4
    home, was = found["home_range", 0.95], found["occurrence", 0.95]
    assert home["properties"]["area_low_km2"] < home["properties"]["area_km2"] < home["properties"]["area_high_km2"]
    assert was["properties"]["area_low_km2"] is None
    assert told["effective_size"] > 5.0 and told["refused"] is None and told["known_share"] > 0.9
    inside = [shape(was["geometry"]).contains(Point(one["longitude"], one["latitude"])) for one in fixes(30)]
    assert np.mean(inside) > 0.85
    assert shape(home["geometry"]).is_valid


async def test_range__of_a_few_days_is_refused_with_the_reason(hub: Hub) -> None:
    await followed(hub, days=1.0)
    told = (await hub.as_("dispatcher", "GET", PATH)).json()
    assert "independent positions" in told["refused"]
    assert {one["properties"]["product"] for one in told["features"]} == {"occurrence"}


async def test_range__without_fixes_there_is_none(hub: Hub) -> None:
    hub.clock.time = a.NOON
    await hub.store(LEOPARD)
    await hub.settle()
    told = (await hub.as_("dispatcher", "GET", PATH)).json()
    assert told["features"] == [] and "no two fixes" in told["refused"]
    problem(await hub.as_("dispatcher", "GET", PATH.replace(str(LEOPARD.id), str(a.an_id("nobody")))), 404)


async def test_range__of_a_sensitive_animal_has_no_place_for_a_ranger(hub: Hub) -> None:
    await followed(hub)
    answer = await hub.as_("ranger", "GET", PATH)
    told = answer.json()
    assert told["generalised"] and len(told["features"]) == 4
    assert all(one["geometry"] is None for one in told["features"])
    assert "coordinates" not in answer.text


async def test_range__a_persons_reading_of_it_is_written_down(hub: Hub) -> None:
    await followed(hub)
    hub.clock.time = datetime.now(UTC)
    await hub.add_person("d@x.org", {SITE: "dispatcher"})
    await hub.login("d@x.org")
    answer = await hub.client.get(PATH, params={"from": "2026-06-01T00:00:00Z"})
    assert answer.status_code == 200, answer.text
    (entry,) = [one for one in await access.audit_page(hub.database, SITE, None, 50) if one.what == "range"]
    assert entry.detail["sensitive"] == {"F01": 1}


async def test_range__only_of_the_time_that_was_asked_for(hub: Hub) -> None:
    await followed(hub)
    until = (a.NOON + timedelta(days=10)).isoformat().replace("+", "%2B")
    told = (await hub.as_("dispatcher", "GET", f"{PATH}?to={until}")).json()
    assert told["fixes"] == 80


async def test_refit__tracks_are_made_anew_with_what_was_fitted(hub: Hub) -> None:
    await followed(hub)
    (before,) = await tracks.headers(hub.database, SITE)
    assert (await refit(hub.database, SITE)) == (1, 1)
    await hub.settle()
    (after,) = await tracks.headers(hub.database, SITE)
    assert after.points == before.points and after.version == before.version + 1
    assert after.configuration != before.configuration
    (fit,) = await parameters.everything(hub.database, SITE)
    assert fit.sigma_m == pytest.approx(CAT.sigma_m, rel=0.6)
    told = (await hub.as_("dispatcher", "GET", PATH)).json()
    assert told["is_fitted"]
    ((tag, scale, fixes),) = [(one["device"], one["scale"], one["fixes"]) for one in told["tags"]]
    assert (tag, scale, fixes) == ("collar-1", 1.0, 240)


async def test_refit__the_same_fixes_change_nothing(hub: Hub) -> None:
    await followed(hub)
    await refit(hub.database, SITE)
    await hub.settle()
    before = await tracks.digest(hub.database, SITE)
    assert (await refit(hub.database, SITE)) == (1, 0)
    assert not await hub.lines[SITE].step()
    assert await tracks.digest(hub.database, SITE) == before


async def test_refit__tracks_do_not_depend_on_when_it_was_done(hub: Hub) -> None:
    await followed(hub, order=-1)
    await refit(hub.database, SITE)
    await hub.settle()
    step_by_step = await tracks.digest(hub.database, SITE)
    await hub.lines[SITE].rebuild()
    assert await tracks.digest(hub.database, SITE) == step_by_step
