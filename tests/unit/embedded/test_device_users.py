"""Who of the devices may log in at the broker, and what each may say there."""

from __future__ import annotations

import pytest

from hub.embedded.nats_configuration import DeviceUser
from hub.embedded.start import holdable, user_of
from hub.ingest.routes import route
from hub.records.errors import InvalidReference, UnknownTopic
from hub.store import access
from hub.store.access import DeviceKey
from hub.store.database import Database
from tests import builders as a

HASH = "$2b$04$abcdefghijklmnopqrstuu5s3rP1p4kqW0p3yY5o2yA5b0mXoY3Wm"
INVISIBLE = ("col\u200blar", "collar\u202e", "a\u00adb", "a\x00b", "a\ud800b", "a\u2028b")


def key(device: str, site: str = "kidepo") -> DeviceKey:
    return DeviceKey(site=site, device=device, broker_hash=HASH)


@pytest.mark.parametrize("device", INVISIBLE)
async def test_key__of_a_name_that_cannot_be_seen_is_refused_when_it_is_made(database: Database, device: str) -> None:
    with pytest.raises(InvalidReference, match="cannot be seen"):
        async with database.transaction() as connection:
            await access.add_key(connection, a.an_id("k"), "t", name="x", site="kidepo", role="ranger", device=device)
    assert await access.device_keys(database) == []


@pytest.mark.parametrize("device", ["collar-7", "камера 7".replace(" ", "-"), "amina/phone", "a.b", 'a"b\\{}'])
async def test_key__of_any_other_name_is_one_that_the_broker_can_hold(database: Database, device: str) -> None:
    async with database.transaction() as connection:
        await access.add_key(connection, a.an_id("k"), "t", name="x", site="kidepo", role="ranger", device=device)
    (made,) = await access.device_keys(database)
    assert len(holdable([user_of(made, "kidepo")])) == 1


@pytest.mark.parametrize("device", INVISIBLE)
def test_users__one_that_the_broker_cannot_hold_is_left_out_and_named(
    device: str, caplog: pytest.LogCaptureFixture
) -> None:
    good = user_of(key("collar-7"), "")
    assert holdable([user_of(key(device), ""), good]) == (good,)
    assert ascii(f"kidepo:{device}") in caplog.text


def test_owntracks__of_the_default_site_may_use_its_own_form_and_the_one_that_names_the_site() -> None:
    user = user_of(key("amina/phone"), "kidepo")
    assert set(user.publish) == {
        "owntracks/amina/phone",
        "owntracks/amina/phone/#",
        "rosette/kidepo/owntracks/amina/phone",
        "rosette/kidepo/owntracks/amina/phone/#",
    }
    assert set(user.subscribe) == {"owntracks/amina/phone/cmd", "rosette/kidepo/owntracks/amina/phone/cmd"}


def test_topics__that_name_no_site_are_closed_to_devices_of_other_sites() -> None:
    users: list[DeviceUser] = [user_of(key(device, "tundra"), "kidepo") for device in ("amina/phone", "frigate", "c-1")]
    for user in users:
        assert all(topic.startswith("rosette/tundra/") for topic in (*user.publish, *user.subscribe)), user
    assert user_of(key("frigate"), "kidepo").publish == ("frigate/#",)


def test_topics__what_an_owntracks_phone_may_say_is_said_of_itself() -> None:
    known = frozenset({"tundra", "kidepo"})
    for site in known:
        user = user_of(key("amina/phone", site), "kidepo")
        for topic in (form.replace("#", "waypoints") for form in user.publish):
            read = route(topic, known, "kidepo")
            assert (read.site, read.dialect, read.device) == (site, "owntracks", "amina/phone")


def test_route__owntracks_of_a_site_that_is_not_there_is_unknown() -> None:
    with pytest.raises(UnknownTopic, match="no site 'atlantis'"):
        route("rosette/atlantis/owntracks/amina/phone", frozenset({"kidepo"}), "kidepo")
