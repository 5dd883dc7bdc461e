"""Doors for tracker apps and LoRaWAN webhooks that know one address and nothing else.

What was received is answered 200 even where it cannot be used: it is in quarantine, and a tracker that is told no
sends the same for ever. Only when nothing could be committed is the answer 503.
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Response, Router, post, route
from litestar.params import FromPath

from hub.console.access import APPENDS
from hub.console.parts import Call, Given, Parts
from hub.records.person import Caller
from hub.records.receipt import Arrival, Receipt
from mobile_api.tracker_key import basic_of, tracker_of

MOST_BYTES = 1 << 20


async def _accept(parts: Parts, site: str, caller: Caller, dialect: str, address: str, body: bytes) -> Receipt:
    arrival = Arrival(
        site=site,
        door="http",
        dialect=dialect,
        address=address,
        body=body,
        received_at=parts.now(site),
        sender=caller.name,
        device=caller.device,
    )
    (receipt,) = await parts.acceptor.accept([arrival])
    return receipt


@post("/owntracks", status_code=200, opt={APPENDS: True})
async def owntracks(request: Call, parts: Given, site: FromPath[str]) -> list[Any]:
    """OwnTracks in HTTP mode. The password is the API key; user and device name the tracker. Answers no commands."""
    caller = await tracker_of(request, parts, site)
    basic = basic_of(request)
    user = request.headers.get("x-limit-u") or request.query_params.get("u") or (basic.user if basic else "")
    device = request.headers.get("x-limit-d") or request.query_params.get("d") or ""
    named = user and device and "/" not in user + device
    address = f"owntracks/{user}/{device}" if named else f"/m/{site}/owntracks"
    await _accept(parts, site, caller, "owntracks", address, await request.body())
    return []


@route("/osmand", http_method=["GET", "POST"], status_code=200, opt={APPENDS: True})
async def osmand(request: Call, parts: Given, site: FromPath[str]) -> Response[Receipt]:
    """OsmAnd and Traccar Client. The key is the Basic password or `key` in the query."""
    return await _osmand(request, parts, site, request.query_params.get("key"))


@route("/osmand/{key:str}", http_method=["GET", "POST"], status_code=200, opt={APPENDS: True})
async def osmand_with_key(request: Call, parts: Given, site: FromPath[str], key: FromPath[str]) -> Response[Receipt]:
    """The same for apps that take an address without a query."""
    return await _osmand(request, parts, site, key)


async def _osmand(request: Call, parts: Parts, site: str, key: str | None) -> Response[Receipt]:
    caller = await tracker_of(request, parts, site, key)
    body = await request.body()
    if not body.strip():
        query = request.scope["query_string"].decode("latin-1")
        given = parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
        kept = [(name, value) for name, value in given if name != "key"]
        body = urlencode(kept, encoding="utf-8", errors="surrogateescape").encode()
    receipt = await _accept(parts, site, caller, "osmand", f"/m/{site}/osmand", body)
    return Response(receipt, headers={"Cache-Control": "no-store"})


@post("/things_stack", status_code=200, opt={APPENDS: True})
async def things_stack(request: Call, parts: Given, site: FromPath[str]) -> Receipt:
    """Webhook of The Things Stack v3; set the header Authorization to Bearer and the key."""
    caller = await tracker_of(request, parts, site)
    return await _accept(parts, site, caller, "things_stack", f"/m/{site}/things_stack", await request.body())


ROUTES = Router(
    "/m/{site:str}",
    route_handlers=[owntracks, osmand, osmand_with_key, things_stack],
    request_max_body_size=MOST_BYTES,
    tags=["trackers"],
)
