"""HTTP: pictures to look at. Persons are pixelated; originals are for few, and each reading of one is written down."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import ControllerRouterHandler

from hub.clearance import EXACT, ExactReads
from hub.console.access import role_at
from hub.console.paging import MOST, After, Limit, first_known, moment_token
from hub.console.parts import Call
from hub.console.sensitive import is_sensitive, read_world, sensitive_name
from hub.console.window import Since, Until, keyset, reader, window
from hub.media.shown import ShownBox, Sight, by_medium, may_be_shown, may_have_original, public_facts, sight_of
from hub.media.vault import Vault
from hub.pipeline.identity import as_believed
from hub.pipeline.world import World
from hub.records.errors import Conflict, Forbidden, Gone
from hub.records.medium import Delivery, Medium, MediumState
from hub.records.observation import UNNAMED_CAMERA
from hub.records.person import Caller, Role
from hub.see.showing import Showing
from hub.store import access, media, shown
from hub.store.database import Database
from hub.store.observations import Seen

Width = Annotated[int, QueryParameter(ge=32, le=1920, description="Most pixels across.")]
Device = Annotated[str | None, QueryParameter(max_length=200, pattern=r"^[^\x00]*$", description="Key of the camera.")]
Label = Annotated[str | None, QueryParameter(max_length=200, pattern=r"^[^\x00]*$", description="Seen in it.")]
State = Annotated[MediumState | None, QueryParameter(name="state")]
DEFAULT = timedelta(days=30)
JPEG = "image/jpeg"
# What a page shows is nobody's but its reader's, and its persons may be pixelated otherwise after another look.
PRIVATE = {"Cache-Control": "private, max-age=60", "X-Content-Type-Options": "nosniff"}


class PictureItem(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as its reader may know it.

    generalised: it shows a sensitive animal, so its camera is not said. picture: it can be shown; not before a model
    has looked. original: this reader may have it as it was taken. persons: null before anybody has looked.
    """

    id: UUID
    kind: str
    bytes: int
    device: str | None
    name: str
    live: bool
    state: MediumState
    reason: str | None
    taken_at: datetime | None
    time_method: str | None
    received_at: datetime
    width_px: int | None
    height_px: int | None
    boxes: tuple[ShownBox, ...]
    looked_by: str | None
    persons: bool | None
    generalised: bool
    picture: bool
    kept_until: datetime | None


