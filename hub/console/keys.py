"""API keys of a site, for its admins. A key is shown once, when it is made."""

import secrets
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, JSONBody

from hub.console.access import KEY_PREFIX, caller_of, role_at
from hub.console.paging import Page
from hub.console.parts import Call, Given
from hub.records.ids import new_id
from hub.records.observation import Key
from hub.records.person import Role
from hub.store import access
from hub.store.access import ApiKey


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine's key. With `device` it can do one thing only: append observations of that device."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    role: Role
    device: Key | None = None


class MadeKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key, readable this once."""

    id: UUID
    name: str
    site: str
    role: Role
    device: str | None
    key: str


class ListedKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a key."""

    id: UUID
    name: str
    site: str
    role: Role
    device: str | None
    made_at: datetime
    revoked_at: datetime | None


def _listed(key: ApiKey) -> ListedKey:
    return ListedKey(**msgspec.structs.asdict(key))


@get("/", guards=[role_at("admin")])
async def page(parts: Given, site: FromPath[str]) -> Page[ListedKey]:
    """All keys of a site, revoked ones too."""
    return Page([_listed(key) for key in await access.keys(parts.database, site)])


@post("/", guards=[role_at("admin")], status_code=201)
async def make(request: Call, parts: Given, site: FromPath[str], data: JSONBody[NewKey]) -> Response[MadeKey]:
    """Make a key."""
    secret, key_id = KEY_PREFIX + secrets.token_urlsafe(32), new_id()
    async with parts.database.transaction() as connection:
        await access.add_key(connection, key_id, secret, name=data.name, site=site, role=data.role, device=data.device)
    by = caller_of(request).name
    await access.audit(parts.database, site, by, "key made", key=str(key_id), role=data.role, device=data.device)
    made = MadeKey(id=key_id, name=data.name, site=site, role=data.role, device=data.device, key=secret)
    return Response(made, headers={"Cache-Control": "no-store"})


@delete("/{key_id:uuid}", guards=[role_at("admin")], status_code=204)
async def revoke(request: Call, parts: Given, site: FromPath[str], key_id: FromPath[UUID]) -> None:
    """End a key, at once."""
    await access.revoke_key(parts.database, site, key_id)
    await access.audit(parts.database, site, caller_of(request).name, "key revoked", key=str(key_id))


ROUTES = Router("/api/v1/sites/{site:str}/keys", route_handlers=[page, make, revoke], tags=["keys"])
