"""MQTT topic filters as NATS subjects, and the permissions made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.embedded.nats_configuration import DeviceUser, subject_of, write_nats_configuration

HASH = "$2b$04$abcdefghijklmnopqrstuu5s3rP1p4kqW0p3yY5o2yA5b0mXoY3Wm"
HUB = DeviceUser("hub", HASH, ("#",), ("#",))


def users_of(*users: DeviceUser) -> dict[str, dict]:
    text = write_nats_configuration(
        store_dir=Path("/data"), mqtt_listen="0.0.0.0:1883", durable=True, hub=HUB, users=users
    )
    return {user["user"]: user for user in json.loads(text)["authorization"]["users"]}


@pytest.mark.parametrize(
    ("topic", "subject"),
    [
        ("rosette/leopard/+/cam-017", "rosette.leopard.*.cam-017"),
        ("rosette/#", "rosette.>"),
        ("#", ">"),
        ("/sensors/temp", "/.sensors.temp"),
        ("sensors/temp/", "sensors.temp./"),
        ("sensors//temp", "sensors./.temp"),
        ("//sensors/temp", "/./.sensors.temp"),
        ("spBv1.0/камера", "spBv1//0.камера"),
    ],
)
def test_subject__follows_the_servers_own_translation(topic: str, subject: str) -> None:
    assert subject_of(topic) == subject


@pytest.mark.parametrize("topic", ["", "a b", "a/*", "a/>", "cam*", "#/a", "a/b#", "a+/b", "a\x00b"])
def test_subject__what_nats_would_misread_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="topic filter"):
        subject_of(topic)


def test_configuration__device_without_topics_may_use_none() -> None:
    device = users_of(DeviceUser("cam-1", HASH, ()))["cam-1"]
    assert device["permissions"] == {"publish": {"deny": [">"]}, "subscribe": {"deny": [">"]}}
    assert device["allowed_connection_types"] == ["MQTT"]


def test_configuration__subtree_holds_its_own_root_as_in_mqtt() -> None:
    device = users_of(DeviceUser("cam-1", HASH, ("up/cam-1",), ("down/cam-1/#",)))["cam-1"]
    assert device["permissions"]["publish"] == {"allow": ["up.cam-1"]}
    assert {"down.cam-1", "down.cam-1.>"} <= set(device["permissions"]["subscribe"]["allow"])


def test_configuration__password_in_clear_is_refused() -> None:
    with pytest.raises(ValueError, match="bcrypt"):
        users_of(DeviceUser("cam-1", "secret", ()))