class PicturePage(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures, newest first; `next` is null on the last page."""

    items: list[PictureItem]
    next: str | None


class PictureDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One picture, with what the file says of itself and by which doors it came, for those who may know its camera."""

    item: PictureItem
    original: bool
    alerted: bool
    facts: dict[str, Any]
    deliveries: list[Delivery]
    preview_of: UUID | None


class Known(NamedTuple):
    """A picture, what was seen in it, and what the log says of it now."""

    medium: Medium
    sight: Sight
    said: list[Seen]
    sensitive: bool


def shown_routes(
    database: Database, vault: Vault, showing: Showing, now: Callable[[str], datetime]
) -> list[ControllerRouterHandler]:
    """Handlers of the way out."""
    given: dict[str, Any] = {"guards": [role_at()], "tags": ["media"]}

    async def known(site: str, world: World, found: list[Medium]) -> list[Known]:
        looks = by_medium(await shown.looks(database, [one.id for one in found]))
        asked = [(one.id, one.device or UNNAMED_CAMERA, one.taken_at) for one in found if one.taken_at is not None]
        rows = await shown.said(database, site, asked)
        believed = {one.id: one for one in await as_believed(database, world, [seen for _, seen in rows])}
        of: dict[UUID, list[Seen]] = {}
        for medium, seen in rows:
            of.setdefault(medium, []).extend([seen, believed[seen.id]])
        return [
            Known(
                one,
                sight_of(one, looks.get(one.id, ()), of.get(one.id, ())),
                of.get(one.id, []),
                any(is_sensitive(seen.observation, world) for seen in of.get(one.id, ())),
            )
            for one in found
        ]

    async def one_of(site: str, medium: UUID) -> tuple[Known, World]:
        world = await read_world(database, site)
        (found,) = await known(site, world, [await media.get(database, site, medium)])
        return found, world

    async def is_alerted(site: str, one: Known) -> bool:
        at = one.medium.taken_at
        return at is not None and await shown.is_alerted(database, site, {seen.id for seen in one.said}, at)

    @get("/api/v1/sites/{site:str}/media", operation_id="listMedia", **given)
    async def page(
        request: Call,
        site: FromPath[str],
        since: Since = None,
        until: Until = None,
        device: Device = None,
        chosen: State = None,
        label: Label = None,
        limit: Limit = 50,
        after: After = None,
    ) -> PicturePage:
        """Pictures taken in [from, to) (the last 30 days), newest first; small copies of others are left out."""
        caller, role = reader(request, site)
        begin, end = window(since, until, now(site) + timedelta(seconds=1), DEFAULT)
        world = await read_world(database, site)
        # A camera that may be withheld is not searched for, but looked for in what the reader may know.
        searched = device if role in EXACT else None
        asked = limit if searched == device else MOST
        found = await shown.page(
            database,
            site,
            begin,
            end,
            device=searched,
            state=chosen,
            label=label,
            after=keyset(after),
            limit=asked,
        )
        reads = ExactReads(caller, site)

        def wanted(one: Known) -> PictureItem | None:
            item = _item(one, role)
            if device is not None and item.device != device:
                return None
            _saw(reads, one, world)
            return item

        items, last = first_known(await known(site, world, found), limit, asked, wanted)
        await reads.write(database, "pictures")
        following = None
        if last is not None and last.medium.taken_at is not None:
            following = moment_token(last.medium.taken_at, last.medium.id)
        return PicturePage(items=items, next=following)

    @get("/api/v1/sites/{site:str}/media/{medium:uuid}", operation_id="showMedium", **given)
    async def show(request: Call, site: FromPath[str], medium: FromPath[UUID]) -> PictureDetail:
        """One picture: what was seen, by which doors it came, and whether its reader may have the original."""
        caller, role = reader(request, site)
        one, world = await one_of(site, medium)
        reads = ExactReads(caller, site)
        _saw(reads, one, world)
        await reads.write(database, "picture")
        alerted, exact = await is_alerted(site, one), role in EXACT
        return PictureDetail(
            item=_item(one, role),
            original=_is_here(one.medium) and may_have_original(role, one.sight, alerted=alerted),
            alerted=alerted,
            facts=public_facts(one.medium) if exact else {},
            deliveries=await media.deliveries(database, medium) if exact else [],
            preview_of=one.medium.preview_of,
        )

    @get("/api/v1/sites/{site:str}/media/{medium:uuid}/picture", operation_id="seeMedium", media_type=JPEG, **given)
    async def picture(
        request: Call, site: FromPath[str], medium: FromPath[UUID], width: Width = 960
    ) -> Response[bytes]:
        """It as JPEG, persons pixelated, without what the camera wrote into the file. 409 before a model has looked."""
        reader(request, site)
        one, _ = await one_of(site, medium)
        _check_is_here(one.medium)
        if not may_be_shown(one.sight):
            raise Conflict("No model has looked at it yet, so nobody knows where persons are.")
        sha256, veils = one.medium.sha256, one.sight.veils
        made = showing.made(sha256, veils, width)
        if made is None:
            data = await asyncio.to_thread(vault.open, sha256)
            made = await asyncio.to_thread(showing.make, sha256, data, veils, width)
        return Response(made, media_type=JPEG, headers=PRIVATE)

    @get("/api/v1/sites/{site:str}/media/{medium:uuid}/original", operation_id="readOriginal", **given)
    async def original(
        request: Call, site: FromPath[str], medium: FromPath[UUID], reason: FromQuery[str | None] = None
    ) -> Response[bytes]:
        """It as it was taken, but for GPS and serial numbers. Who read it, and with which `reason`, is in the audit."""
        caller, role = reader(request, site)
        one, _ = await one_of(site, medium)
        alerted = await is_alerted(site, one)
        if not may_have_original(role, one.sight, alerted=alerted):
            await _note(database, caller, site, one, "original of a picture refused", reason)
            raise Forbidden(_why_not(role, one.sight))
        _check_is_here(one.medium)
        # Written down before it leaves: whoever cannot be written down gets nothing.
        await _note(database, caller, site, one, "original of a picture read", reason)
        data = await asyncio.to_thread(vault.open, one.medium.sha256)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        if one.medium.kind == "mp4":
            named = {"Content-Disposition": f'attachment; filename="{medium}.mp4"'}
            return Response(data, media_type="video/mp4", headers=headers | named)
        return Response(await asyncio.to_thread(showing.whole, data), media_type=JPEG, headers=headers)

    return [page, show, picture, original]


def _item(one: Known, role: Role) -> PictureItem:
    medium = one.medium
    # The name of a camera is its place; that of a file may be the camera's.
    hidden = one.sensitive and role not in EXACT
    return PictureItem(
        id=medium.id,
        kind=medium.kind,
        bytes=medium.bytes,
        device=None if hidden else medium.device,
        name=medium.name if role in EXACT else "",
        live=medium.live,
        state=medium.state,
        reason=medium.reason,
        taken_at=medium.taken_at,
        time_method=medium.time_method,
        received_at=medium.received_at,
        width_px=medium.width_px,
        height_px=medium.height_px,
        boxes=one.sight.boxes,
        looked_by=medium.looked_by,
        persons=one.sight.persons,
        generalised=hidden,
        picture=_is_here(medium) and medium.kind != "mp4" and may_be_shown(one.sight),
        kept_until=medium.kept_until,
    )


def _is_here(medium: Medium) -> bool:
    return medium.state != "erased"


def _check_is_here(medium: Medium) -> None:
    if not _is_here(medium):
        raise Gone(f"medium {medium.id} was erased: {medium.reason or 'its time was over'}")


def _saw(reads: ExactReads, one: Known, world: World) -> None:
    if one.sensitive:
        reads.saw(sensitive_name(one.said[-1].observation, world))


async def _note(database: Database, caller: Caller, site: str, one: Known, what: str, reason: str | None) -> None:
    # Machines too: a key that reads originals is to be seen.
    who = f"{caller.name} {caller.id}"
    detail = {"medium": str(one.medium.id), "persons": one.sight.persons, "reason": (reason or "")[:300]}
    await access.audit(database, site, who, what, **detail)


def _why_not(role: Role, sight: Sight) -> str:
    if role == "ranger":
        return "Originals are for dispatchers, scientists and admins; the picture itself is at /picture."
    if sight.persons is None:
        return "No model has looked at it yet: until then its original is for dispatchers and admins."
    return "It shows persons: its original is for dispatchers and admins, while an alert rests on it."
