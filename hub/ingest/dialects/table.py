"""Every dialect by name, and which one a file is written in."""

from __future__ import annotations

from hub.ingest.dialects import (
    argos,
    camera_mail,
    camtrap_dp,
    envelope,
    firms,
    frigate,
    gpsplain,
    gpx,
    megadetector,
    movebank,
    osmand,
    owntracks,
    things_stack,
)
from hub.ingest.dialects.reading import Dialect
from hub.records.errors import UnknownTopic

# `sniff` asks in this order: formats with a signature first, the loosest one last.
_MODULES = (
    envelope,
    owntracks,
    osmand,
    things_stack,
    frigate,
    camera_mail,
    megadetector,
    camtrap_dp,
    gpx,
    firms,
    argos,
    movebank,
    gpsplain,
)
TABLE: dict[str, Dialect] = {module.DIALECT.name: module.DIALECT for module in _MODULES}


def by_name(name: str) -> Dialect:
    """The dialect of that name; raises UnknownTopic with the names there are."""
    try:
        return TABLE[name]
    except KeyError:
        raise UnknownTopic(f"{name[:60]!r} is not a dialect: use one of {', '.join(sorted(TABLE))}") from None


def sniff(file_name: str, head: bytes) -> Dialect | None:
    """The file dialect whose signature is in the name or the first bytes of a file, or None."""
    for dialect in TABLE.values():
        if dialect.file is not None and dialect.sniff is not None and dialect.sniff(file_name, head):
            return dialect
    return None
