"""Attacks: the track of a sensitive animal that takes in shares of sightings must not lead to it, nor to a camera."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from geo.geodesy import distance_m
from hub.pipeline.propose import propose_all
from tests import builders as a
from tests.api.attack import NEAR_M, PATH, WHEN, everything, places_in
from tests.api.conftest import SITE, Hub
from tests.store import shared as s

ASKED = (*("subjects", "tracks", "detections", "findings", "alerts", "observations", "places"), "review", "hypotheses")
SPANS = ("tracks", "detections", "findings", "observations")
STATIONS = [(a.CENTRE[0] + east, a.CENTRE[1]) for east in s.EAST.values()]


@pytest.fixture
async def secret(hub: Hub) -> list[str]:
    """F01 is sensitive and has no collar: its track is what probably shows it. What must not be told: names and ids."""
    leopard = a.an_individual(SITE, "F01", sensitive=True)
    others = [a.an_individual(SITE, name, sensitive=True) for name in ("M02", "F03")]
    await hub.store(leopard, *others)
    hidden = [str(one.id) for one in (leopard, *others)]
    for name, east in s.EAST.items():
        camera = a.a_device(SITE, f"camera-{name}", kind="camera")
        station = a.a_place(SITE, f"station {name}", longitude=a.CENTRE[0] + east)
        await hub.store(camera, station, a.a_deployment(camera, station))
    hidden += map(str, await s.accepted(hub.database, s.SAID[:53]))
    await hub.settle()
    await propose_all(hub.database, SITE)
    await hub.settle()
    hub.clock.time = a.NOON + timedelta(days=45)
    return hidden


async def test_scientist__sees_the_track_of_shares_that_others_must_not(hub: Hub, secret: list[str]) -> None:
    answer = await hub.as_("scientist", "GET", f"{PATH}/tracks", params=WHEN)
    assert secret[0] in answer.text
    shared = [one for track in answer.json()["items"] for one in track["shared"]]
    assert any(0.0 < one["share"] < 1.0 for one in shared)


async def test_ranger__finds_no_exact_place_no_camera_and_no_id(hub: Hub, secret: list[str]) -> None:
    told: dict[str, Any] = await everything(hub, "ranger")
    # That a station stands there is on everybody's map: the secret is what it saw.
    del told["places"]
    told["subjects"] = [one for one in told["subjects"] if one["kind"] != "place"]
    assert told["detections"] and told["observations"]
    told |= {path: (await hub.as_("ranger", "GET", f"{PATH}/{path}")).text for path in ("review", "hypotheses")}
    text = msgspec.json.encode(told).decode()
    # Whose cell it is, everybody knows; which pictures put the animal there, nobody below a dispatcher.
    assert [one for one in (*secret[3:], "camera-", "station ") if one in text] == []
    for station in STATIONS:
        assert [one for one in places_in(told) if distance_m(*one, *station) < NEAR_M] == []
    for key in secret:
        for path in (f"detections/{key}/identity", f"subjects/{key}/fences", f"subjects/{key}/range"):
            answer = await hub.as_("ranger", "GET", f"{PATH}/{path}", params=WHEN if path.endswith("range") else {})
            assert answer.status_code >= 400 or not places_in(answer.json())


@pytest.mark.parametrize("who", ["stranger", "nobody"])
async def test_outsider__is_told_nothing_at_all(hub: Hub, secret: list[str], who: str) -> None:
    for path in (*ASKED, f"subjects/{secret[0]}/range", f"detections/{secret[-1]}/identity"):
        given = WHEN if path in SPANS or path.endswith("range") else {}
        answer = await hub.as_(who, "GET", f"{PATH}/{path}", params=given)
        assert answer.status_code in (401, 403, 404), (path, answer.text)
        assert not any(one in answer.text for one in secret)
