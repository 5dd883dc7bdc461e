"""Resumable uploads: tus 1.0.0, as its page says, and what somebody else could try."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from httpx import Response

from hub.console.uploads import CHUNK
from hub.media.uploads import LIFE
from hub.records.errors import DatabaseUnavailable
from hub.store import media, quarantine, uploads
from tests.api.conftest import OTHER, SITE, Hub, problem
from tests.pictures import a_jpeg

PATH = f"/api/v1/sites/{SITE}/uploads"
TUS = {"Tus-Resumable": "1.0.0"}


def told(**fields: str) -> dict[str, str]:
    pairs = [f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in fields.items()]
    return {"Upload-Metadata": ",".join(pairs)}


async def begin(hub: Hub, size: int, who: str = "ranger", **fields: str) -> str:
    headers = TUS | {"Upload-Length": str(size)} | told(**fields)
    answer = await hub.as_(who, "POST", PATH, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0" and answer.headers["upload-expires"].endswith("GMT")
    return answer.headers["location"]


async def go_on(hub: Hub, place: str, at: int, data: Any, who: str = "ranger", **headers: str) -> Response:
    given = TUS | {"Content-Type": CHUNK, "Upload-Offset": str(at)} | headers
    return await hub.as_(who, "PATCH", place, headers=given, content=data)


async def offset(hub: Hub, place: str, who: str = "ranger") -> int:
    answer = await hub.as_(who, "HEAD", place, headers=TUS)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


async def test_upload__in_three_pieces_is_one_medium_with_what_was_told(hub: Hub) -> None:
    data = a_jpeg(size=(640, 480))
    place = await begin(hub, len(data), device="camera-1", filename="a.jpg", live="false")
    assert await offset(hub, place) == 0
    at = 0
    for part in (data[:1_000], data[1_000:1_001], data[1_001:]):
        answer = await go_on(hub, place, at, part)
        at += len(part)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(at))
    (one,) = await media.waiting(hub.database, 10)
    assert (one.device, one.name, one.live) == ("camera-1", "a.jpg", False)
    assert hub.pictures.vault.open(one.sha256) == data
    assert await offset(hub, place) == len(data)
    assert problem(await go_on(hub, place, len(data), b"x"), 413)["code"] == "too-large"


async def test_upload__goes_on_where_the_connection_broke(hub: Hub) -> None:
    data = a_jpeg() + bytes(3 << 20)
    place = await begin(hub, len(data))

    async def breaking() -> Any:
        yield data[: 2 << 20]
        yield data[2 << 20 : (2 << 20) + 100]
        raise ConnectionError

    assert (await go_on(hub, place, 0, breaking())).status_code == 500
    at = await offset(hub, place)
    assert at == (2 << 20) + 100, "what came over a bad line need not come again"
    assert (await go_on(hub, place, at, data[at:])).status_code == 204
    (one,) = await media.waiting(hub.database, 10)
    assert hub.pictures.vault.open(one.sha256) == data


async def test_upload__from_a_wrong_place_is_refused_with_the_right_one(hub: Hub) -> None:
    data = a_jpeg()
    place = await begin(hub, len(data))
    await go_on(hub, place, 0, data[:100])
    for at in (0, 99, 101, len(data)):
        assert problem(await go_on(hub, place, at, data[at:]), 409)["offset"] == 100
    assert await offset(hub, place) == 100


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_checksum__bytes_that_do_not_match_are_not_kept(hub: Hub, algorithm: str) -> None:
    data = a_jpeg()
    place = await begin(hub, len(data))
    digest = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    wrong = await go_on(hub, place, 0, data[:-1] + b"x", **{"Upload-Checksum": f"{algorithm} {digest}"})
    assert problem(wrong, 460)["code"] == "checksum-mismatch"
    assert await offset(hub, place) == 0
    assert (await go_on(hub, place, 0, data, **{"Upload-Checksum": f"{algorithm} {digest}"})).status_code == 204
    problem(await go_on(hub, place, 0, data, **{"Upload-Checksum": "crc32 AAAA"}), 422)


async def test_upload__that_a_kill_left_whole_is_finished_when_it_is_asked_for(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = a_jpeg()
    place = await begin(hub, len(data))

    async def killed(*_: Any) -> Any:
        raise DatabaseUnavailable

    monkeypatch.setattr("hub.media.receive.media.add", killed)
    assert problem(await go_on(hub, place, 0, data), 503)
    monkeypatch.undo()
    assert await media.waiting(hub.database, 10) == []
    assert await offset(hub, place) == len(data)
    assert len(await media.waiting(hub.database, 10)) == 1


async def test_upload__that_is_no_picture_is_refused_at_the_end_and_stays_refused(hub: Hub) -> None:
    place = await begin(hub, 6)
    assert problem(await go_on(hub, place, 0, b"<html>"), 422)["code"] == "malformed"
    assert [entry.code for entry in await quarantine.page(hub.database, SITE, None, 10)] == ["malformed"]
    assert await offset(hub, place) == 6


async def test_upload__belongs_to_who_began_it(hub: Hub) -> None:
    place = await begin(hub, 10)
    for who in ("dispatcher", "admin", "chief", "collar"):
        assert (await hub.as_(who, "HEAD", place, headers=TUS)).status_code == 404
        problem(await go_on(hub, place, 0, b"x", who=who), 404)
        problem(await hub.as_(who, "DELETE", place, headers=TUS), 404)
    problem(await go_on(hub, place.replace(SITE, OTHER), 0, b"x", who="stranger"), 404)
    assert await offset(hub, place) == 0


async def test_upload__of_a_device_key_is_of_its_device(hub: Hub) -> None:
    data = a_jpeg()
    place = await begin(hub, len(data), who="collar", device="camera-9")
    assert (await go_on(hub, place, 0, data, who="collar")).status_code == 204
    assert [one.device for one in await media.waiting(hub.database, 10)] == ["collar-1"]


async def test_upload__ends_when_it_is_given_up_or_its_time_is_over(hub: Hub) -> None:
    given_up, late = await begin(hub, 10), await begin(hub, 10)
    await go_on(hub, late, 0, b"half")
    assert (await hub.as_("ranger", "DELETE", given_up, headers=TUS)).status_code == 204
    assert (await hub.as_("ranger", "HEAD", given_up, headers=TUS)).status_code == 404
    hub.clock.time += LIFE
    assert (await hub.as_("ranger", "HEAD", late, headers=TUS)).status_code == 404
    hub.clock.pass_by(seconds=1)
    await hub.pictures.uploads.sweep(hub.clock())
    assert await uploads.over(hub.database, hub.clock(), 10) == []
    assert await quarantine.page(hub.database, SITE, None, 10) == [], "its sender was told until when"


async def test_protocol__another_version_a_wrong_type_and_wrong_numbers_are_refused(hub: Hub) -> None:
    place = await begin(hub, 10)
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        answer = await hub.as_("ranger", "POST", PATH, headers={"Upload-Length": "10"} | headers)
        assert problem(answer, 412)["code"] == "tus-version" and answer.headers["tus-version"] == "1.0.0"
    problem(await go_on(hub, place, 0, b"x", **{"Content-Type": "image/jpeg"}), 415)
    for length, status in (("-1", 422), ("1e3", 422), ("", 422), ("200000001", 413), ("9" * 30, 422)):
        problem(await hub.as_("ranger", "POST", PATH, headers=TUS | {"Upload-Length": length}), status)
    for bad in ("device notbase64!", "taken_at " + base64.b64encode(b"yesterday").decode()):
        headers = TUS | {"Upload-Length": "10", "Upload-Metadata": bad}
        problem(await hub.as_("ranger", "POST", PATH, headers=headers), 422)


async def test_protocol__says_what_it_can_and_takes_patch_by_post(hub: Hub) -> None:
    answer = await hub.as_("ranger", "OPTIONS", PATH)
    assert answer.status_code == 204
    assert {"creation", "checksum", "expiration", "termination"} == set(answer.headers["tus-extension"].split(","))
    data = a_jpeg()
    place = await begin(hub, len(data))
    headers = TUS | {"Content-Type": CHUNK, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert (await hub.as_("ranger", "POST", place, headers=headers, content=data)).status_code == 204
    assert len(await media.waiting(hub.database, 10)) == 1
    problem(await hub.as_("ranger", "POST", place, headers=TUS), 405)


async def test_pieces__are_encrypted_in_the_database(hub: Hub) -> None:
    place = await begin(hub, 100)
    await go_on(hub, place, 0, b"somebody's face")
    async with hub.database.connection() as connection:
        (sealed,) = [row["sealed"] for row in await connection.fetch("select sealed from upload_piece")]
    assert b"face" not in sealed
