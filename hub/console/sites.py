"""Sites over HTTP."""

import zoneinfo
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, put
from litestar.params import FromPath, JSONBody

from hub.console.access import admin_of_all, caller_of, role_at, somebody
from hub.console.etag import etag, expected
from hub.console.paging import Page
from hub.console.parts import Call, Given
from hub.console.site_view import SiteView, sites_of, view_of
from hub.records.errors import Conflict, InvalidReference, NotFound, Stale
from hub.records.observation import Latitude, Longitude
from hub.records.site import Site
from hub.store import sites


class SiteBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site as an admin writes it. `centre` is [longitude, latitude]; `drill` can be said only when it is made."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    time_zone: str
    centre: tuple[Longitude, Latitude]
    drill: bool | None = None
    attributes: dict[str, Any] = {}


@get("/sites", guards=[somebody])
async def everything(request: Call, parts: Given) -> Page[SiteView]:
    """The caller's sites."""
    return Page(await sites_of(parts.database, caller_of(request).sites))


@get("/sites/{site:str}", guards=[role_at()])
async def one(request: Call, parts: Given, site: FromPath[str]) -> Response[SiteView]:
    """One site, with its version as ETag."""
    found = await sites.get(parts.database, site)
    role = caller_of(request).role_at(site)
    assert role is not None
    return Response(view_of(found, role), headers={"ETag": etag(found.version)})


@put("/sites/{site:str}", guards=[admin_of_all])
async def write(request: Call, parts: Given, site: FromPath[str], data: JSONBody[SiteBody]) -> Response[SiteView]:
    """Create (If-None-Match: *) or edit (If-Match) a site."""
    expect = expected(request)
    if data.time_zone not in zoneinfo.available_timezones():
        detail = f"{data.time_zone!r:.60} is no time zone: use a name such as Africa/Nairobi"
        raise InvalidReference(detail, errors=[{"field": "time_zone", "detail": detail}])
    try:
        before = await sites.get(parts.database, site)
    except NotFound:
        before = None
    version = None if before is None else before.version
    if version != expect:
        raise Stale(f"site {site!r} is at version {version or 'none'}, you edited {expect or 'none'}")
    if before is not None and data.drill not in (None, before.drill):
        raise Conflict("Whether a site is a drill is decided when it is made.")
    drill = before.drill if before is not None else bool(data.drill)
    record = msgspec.convert(
        {**msgspec.structs.asdict(data), "id": site, "drill": drill},
        Site,  # checks the form of the id
    )
    async with parts.database.transaction() as connection:
        await sites.put(connection, record)
    saved = await sites.get(parts.database, site)
    status = 201 if before is None else 200
    return Response(view_of(saved, "admin"), status_code=status, headers={"ETag": etag(saved.version)})


ROUTES = Router("/api/v1", route_handlers=[everything, one, write], tags=["sites"])
