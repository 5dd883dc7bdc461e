"""The configuration of a NATS server that speaks MQTT: who may connect, and which topics each may use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ACK_WAIT = "4s"  # un-acknowledged messages come again after this; the server's own 30 s would stall a restarted hub
MAX_ACK_PENDING = 10_000  # a filter ending in "#" counts twice towards the protocol's 65,535 packet ids
MAX_PAYLOAD_BYTES = 16 * 1024 * 1024  # a camera trap's full picture
MAX_CONNECTIONS = 20_000
MAX_STORE_BYTES = (
    8 * 1024**3
)  # then a device is refused its acknowledgement and keeps the message: the disk stays usable
MAX_MEMORY_BYTES = 256 * 1024**2  # MQTT's queues are on the disk
# Deliveries of QoS 1 and 2 reach a subscriber by these subjects; the server lets no MQTT client name the first itself.
DELIVERY_SUBJECTS = ("$MQTT.sub.>", "$MQTT.deliver.pubrel.>")


@dataclass(frozen=True)
class DeviceUser:
    """Who may connect by MQTT: `password_hash` is bcrypt, `publish` and `subscribe` are MQTT topic filters."""

    name: str
    password_hash: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tls:
    """PEM files of the broker; with `client_authority` every device must show a certificate signed by it."""

    certificate: Path
    key: Path
    client_authority: Path | None = None


def subject_of(topic_filter: str) -> str:
    """The NATS subject of an MQTT topic filter (docs.nats.io, learn/mqtt/topics-and-subjects).

    "/" separates as "." does, "+" is "*", "#" is ">", an empty level is "/", a "." within a level is "//".
    Raises ValueError for what NATS cannot carry, or would read as a wildcard.
    """
    levels = topic_filter.split("/")
    for position, level in enumerate(levels):
        wild = level in ("+", "#")
        if (
            not topic_filter
            or (level == "#" and position != len(levels) - 1)
            or (not wild and any(mark in "+#*>" or mark.isspace() or not mark.isprintable() for mark in level))
        ):
            raise ValueError(f"{topic_filter!r} is not a topic filter the broker can keep to")
    return ".".join({"+": "*", "#": ">", "": "/"}.get(level, level.replace(".", "//")) for level in levels)


def write_nats_configuration(
    *,
    store_dir: Path,
    mqtt_listen: str,
    durable: bool,
    hub: DeviceUser,
    users: Iterable[DeviceUser],
    listen: str = "127.0.0.1:-1",
    server_name: str = "rosette",
    tls: Tls | None = None,
) -> str:
    """The text of nats-server's configuration file (JSON, which it reads). It holds password hashes: keep it 0600.

    `mqtt_listen` and `listen` (the NATS protocol, a free port by default; no user here may speak it) are host:port.
    `durable`: every acknowledged message is on the disk; else they are written out every two minutes, which survives
    a kill -9 of the broker but not a power cut. `hub` may publish and subscribe to everything.
    Raises ValueError for topic filters or names the server cannot hold.
    """
    mqtt: dict[str, object] = {"listen": mqtt_listen, "ack_wait": ACK_WAIT, "max_ack_pending": MAX_ACK_PENDING}
    if tls is not None:
        mqtt["tls"] = {"cert_file": str(tls.certificate), "key_file": str(tls.key)} | (
            {"ca_file": str(tls.client_authority), "verify": True} if tls.client_authority else {}
        )
    members = [_member(hub) | {"permissions": {"publish": [">"], "subscribe": [">"]}}]
    members += [entry_of(user) for user in users]
    return json.dumps(
        {
            "server_name": server_name,
            "listen": listen,
            "jetstream": {
                "store_dir": str(store_dir),
                "sync_interval": "always" if durable else "2m",
                "max_file_store": MAX_STORE_BYTES,
                "max_memory_store": MAX_MEMORY_BYTES,
            },
            "mqtt": mqtt,
            "max_payload": MAX_PAYLOAD_BYTES,
            "max_connections": MAX_CONNECTIONS,
            "authorization": {"users": members},
        },
        ensure_ascii=False,
        indent=1,
    )


def entry_of(user: DeviceUser) -> dict[str, object]:
    """A user of a device as the configuration holds it; raises ValueError for what the server cannot hold."""
    return _member(user) | {"permissions": _permissions(user)}


def _member(user: DeviceUser) -> dict[str, object]:
    if not user.name or not user.name.isprintable() or not user.password_hash.startswith("$2"):
        raise ValueError(f"{user.name!r} needs a printable name and a bcrypt hash")
    return {"user": user.name, "password": user.password_hash, "allowed_connection_types": ["MQTT"]}


def _permissions(user: DeviceUser) -> dict[str, dict[str, list[str]]]:
    publish = [subject_of(topic) for topic in user.publish]
    # MQTT's "a/#" holds "a" itself, NATS' "a.>" does not: the server subscribes to both.
    parents = [subject_of(topic.removesuffix("/#")) for topic in user.subscribe if topic.endswith("/#")]
    subscribe = [subject_of(topic) for topic in user.subscribe] + parents
    return {"publish": _only(publish), "subscribe": _only(subscribe and [*subscribe, *DELIVERY_SUBJECTS])}


def _only(subjects: Sequence[str]) -> dict[str, list[str]]:
    # An empty list of allowed subjects would allow them all.
    return {"allow": list(subjects)} if subjects else {"deny": [">"]}
