"""People and their roles, for admins."""

from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post, put
from litestar.params import FromPath, JSONBody

from hub.console.access import admin_somewhere, caller_of, role_at
from hub.console.etag import edited, etag
from hub.console.paging import After, Limit, Page, parse_id
from hub.console.parts import Call, Given
from hub.console.passwords import SHORTEST
from hub.records.errors import Forbidden, NotFound
from hub.records.ids import new_id
from hub.records.person import Caller, Person, Role
from hub.store import access, people

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Password = Annotated[str, msgspec.Meta(min_length=SHORTEST, max_length=1024)]
Email = Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]
SiteOrAll = Annotated[str, msgspec.Meta(pattern=r"^(\*|[a-z][a-z0-9-]{0,39})$")]
Language = Literal["en", "ru"]


class NewPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who shall log in. `sites` maps a site, or ``*`` for all, to a role."""

    email: Email
    name: Name
    password: Password
    sites: dict[SiteOrAll, Role]
    language: Language = "en"


class PersonBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that can change of somebody. A password is set only if it is given."""

    name: Name
    sites: dict[SiteOrAll, Role]
    language: Language = "en"
    active: bool = True
    password: Password | None = None


def _administers(caller: Caller, sites: Iterable[str]) -> bool:
    return all(caller.role_at(site) == "admin" for site in sites)


def _visible(person: Person, caller: Caller) -> Person:
    """Roles at sites that are not the caller's business are left out."""
    roles = {site: role for site, role in person.sites.items() if caller.role_at(site) == "admin"}
    return msgspec.structs.replace(person, sites=roles)


@get("/sites/{site:str}/people", guards=[role_at("admin")])
async def page(
    request: Call,
    parts: Given,
    site: FromPath[str],
    limit: Limit = 100,
    after: After = None,
) -> Page[Person]:
    """People with a role at a site, or at every site."""
    found = await people.page(parts.database, site, parse_id(after), limit)
    caller = caller_of(request)
    return Page([_visible(one, caller) for one in found], str(found[-1].id) if len(found) == limit else None)


@get("/people/{person_id:uuid}", guards=[admin_somewhere])
async def one(request: Call, parts: Given, person_id: FromPath[UUID]) -> Response[Person]:
    """One person, with its version as ETag."""
    caller = caller_of(request)
    person = _visible(await people.get(parts.database, person_id), caller)
    if not person.sites and caller.sites.get("*") != "admin":
        raise NotFound(f"no person {person_id}")
    return Response(person, headers={"ETag": etag(person.version)})


@post("/people", guards=[admin_somewhere], status_code=201)
async def add(request: Call, parts: Given, data: JSONBody[NewPerson]) -> Response[Person]:
    """Add somebody; an admin of some sites gives roles there only."""
    caller = caller_of(request)
    if not _administers(caller, data.sites or ("*",)):
        raise Forbidden("You can give roles only at sites where you are admin.")
    person = Person(id=new_id(), email=data.email, name=data.name, language=data.language, sites=dict(data.sites))
    hashed = await parts.passwords.hash(data.password)
    async with parts.database.transaction() as connection:
        await people.add(connection, person, hashed)
    await access.audit(parts.database, None, caller.name, "person added", person=str(person.id), sites=person.sites)
    return Response(person, headers={"ETag": etag(person.version)})


@put("/people/{person_id:uuid}", guards=[admin_somewhere])
async def change(
    request: Call,
    parts: Given,
    person_id: FromPath[UUID],
    data: JSONBody[PersonBody],
) -> Response[Person]:
    """Change somebody (If-Match): only an admin of every site where the person has, or shall have, a role."""
    caller, expect = caller_of(request), edited(request)
    before = await people.get(parts.database, person_id)
    if not _visible(before, caller).sites and caller.sites.get("*") != "admin":
        raise NotFound(f"no person {person_id}")
    if not _administers(caller, {*(before.sites or ("*",)), *data.sites}):
        raise Forbidden("This person has roles at sites where you are not admin.")
    person = msgspec.structs.replace(
        before, name=data.name, language=data.language, active=data.active, sites=dict(data.sites)
    )
    hashed = None if data.password is None else await parts.passwords.hash(data.password)
    async with parts.database.transaction() as connection:
        saved = await people.edit(connection, person, expect)
        if hashed is not None:
            await people.set_password(connection, person.email, hashed)
            saved = await people.get_on(connection, person_id)
    await access.audit(parts.database, None, caller.name, "person changed", person=str(person_id), sites=saved.sites)
    return Response(saved, headers={"ETag": etag(saved.version)})


ROUTES = Router("/api/v1", route_handlers=[page, one, add, change], tags=["people"])
