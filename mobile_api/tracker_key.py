"""Simple trackers cannot send a Bearer key: it comes as Basic password, in the path or in the query."""

import base64
import binascii
from typing import NamedTuple

from hub.console.access import token_hash
from hub.console.parts import Call, Parts
from hub.records.errors import NotFound, Unauthenticated
from hub.records.person import Caller
from hub.store import access, sites


class Basic(NamedTuple):
    """User and password of HTTP Basic authentication (RFC 7617)."""

    user: str
    password: str


def basic_of(request: Call) -> Basic | None:
    """Basic credentials, if there are any that can be read."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Basic(user, password) if colon else None


async def tracker_of(request: Call, parts: Parts, site: str, key: str | None = None) -> Caller:
    """The machine whose key this is; raises Unauthenticated, or NotFound where the key is another site's."""
    caller: Caller | None = request.scope.get("user")
    if caller is None or not caller.machine:
        basic = basic_of(request)
        secret = key or (basic.password if basic else None)
        caller = await access.by_key(parts.database, token_hash(secret)) if secret else None
    if caller is None:
        raise Unauthenticated("This door needs an API key: as Basic password, as Bearer, or in the address.")
    if caller.role_at(site) is None:
        raise NotFound(f"no site {site!r}")
    await sites.get(parts.database, site)
    return caller
