"""What could not be accepted: read it, and try again. It holds raw messages, so it is not for rangers."""

from uuid import UUID

from litestar import Router, get, post
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from hub.clearance import EXACT
from hub.console.access import Connection, admin_of_all, caller_of, role_at
from hub.console.paging import After, Limit, Page, moment_token, parse_id, parse_moment
from hub.console.parts import Call, Given
from hub.records.receipt import Receipt
from hub.records.site import UNROUTED
from hub.store import access, quarantine
from hub.store.quarantine import Quarantined

_of_site = role_at(*EXACT)


async def may_read(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: quarantine of a site is for its own people, `unrouted` for admins of every site."""
    if connection.path_params["site"] == UNROUTED:
        admin_of_all(connection, handler)
    else:
        await _of_site(connection, handler)  # type: ignore[misc]


@get("/", guards=[may_read])
async def page(parts: Given, site: FromPath[str], limit: Limit = 100, after: After = None) -> Page[Quarantined]:
    """Newest first, without the whole bytes. Site `unrouted`: what named no site that there is."""
    token = parse_moment(after)
    last = parse_id(token[1]) if token else None
    found = await quarantine.page(parts.database, site, (token[0], last) if token and last else None, limit)
    following = moment_token(found[-1].recorded_at, found[-1].id) if len(found) == limit else None
    return Page(found, following)


@post("/{entry:uuid}/replay", guards=[may_read], status_code=200)
async def replay(request: Call, parts: Given, site: FromPath[str], entry: FromPath[UUID]) -> Receipt:
    """Accept an entry as it would be now. It is marked once nothing of it is bad any more."""
    arrival = await quarantine.arrival(parts.database, site, entry)
    (receipt,) = await parts.accept_again([arrival])
    if not receipt.quarantined:
        await quarantine.mark_replayed(parts.database, site, entry)
    await access.audit(parts.database, site, caller_of(request).name, "quarantine replayed", entry=str(entry))
    return receipt


ROUTES = Router("/api/v1/sites/{site:str}/quarantine", route_handlers=[page, replay], tags=["quarantine"])
