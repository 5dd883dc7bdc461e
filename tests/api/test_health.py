"""Alive, ready, and how a site is doing."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.api.conftest import SITE, Hub, problem
from tests.builders import a_device


async def test_live__needs_no_database(hub: Hub) -> None:
    await hub.database.close()
    assert (await hub.client.get("/health/live")).json() == {"status": "ok"}


async def test_ready__names_the_part_that_is_missing(hub: Hub) -> None:
    assert (await hub.client.get("/health/ready")).json() == {"database": True, "broker": True, "disk": True}
    hub.vitals.connected = False
    answer = await hub.client.get("/health/ready")
    found = problem(answer, 503)
    assert (found["detail"], found["parts"]["database"]) == ("missing: broker", True)
    assert answer.headers["retry-after"] == "5"
    await hub.database.close()
    assert problem(await hub.client.get("/health/ready"), 503)["detail"] == "missing: database, broker"


async def test_database__that_went_away_is_503_and_not_a_fault(hub: Hub) -> None:
    await hub.database.close()
    problem(await hub.as_("ranger", "GET", "/api/v1/sites"), 503)


async def test_site__tells_how_fresh_it_is(hub: Hub) -> None:
    await hub.store(a_device(SITE, "c-1"), a_device(SITE, "c-2"))
    at = (hub.clock() - timedelta(minutes=2)).isoformat()
    await hub.send({"kind": "fix", "device": "c-1", "observed_at": at, "longitude": 131.4, "latitude": 43.1}, {"x": 1})
    hub.clock.pass_by(seconds=90)
    health = (await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/health")).json()
    assert health["data_age_s"] == 90
    assert datetime.fromisoformat(health["last_observed_at"]) == datetime.fromisoformat(at)
    assert (health["observations_last_hour"], health["quarantined_last_day"]) == (1, 1)
    assert health["devices"] == {"ok": 1, "silent": 1}
    assert health["doors"] == {"mqtt": {"connected": True, "lag": 0}, "ftps": {"connected": False, "lag": 2}}
    assert health["pipeline"] == {"lag_s": 0.0, "cursor": "v1.x"}
    assert (health["database"], health["drill"]) == ({"ok": True}, None)
    assert health["detector"] is None, "nobody looks at pictures, and the hub says so"


async def test_site__of_old_recordings_says_when_they_end(hub: Hub) -> None:
    path = f"/api/v1/sites/{SITE}/health"
    assert (await hub.as_("ranger", "GET", path)).json()["last_observed_at"] is None
    for year in (2009, 2011, 2010):
        at = f"{year}-03-31T23:59:59Z"
        await hub.send({"kind": "fix", "device": "c-1", "observed_at": at, "longitude": 131.4, "latitude": 43.1})
    health = (await hub.as_("ranger", "GET", path)).json()
    assert (health["data_age_s"], health["last_observed_at"]) == (None, "2011-03-31T23:59:59Z")


async def test_metrics__are_for_this_machine_and_for_admins(hub: Hub) -> None:
    await hub.as_("ranger", "GET", f"/m/{SITE}/osmand/{hub.keys['collar']}")
    local = await hub.client.get("/metrics")
    assert 'rosette_http_requests_total{method="GET",route="/m/{site}/osmand/{key}",status="200"}' in local.text
    assert hub.keys["collar"] not in local.text
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    problem(await hub.client.get("/metrics", headers=proxied), 401)
    problem(await hub.as_("ranger", "GET", "/metrics", headers=proxied), 401)
    assert (await hub.as_("admin", "GET", "/metrics", headers=proxied)).status_code == 200
