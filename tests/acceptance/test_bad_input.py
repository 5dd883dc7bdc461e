"""Bad input through the real doors of a real hub: kept with its bytes and a reason, and nothing else suffers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from hub.store import sites
from hub.store.database import Database
from tests.acceptance.collared import DEVICE, SITE, enrol, numbers_in_log
from tests.acceptance.hub_process import HubProcess
from tests.acceptance.publisher import fix, publish_once
from tests.acceptance.small_disk import open_folder
from tests.builders import a_site

TOPIC = f"rosette/{SITE}/envelope/{DEVICE}"
WITHIN_S = 10.0


def said(**other: Any) -> bytes:
    """A good fix of the collar, bent; None takes a field away."""
    good: dict[str, Any] = {
        "kind": "fix",
        "device": DEVICE,
        "observed_at": "2026-07-01T12:00:00Z",
        "longitude": 131.4,
        "latitude": 43.1,
    }
    return msgspec.json.encode({key: value for key, value in (good | other).items() if value is not None})


# What is sent, and what the reason must say about it.
BAD: dict[str, tuple[bytes, str]] = {
    "truncated": (said()[:-20], "not JSON"),
    "empty": (b"", "not JSON"),
    "no object": (b"42", "expected"),
    "NUL character": (said(attributes={"note": "a\x00b"}), "NUL"),
    "NUL in a name": (said(attributes={"a\x00b": 1}), "NUL"),
    "half a surrogate": (said(attributes={"note": "?"}).replace(b"?", b"\\ud800"), "JSON"),
    "not a number": (said(latitude=0).replace(b'"latitude":0', b'"latitude":NaN'), "JSON"),
    "infinite": (said(altitude_m=0).replace(b'"altitude_m":0', b'"altitude_m":1e999'), "JSON"),
    "north of the pole": (said(latitude=91), "latitude"),
    "null island": (said(longitude=0, latitude=0), "(0, 0)"),
    "half a place": (said(latitude=None), "one is given without the other"),
    "1970": (said(observed_at="1970-01-01T00:00:00Z"), "before GPS time began"),
    "2080": (said(observed_at="2080-01-01T00:00:00Z"), "more than a day after"),
    "no zone": (said(observed_at="2026-07-01T12:00:00"), "observed_at"),
    "wrong zone": (said(observed_at="2026-07-01T12:00:00+27:00"), "observed_at"),
    "no time": (said(observed_at=None), "observed_at"),
    "deep nesting": (b'{"kind":"fix","attributes":{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}}", "JSON"),
    "invalid UTF-8": (said(attributes={"note": "?"}).replace(b"?", b"\xff\xfe"), "UTF-8"),
    "another device": (said(device="collar-2"), "collar-2"),
    "10 MB": (said(attributes={"note": "x" * 10_000_000}), "send it as a file"),
}


@pytest.fixture(scope="module")
def hub() -> Iterator[HubProcess]:
    """A hub with one site and one device, all that these tests need, and what they leave they leave for each other."""
    with open_folder() as folder:
        process = HubProcess(folder / "state")
        with process:
            asyncio.run(enrol(process.dsn))
            yield process
            assert process.process is not None
            assert process.process.poll() is None, "the hub did not stay up"


@pytest.fixture(scope="module")
def admin(hub: HubProcess) -> Iterator[httpx.Client]:
    """An administrator."""
    with closing(hub.client()) as client:
        yield client


def publish(hub: HubProcess, topic: str | bytes, payload: bytes) -> bool:
    """As the hub's own user, who may use every topic."""
    login = msgspec.json.decode((hub.state / "broker" / "hub.json").read_bytes())
    return publish_once(hub.mqtt_port, login["username"], login["password"], topic, payload)


QUARANTINED = "select * from quarantine where raw = $1"


def quarantined(hub: HubProcess, raw: bytes) -> asyncpg.Record:
    """The entry that holds exactly these bytes, as soon as there is one."""

    async def look() -> asyncpg.Record | None:
        connection = await asyncpg.connect(hub.dsn)
        try:
            return await connection.fetchrow(QUARANTINED, raw)
        finally:
            await connection.close()

    return eventually(lambda: asyncio.run(look()))


def eventually(found: Callable[[], Any]) -> Any:
    """The first answer that is not empty."""
    deadline = time.monotonic() + WITHIN_S
    while not (answer := found()):
        assert time.monotonic() < deadline, "it did not come"
    return answer


def good_messages_flow(hub: HubProcess, number: int) -> None:
    """A later message reaches the log."""
    assert publish(hub, f"rosette/{SITE}/envelope/beacon", fix("beacon", number, datetime.now(UTC).isoformat()))
    eventually(lambda: asyncio.run(numbers_in_log(hub.dsn, "beacon"))[number])


def test_mqtt__every_bad_payload_is_kept_with_its_bytes_and_a_reason(hub: HubProcess) -> None:
    for name, (payload, _) in BAD.items():
        assert publish(hub, TOPIC, payload), name
    for name, (payload, text) in BAD.items():
        entry = quarantined(hub, payload)
        assert (entry["site_id"], entry["door"], entry["address"]) == (SITE, "mqtt", TOPIC), name
        assert text.lower() in entry["reason"].lower(), (name, entry["reason"])
    good_messages_flow(hub, 1)


