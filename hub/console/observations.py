"""Observations over HTTP: hand in batches and files, read pages."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from hub.clearance import ExactReads, cleared_observation
from hub.console.access import APPENDS, caller_of, role_at
from hub.console.batches import batches_of, total
from hub.console.paging import MOST, After, Limit, Page, counted_token, parse_counted
from hub.console.parts import Call, Given
from hub.console.sensitive import is_personal, is_sensitive, may_ask_for, read_world, sensitive_name
from hub.pipeline.identity import as_believed
from hub.records.observation import AwareTime, Stored
from hub.records.receipt import Arrival, Receipt
from hub.store import observations

MOST_BYTES = 16 << 20
LARGEST_FILE = 4 << 30
NAMED = r"^[^\x00-\x1f\x7f]+$"
BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
END = datetime(9999, 12, 30, tzinfo=UTC)

From = Annotated[AwareTime | None, QueryParameter(name="from", description="Earliest observed_at, inclusive.")]
To = Annotated[AwareTime | None, QueryParameter(name="to", description="Latest observed_at, exclusive.")]


@post(
    "/observations",
    guards=[role_at()],
    status_code=200,
    opt={APPENDS: True},
    request_max_body_size=MOST_BYTES,
)
async def append(request: Call, parts: Given, site: FromPath[str]) -> Receipt:
    """Append a Rosette envelope: one observation, a list, or ``{"observations": [...]}``.

    Whatever has been answered is committed. Bad elements go to quarantine, each on its own, and are counted. Sending
    the same again changes nothing. After a 503 send all of it again.
    """
    caller = caller_of(request)
    received_at = parts.now(site)
    receipts: list[Receipt] = []
    for body in batches_of(await request.body()):
        arrival = Arrival(
            site=site,
            door="http",
            dialect="envelope",
            address=request.url.path,
            body=body,
            received_at=received_at,
            sender=caller.name,
            device=caller.device,
        )
        receipts += await parts.acceptor.accept([arrival])
    return total(receipts)


@get("/observations", guards=[role_at()])
async def page(
    request: Call,
    parts: Given,
    site: FromPath[str],
    since: From = None,
    until: To = None,
    device: FromQuery[str | None] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[Stored]:
    """Observations of [from, to) in order of time, as exact as the caller's role allows."""
    caller = caller_of(request)
    role = caller.role_at(site)
    resumed_at, skip = parse_counted(after)
    assert role is not None
    if device is not None and "\x00" in device:
        raise msgspec.ValidationError("no device is called by a NUL character - at `$.device`")
    world = await read_world(parts.database, site)
    searched = device if device is None or may_ask_for(device, role, world) else None
    # What the log may not be searched for is looked for in what the caller may read.
    asked = skip + (MOST if searched != device else limit)
    found = await observations.page(
        parts.database,
        site,
        since=resumed_at or since or BEGINNING,
        until=until or END,
        device=searched,
        kinds=None,
        known_at=None,
        after=None,
        limit=asked,
    )
    reads = ExactReads(caller, site)
    # What people recognised as a sensitive animal is one, though the log does not say so.
    seen = await as_believed(parts.database, world, [observations.as_seen(one) for one in found])
    believed = {one.id: one.observation for one in seen}
    items: list[Stored] = []
    looked_at = skip
    for stored in found[skip:]:
        if len(items) == limit:
            break
        looked_at += 1
        observation = stored.observation
        if role == "scientist" and is_personal(observation, world):
            continue
        sensitive = is_sensitive(observation, world) or is_sensitive(believed[stored.id], world)
        item = cleared_observation(stored, sensitive, role)
        if device is not None and item.observation.device != device:
            continue
        items.append(item)
        if sensitive:
            reads.saw(sensitive_name(observation, world))
    await reads.write(parts.database, "read observations")
    times = [stored.observation.observed_at for stored in found[:looked_at]]
    return Page(items, counted_token(times, full=looked_at < len(found) or len(found) == asked))


@post(
    "/files", guards=[role_at("dispatcher", "scientist", "admin")], status_code=200, request_max_body_size=LARGEST_FILE
)
async def import_file(
    request: Call,
    parts: Given,
    site: FromPath[str],
    name: Annotated[
        str, QueryParameter(max_length=200, pattern=NAMED, description="Name of the file; formats are told by it.")
    ],
    dialect: Annotated[
        str | None, QueryParameter(max_length=60, description="Left out: the hub recognises it.")
    ] = None,
) -> Receipt:
    """Import a file (the body is the file): Movebank, Argos, GPX, Camtrap DP …"""
    folder = parts.folder / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=Path(name).suffix[:20]) as upload:
        async for chunk in request.stream():
            await asyncio.to_thread(upload.write, chunk)
        await asyncio.to_thread(upload.flush)
        return await parts.import_file(
            Path(upload.name),
            site=site,
            name=Path(name).name,
            dialect=dialect,
            received_at=parts.now(site),
            sender=caller_of(request).name,
        )


ROUTES = Router("/api/v1/sites/{site:str}", route_handlers=[append, page, import_file], tags=["observations"])
