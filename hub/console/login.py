"""Logging in and out."""

import logging
import secrets
from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from hub.console.access import COOKIE, OPENS_SESSION, caller_of, csrf_of, somebody, token_hash
from hub.console.parts import Call, Given, Parts
from hub.console.site_view import SiteView, sites_of
from hub.records.errors import Forbidden, Unauthenticated
from hub.records.person import Person
from hub.store import access, people

LOGGER = logging.getLogger(__name__)
LASTS = timedelta(days=14)


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """E-mail address and password."""

    email: Annotated[str, msgspec.Meta(min_length=1, max_length=320)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Oneself(msgspec.Struct, frozen=True, kw_only=True):
    """The person who is logged in."""

    id: str
    name: str
    email: str
    language: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is logged in, where they have which role, and the token for X-CSRF-Token."""

    person: Oneself
    sites: list[SiteView]
    csrf: str


async def _session(parts: Parts, person: Person, cookie: str) -> Session:
    oneself = Oneself(id=str(person.id), name=person.name, email=person.email, language=person.language)
    return Session(person=oneself, sites=await sites_of(parts.database, person.sites), csrf=csrf_of(cookie))


def _cookie(parts: Parts, value: str, lasts: timedelta) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=value,
        max_age=int(lasts.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=parts.secure_cookies,
    )


@post("/login", status_code=200, opt={OPENS_SESSION: True})
async def login(request: Call, data: JSONBody[Credentials], parts: Given) -> Response[Session]:
    """Open a session. Too many wrong passwords for one address and e-mail are answered 429."""
    email, host = data.email.strip().lower(), request.client.host if request.client else ""
    found = await people.by_email(parts.database, email)
    # Whoever got a new password, here or by the command line, starts from nothing: the attempts were at another one.
    key = (email, f"{host} {0 if found is None else found[0].version}")
    parts.throttle.attempt(key, parts.wall())
    known = found is not None and found[0].active
    good = await parts.passwords.verify(found[1] if found is not None else None, data.password)
    if found is None or not known or not good:
        LOGGER.warning("login failed for %r from %s", email, host)
        raise Unauthenticated("E-mail address or password is wrong.")
    parts.throttle.forget(key)
    person = found[0]
    if not person.sites:
        raise Forbidden("You have no role at any site; ask an admin.")
    cookie = secrets.token_urlsafe(32)
    async with parts.database.transaction() as connection:
        await access.open_session(connection, token_hash(cookie), person.id, parts.wall() + LASTS)
    return Response(
        await _session(parts, person, cookie),
        cookies=[_cookie(parts, cookie, LASTS)],
        headers={"Cache-Control": "no-store"},
    )


@post("/logout", status_code=204)
async def logout(request: Call, parts: Given) -> Response[None]:
    """Close the session. Without one there is nothing to do."""
    caller = request.scope.get("user")
    if caller is not None and caller.session is not None:
        await access.close_session(parts.database, caller.session)
    return Response(None, status_code=204, cookies=[_cookie(parts, "", timedelta(0))])


@get("/me", guards=[somebody])
async def me(request: Call, parts: Given) -> Response[Session]:
    """The session as it is now."""
    caller = caller_of(request)
    if caller.machine:
        raise Forbidden("A key is nobody: this answers to a session.")
    session = await _session(parts, await people.get(parts.database, caller.id), request.cookies[COOKIE])
    return Response(session, headers={"Cache-Control": "no-store"})


ROUTES = Router("/api/v1", route_handlers=[login, logout, me], tags=["session"])
