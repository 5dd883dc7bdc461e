"""Which site, dialect and device an MQTT topic means."""

from __future__ import annotations

from typing import NamedTuple

from hub.records.errors import UnknownTopic


class Route(NamedTuple):
    """What the topic alone says. `device` is the one that may speak on it, when the topic names one."""

    site: str
    dialect: str
    device: str | None


class PictureTopic(NamedTuple):
    """A picture's: `live` ones come before those in bulk; with `upload`, it is piece `number` of `total`, from 1 on."""

    site: str
    device: str
    live: bool
    upload: str | None = None
    number: int = 1
    total: int = 1


MOST_PIECES = 1_000


def picture_of(topic: str, default_site: str = "") -> PictureTopic | None:
    """``rosette/SITE/picture/DEVICE[/bulk][/UPLOAD/N/TOTAL]``, ``frigate/CAMERA/LABEL/snapshot`` of the default site;
    None where the topic is another one.
    """
    match topic.split("/"):
        case ["frigate", camera, label, "snapshot"] if camera and label and default_site:
            return PictureTopic(default_site, camera, live=True)
        case ["rosette", site, "picture", device] if site and device:
            return PictureTopic(site, device, live=True)
        case ["rosette", site, "picture", device, "bulk"] if site and device:
            return PictureTopic(site, device, live=False)
        case ["rosette", site, "picture", device, *bulk, upload, number, total] if site and device and upload:
            if bulk not in ([], ["bulk"]) or not (number.isascii() and number.isdigit()):
                return None
            if not (total.isascii() and total.isdigit()) or max(len(number), len(total)) > 4:
                return None
            if not 1 <= int(number) <= int(total) <= MOST_PIECES:
                return None
            return PictureTopic(site, device, not bulk, upload, int(number), int(total))
        case _:
            return None


def route(topic: str, sites: frozenset[str] | set[str], default_site: str) -> Route:
    """Read a topic; raises UnknownTopic with the forms that are known.

    ``rosette/{site}/{dialect}/{device}`` names everything, ``rosette/{site}/owntracks/{user}/{device}`` and topics of
    pictures (`picture_of`) too;
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
        case ["frigate", camera, label, "snapshot"] if camera and label:
            return Route(default_site, "picture", camera)
        case ["frigate", *_]:
            return Route(default_site, "frigate", None)
        case _:
            if (picture := picture_of(topic)) is not None:
                return Route(_known(picture.site, sites, topic), "picture", picture.device)
            raise UnknownTopic(
                f"topic {topic!r} is not known; use rosette/SITE/DIALECT/DEVICE, rosette/SITE/owntracks/USER/DEVICE, "
                "rosette/SITE/picture/DEVICE/bulk, rosette/SITE/picture/DEVICE/UPLOAD/1/3, "
                "rosette/SITE/picture/DEVICE/bulk/UPLOAD/1/3, "
                "owntracks/USER/DEVICE, v3/APPLICATION/devices/DEVICE/up or frigate/…"
            )


def _known(site: str, sites: frozenset[str] | set[str], topic: str) -> str:
    if site not in sites:
        raise UnknownTopic(f"topic {topic!r}: no site {site!r}; known: {', '.join(sorted(sites)) or 'none'}")
    return site
