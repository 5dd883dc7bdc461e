"""Which site, dialect and device an MQTT topic means."""

from __future__ import annotations

from typing import NamedTuple

from hub.records.errors import UnknownTopic


class Route(NamedTuple):
    """What the topic alone says. `device` is the one that may speak on it, when the topic names one."""

    site: str
    dialect: str
    device: str | None


def route(topic: str, sites: frozenset[str] | set[str], default_site: str) -> Route:
    """Read a topic; raises UnknownTopic with the forms that are known.

    ``rosette/{site}/{dialect}/{device}`` names everything, ``rosette/{site}/owntracks/{user}/{device}`` too;
    ``owntracks/{user}/{device}``, ``v3/{application}/devices/{device}/up`` (The Things Stack) and ``frigate/…`` belong
    to the default site.
    """
    match topic.split("/"):
        case ["rosette", site, dialect, device] if dialect and device:
            return Route(_known(site, sites, topic), dialect, device)
        case ["rosette", site, "owntracks", user, device, *_] if user and device:
            return Route(_known(site, sites, topic), "owntracks", f"{user}/{device}")
        case ["owntracks", user, device, *_] if user and device:
            return Route(default_site, "owntracks", f"{user}/{device}")
        case ["v3", _, "devices", device, *_] if device:
            return Route(default_site, "things_stack", device)
        case ["frigate", *_]:
            return Route(default_site, "frigate", None)
        case _:
            raise UnknownTopic(
                f"topic {topic!r} is not known; use rosette/SITE/DIALECT/DEVICE, rosette/SITE/owntracks/USER/DEVICE, "
                "owntracks/USER/DEVICE, v3/APPLICATION/devices/DEVICE/up or frigate/…"
            )


def _known(site: str, sites: frozenset[str] | set[str], topic: str) -> str:
    if site not in sites:
        raise UnknownTopic(f"topic {topic!r}: no site {site!r}; known: {', '.join(sorted(sites)) or 'none'}")
    return site