def test_http__every_bad_payload_is_kept_with_its_bytes_and_a_reason(hub: HubProcess, admin: httpx.Client) -> None:
    from_a_person = {name: case for name, case in BAD.items() if name != "another device"}
    for name, (payload, text) in from_a_person.items():
        # Other bytes than those of the other test, with the same fault.
        payload = payload + b" "
        answer = admin.post(f"/api/v1/sites/{SITE}/observations", content=payload)
        assert answer.status_code < 500, (name, answer.text)
        assert quarantined(hub, payload)["door"] == "http", name
        assert text.lower() in quarantined(hub, payload)["reason"].lower(), name
    good_messages_flow(hub, 2)


def test_http__a_site_that_is_not_there_is_refused(hub: HubProcess, admin: httpx.Client) -> None:
    assert admin.post("/api/v1/sites/nowhere/observations", content=said()).status_code == 404


def test_mqtt__a_topic_that_nobody_knows_is_kept_with_what_would_be_known(hub: HubProcess) -> None:
    for topic, text in (
        ("weather/north", "use rosette/SITE/DIALECT/DEVICE"),
        (f"rosette/{SITE}/envelope", "use rosette/SITE/DIALECT/DEVICE"),
        ("owntracks/amina/phone", "default site"),
    ):
        payload = f"a message on {topic}".encode()
        assert publish(hub, topic, payload)
        entry = quarantined(hub, payload)
        assert (entry["address"], entry["code"]) == (topic, "unknown-topic")
        assert text in entry["reason"]
    good_messages_flow(hub, 3)


def test_mqtt__a_dialect_that_nobody_knows_is_kept_with_the_known_ones(hub: HubProcess) -> None:
    assert publish(hub, f"rosette/{SITE}/klingon/{DEVICE}", b"nuqneH")
    entry = quarantined(hub, b"nuqneH")
    assert entry["site_id"] == SITE
    assert "'klingon' is not a dialect: use one of argos" in entry["reason"]


def test_mqtt__a_topic_that_is_no_text_does_not_stop_the_door(hub: HubProcess) -> None:
    publish(hub, b"rosette/" + SITE.encode() + b"/\xff\xfe/" + DEVICE.encode(), b"a topic that is no text")
    good_messages_flow(hub, 4)


def test_mqtt__an_id_with_another_body_is_kept_and_the_first_stands(hub: HubProcess, admin: httpx.Client) -> None:
    first, second = (said(source_id="twice", altitude_m=metres) for metres in (1, 2))
    assert publish(hub, TOPIC, first)
    assert publish(hub, TOPIC, second)
    entry = quarantined(hub, second)
    assert entry["code"] == "id-conflict"
    assert "the first stands" in entry["reason"]
    found = admin.get(
        f"/api/v1/sites/{SITE}/observations",
        params={"from": "2026-07-01T11:59:00Z", "to": "2026-07-01T12:01:00Z", "limit": 1000},
    ).json()["items"]
    assert [one["observation"]["altitude_m"] for one in found if one["observation"].get("source_id") == "twice"] == [1]


def test_mqtt__the_same_bad_bytes_again_are_counted_not_added(hub: HubProcess) -> None:
    for times in (1, 2, 3):
        assert publish(hub, TOPIC, b"again and again")
        eventually(lambda times=times: quarantined(hub, b"again and again")["times"] == times)


def test_replay__an_entry_is_accepted_once_its_cause_is_gone(hub: HubProcess, admin: httpx.Client) -> None:
    payload = said(device="collar-9", source_id="9")
    assert publish(hub, "rosette/tundra/envelope/collar-9", payload)
    entry = quarantined(hub, payload)
    assert "no site 'tundra'; known: leopard" in entry["reason"]
    assert replayed(hub, "tundra") == {"accepted": 0, "refused": 1, "of_files": 0}, "nothing has changed yet"

    asyncio.run(make_site(hub.dsn, "tundra"))
    assert admin.get("/api/v1/sites/tundra/quarantine").json()["items"][0]["id"] == str(entry["id"])
    assert replayed(hub, "tundra") == {"accepted": 1, "refused": 0, "of_files": 0}
    assert quarantined(hub, payload)["replayed_at"] is not None
    again = admin.post(f"/api/v1/sites/tundra/quarantine/{entry['id']}/replay").json()
    assert (again["accepted"], again["duplicate"]) == (0, 1), "a second replay adds nothing"
    kept = admin.get(
        "/api/v1/sites/tundra/observations", params={"from": "2026-07-01T11:59:00Z", "to": "2026-07-01T12:01:00Z"}
    ).json()["items"]
    assert [one["observation"]["device"] for one in kept] == ["collar-9"]


def replayed(hub: HubProcess, site: str) -> dict[str, int]:
    """What `rosette replay quarantine` answers beside the running hub."""
    order = [sys.executable, "-m", "hub.cli", "replay", "quarantine", "--site", site, "--json"]
    done = subprocess.run(order, env=hub.environment, capture_output=True, check=True)
    return msgspec.json.decode(done.stdout)


async def make_site(dsn: str, site: str) -> None:
    """Make a site."""
    database = await Database.connect(dsn, most=1)
    try:
        async with database.transaction() as connection:
            await sites.put(connection, a_site(site))
    finally:
        await database.close()
