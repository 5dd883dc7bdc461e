"""Who is calling, and may they? A cookie or a Bearer key becomes a `Caller`; guards judge it per site."""

import hashlib
import hmac
from typing import Any, get_args

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Guard, Receive, Scope, Send

from hub.console.parts import parts_of
from hub.records.errors import Forbidden, NotFound, Unauthenticated
from hub.records.person import ROLES, Caller, Role
from hub.store import access, sites

COOKIE = "rosette_session"
CSRF_HEADER = "x-csrf-token"
KEY_PREFIX = "rst_"
# Routes that a key bound to one device may use say `opt={APPENDS: True}`.
APPENDS = "appends"
# Routes that make a session, and so cannot ask for the token of one.
OPENS_SESSION = "opens_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Connection = ASGIConnection[Any, Any, Any, Any]


def token_hash(token: str) -> bytes:
    """What the database keeps of a session's cookie or of an API key."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def csrf_of(cookie: str) -> str:
    """The token that goes with a session; another origin can neither read the cookie nor compute it."""
    return hmac.new(cookie.encode("utf-8", "surrogateescape"), b"rosette-csrf", hashlib.sha256).hexdigest()


class Authentication(ASGIMiddleware):
    """Puts a `Caller` or None into `request.user`. A cookie counts for unsafe methods only with its CSRF token."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Look at the connection, then go on."""
        connection: Connection = ASGIConnection(scope)
        scope["user"] = await _caller(connection)
        await next_app(scope, receive, send)


async def _caller(connection: Connection) -> Caller | None:
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    parts = parts_of(connection.app)
    if scheme.lower() == "bearer":
        return await access.by_key(parts.database, token_hash(credentials.strip()))
    unsafe = connection.scope.get("method", "GET") not in SAFE
    if unsafe and connection.headers.get("sec-fetch-site") == "cross-site":
        raise Forbidden("A page of another site sent this request.")
    cookie = connection.cookies.get(COOKIE)
    if not cookie or connection.route_handler.opt.get(OPENS_SESSION):
        return None
    caller = await access.by_session(parts.database, token_hash(cookie))
    if caller is not None and unsafe:
        given = connection.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), csrf_of(cookie).encode()):
            raise Forbidden("X-CSRF-Token is missing or is not this session's: take `csrf` from the login or /me.")
    return caller


def caller_of(connection: Connection) -> Caller:
    """Whoever is calling; raises Unauthenticated."""
    caller: Caller | None = connection.scope.get("user")
    if caller is None:
        raise Unauthenticated
    return caller


def somebody(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: anybody who is known, but no key that is bound to a device."""
    if caller_of(connection).device is not None and not handler.opt.get(APPENDS):
        raise Forbidden("This key may only append observations of its device.")


def role_at(*roles: Role) -> Guard:
    """Guard for routes with `{site}`: a role there (none given: any). Another's site, or none at all, is not found."""
    wanted = frozenset(roles or get_args(Role))

    async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        site = str(connection.path_params["site"])
        role = caller_of(connection).role_at(site)
        if role is None:
            raise NotFound(f"no site {site!r}")
        somebody(connection, handler)
        await sites.get(parts_of(connection.app).database, site)
        if role not in wanted:
            raise Forbidden(f"This needs the role {' or '.join(r for r in ROLES if r in wanted)} at site {site!r}.")

    return guard


def writing_needs(*roles: Role) -> Guard:
    """Guard for routes with `{site}`: any role there reads, these write."""
    reading, writing = role_at(), role_at(*roles)

    async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        await (reading if connection.scope["method"] in SAFE else writing)(connection, handler)  # type: ignore[misc]

    return guard


def admin_somewhere(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: an admin of at least one site; which sites the request is about, the handler judges."""
    somebody(connection, handler)
    if "admin" not in caller_of(connection).sites.values():
        raise Forbidden("This needs the role admin.")


def admin_of_all(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: an admin of every site."""
    somebody(connection, handler)
    if caller_of(connection).sites.get("*") != "admin":
        raise Forbidden("This needs the role admin of every site.")
