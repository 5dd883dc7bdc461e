"""Observations in and out."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import timedelta
from typing import Any

import pytest

from hub.clearance import EXACT
from hub.store import access
from tests.api.conftest import SITE, Hub, problem
from tests.builders import a_deployment, a_device, a_place, an_individual

PATH = f"/api/v1/sites/{SITE}/observations"
X, Y = 131.412345, 43.123456


def fix(hub: Hub, minutes_ago: float, device: str = "collar-1", **given: Any) -> dict[str, Any]:
    at = (hub.clock() - timedelta(minutes=minutes_ago)).isoformat()
    return {"kind": "fix", "device": device, "observed_at": at, "longitude": X, "latitude": Y} | given


async def test_batch__good_ones_are_kept_bad_ones_counted(hub: Hub) -> None:
    receipt = await hub.send(fix(hub, 1), {"kind": "fix"}, fix(hub, 2))
    assert (receipt["accepted"], receipt["quarantined"], len(receipt["ids"])) == (2, 1, 2)
    again = await hub.send(fix(hub, 1), fix(hub, 2))
    assert (again["accepted"], again["duplicate"]) == (0, 2)


@pytest.mark.parametrize("wrapped", [True, False])
async def test_batch__larger_than_one_message_is_taken_in_parts(hub: Hub, wrapped: bool) -> None:
    many: Any = [fix(hub, i / 10, attributes={"pad": "x" * 900}) for i in range(1500)]
    body = json.dumps({"observations": many} if wrapped else many)
    assert len(body) > 1 << 20
    receipt = (await hub.as_("dispatcher", "POST", PATH, content=body)).json()
    assert (receipt["accepted"], receipt["quarantined"]) == (1500, 0)


async def test_gzip__is_decoded(hub: Hub) -> None:
    body = json.dumps([fix(hub, 1)]).encode()
    for packed in (gzip.compress(body), gzip.compress(body[:20]) + gzip.compress(body[20:])):
        answer = await hub.as_("dispatcher", "POST", PATH, content=packed, headers={"Content-Encoding": "gzip"})
        assert answer.json()["ids"], answer.text


async def test_gzip__bomb_is_not_unpacked(hub: Hub) -> None:
    bomb = gzip.compress(b"[" + b" " * (64 << 20) + b"]", 9)
    assert len(bomb) < 100_000
    answer = await hub.as_("dispatcher", "POST", PATH, content=bomb, headers={"Content-Encoding": "gzip"})
    assert problem(answer, 413)["code"] == "too-large"


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", b"this is not gzip", 400),
        ("gzip", gzip.compress(b"[]" * 1000, mtime=0)[:-9], 400),
        ("br", b"[]", 415),
        ("deflate", zlib.compress(b"[]"), 415),
    ],
)
async def test_encoding__that_cannot_be_read_is_refused(hub: Hub, encoding: str, body: bytes, status: int) -> None:
    headers = {"Content-Encoding": encoding}
    problem(await hub.as_("dispatcher", "POST", PATH, content=body, headers=headers), status)


async def test_body__over_the_limit_is_answered_413(hub: Hub) -> None:
    problem(await hub.as_("dispatcher", "POST", PATH, content=b" " * ((16 << 20) + 1)), 413)
    problem(await hub.as_("admin", "POST", "/api/v1/people", content=b" " * ((1 << 20) + 1)), 413)


async def test_batch__nul_and_nonsense_never_make_a_fault(hub: Hub) -> None:
    for body in (b"", b"\x00", b"{", b"[" * 100_000, b"null", b'[{"kind":"fix\\u0000"}]', b'"\\ud800"'):
        answer = await hub.as_("dispatcher", "POST", PATH, content=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["accepted"] == 0
    receipt = await hub.send(fix(hub, 1, attributes={"note": "\x00"}))
    assert (receipt["accepted"], receipt["quarantined"]) == (0, 1)


async def test_page__goes_through_all_even_at_one_moment(hub: Hub) -> None:
    await hub.send(*(fix(hub, 5, device=f"c-{i}") for i in range(5)), fix(hub, 4), fix(hub, 6))
    for who in ("dispatcher", "ranger"):
        ids: list[str] = []
        after: str | None = None
        while True:
            given = {"limit": 2} | ({"after": after} if after else {})
            page = (await hub.as_(who, "GET", PATH, params=given)).json()
            ids += [one["id"] for one in page["items"]]
            if (after := page["next"]) is None:
                break
        assert len(ids) == len(set(ids)) == 7


async def test_page__takes_times_and_a_device(hub: Hub) -> None:
    await hub.send(fix(hub, 10), fix(hub, 5), fix(hub, 5, device="collar-2"))
    since = (hub.clock() - timedelta(minutes=7)).isoformat()
    page = (await hub.as_("ranger", "GET", PATH, params={"from": since, "device": "collar-1"})).json()
    assert len(page["items"]) == 1
    problem(await hub.as_("ranger", "GET", PATH, params={"from": "yesterday"}), 400)
    problem(await hub.as_("ranger", "GET", PATH, params={"after": "x"}), 422)
    problem(await hub.as_("ranger", "GET", PATH, params={"limit": 0}), 400)


async def a_sensitive_world(hub: Hub) -> None:
    collar, camera = a_device(SITE, "collar-1"), a_device(SITE, "cam-1", kind="camera")
    amba, station = an_individual(SITE, "Amba", sensitive=True), a_place(SITE, "Station 7")
    await hub.store(collar, camera, amba, station, a_deployment(collar, amba), a_deployment(camera, station))
    seen = {"kind": "detection", "device": "cam-1", "label": "animal", "longitude": X, "latitude": Y, "media": "a.jpg"}
    seen["observed_at"] = hub.clock().isoformat()
    await hub.send(
        fix(hub, 3, attributes={"utm": "52N 731 4779"}, speed_mps=1.0, source_id=f"{X}/{Y}"),
        seen | {"individual": "Amba"},
        seen | {"scientific_name": amba.scientific_name, "probability": 0.9},
        fix(hub, 2, device="collar-2"),
    )


async def test_clearance__a_ranger_cannot_find_the_animal_in_any_field(hub: Hub) -> None:
    await a_sensitive_world(hub)
    answer = await hub.as_("ranger", "GET", PATH)
    coarse = [one for one in answer.json()["items"] if "generalised" in one["observation"].get("flags", [])]
    assert len(coarse) == 3
    for one in coarse:
        text = json.dumps(one)
        for secret in (str(X), str(Y), "52N", "a.jpg", "cam-1", "collar-1"):
            assert secret not in text
        assert one["observation"]["uncertainty_m"] > 1000
    (plain,) = [one for one in answer.json()["items"] if one not in coarse]
    assert plain["observation"]["longitude"] == X


async def test_clearance__the_id_does_not_tell_the_exact_content(hub: Hub) -> None:
    await a_sensitive_world(hub)
    exact = {one["id"] for one in (await hub.as_("dispatcher", "GET", PATH)).json()["items"]}
    page = (await hub.as_("ranger", "GET", PATH, params={"limit": 3})).json()
    hidden = {one["id"] for one in page["items"] if "generalised" in one["observation"].get("flags", [])}
    assert hidden and not hidden & exact
    assert all(one not in page["next"] for one in exact)


@pytest.mark.parametrize("who", EXACT)
async def test_clearance__others_read_exactly(hub: Hub, who: str) -> None:
    await a_sensitive_world(hub)
    items = (await hub.as_(who, "GET", PATH)).json()["items"]
    assert {one["observation"]["longitude"] for one in items} == {X}


async def test_audit__a_person_who_reads_exact_places_is_written_down(hub: Hub) -> None:
    await a_sensitive_world(hub)
    await hub.add_person("olga@example.org", {SITE: "dispatcher"}, name="Olga")
    await hub.login("olga@example.org")
    await hub.client.get(PATH)
    (entry,) = await access.audit_page(hub.database, SITE, None, 10)
    assert entry.who.startswith("Olga ")
    assert entry.detail == {"sensitive": {"Amba": 2, "Panthera pardus orientalis": 1}}


async def test_quarantine__is_listed_and_replayed(hub: Hub) -> None:
    future = (hub.clock() + timedelta(days=3)).isoformat()
    await hub.send({"kind": "fix"}, fix(hub, 0, observed_at=future))
    path = f"/api/v1/sites/{SITE}/quarantine"
    page = (await hub.as_("dispatcher", "GET", path, params={"limit": 1})).json()
    rest = (await hub.as_("dispatcher", "GET", path, params={"after": page["next"]})).json()
    entries = page["items"] + rest["items"]
    assert {one["code"] for one in entries} == {"malformed", "implausible"}
    bad = next(one for one in entries if one["code"] == "malformed")
    receipt = (await hub.as_("dispatcher", "POST", f"{path}/{bad['id']}/replay")).json()
    assert (receipt["accepted"], receipt["quarantined"]) == (0, 1)
    assert all(one["replayed_at"] is None for one in (await hub.as_("admin", "GET", path)).json()["items"])


async def test_file__is_imported_like_on_the_command_line(hub: Hub) -> None:
    gpx = (
        '<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>collar-1</name><trkseg>'
        f'<trkpt lat="43.1" lon="131.4"><time>{hub.clock():%Y-%m-%dT%H:%M:%SZ}</time></trkpt>'
        "</trkseg></trk></gpx>"
    )
    path = f"/api/v1/sites/{SITE}/files"
    answer = await hub.as_("scientist", "POST", path, params={"name": "walk.gpx"}, content=gpx)
    assert answer.json()["accepted"] == 1, answer.text
    unknown = await hub.as_("scientist", "POST", path, params={"name": "walk.xyz"}, content=b"hello")
    assert problem(unknown, 422)["code"] == "malformed"
    wrong = await hub.as_("scientist", "POST", path, params={"name": "a", "dialect": "morse"}, content=b"")
    assert "morse" in problem(wrong, 422)["detail"]
