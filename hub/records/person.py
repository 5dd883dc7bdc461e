"""People, their roles at sites, and who is calling."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

Role = Literal["ranger", "dispatcher", "scientist", "admin"]
ROLES: tuple[Role, ...] = ("ranger", "dispatcher", "scientist", "admin")


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may log in. `sites` maps a site to a role; ``*`` is every real and drill site."""

    id: UUID
    email: str
    name: str
    language: Literal["en", "ru"] = "en"
    sites: dict[str, Role] = {}
    version: int = 1
    active: bool = True


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes this request: a person by session, or a machine by API key (`device`: it speaks for this one only)."""

    id: UUID
    name: str
    sites: dict[str, Role]
    machine: bool = False
    session: bytes | None = None
    device: str | None = None

    def role_at(self, site: str) -> Role | None:
        """Role at a site, or None when the site is not this caller's business."""
        return self.sites.get(site) or self.sites.get("*")
