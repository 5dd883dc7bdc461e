"""A protected area: the partition key of everything."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

# Not the name of a site: what came for none that exists is kept under it.
UNROUTED = "unrouted"
SiteKey = Annotated[str, msgspec.Meta(pattern=r"^(?!unrouted$)[a-z][a-z0-9-]{0,39}$")]


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """`centre` is (longitude, latitude) of the local metric frame. A drill site never mixes with a real one."""

    id: SiteKey
    name: str
    time_zone: str
    centre: tuple[float, float]
    drill: bool = False
    version: int = 1
    attributes: dict[str, Any] = {}
