"""A site as a caller sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hub.records.person import Role
from hub.records.site import Site
from hub.store import sites
from hub.store.database import Database


class SiteView(msgspec.Struct, frozen=True, kw_only=True):
    """A site, and the caller's role there."""

    id: str
    name: str
    time_zone: str
    centre: tuple[float, float]
    drill: bool
    version: int
    attributes: dict[str, Any]
    role: Role


def view_of(site: Site, role: Role) -> SiteView:
    """The site with a role."""
    return SiteView(**msgspec.structs.asdict(site), role=role)


async def sites_of(database: Database, roles: Mapping[str, Role]) -> list[SiteView]:
    """Every site where somebody with these roles has one."""
    known = await sites.everything(database)
    return [view_of(one, role) for one in known if (role := roles.get(one.id) or roles.get("*")) is not None]
