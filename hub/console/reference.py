"""Devices, individuals, places, deployments, fences and layers over HTTP: the same five routes for each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Controller, Response, Router, delete, get, put
from litestar.params import FromPath, JSONBody

from hub.clearance import cleared
from hub.console.access import caller_of, writing_needs
from hub.console.etag import edited, etag, expected, unchanged
from hub.console.paging import After, Limit, Page, parse_id
from hub.console.parts import Call, Given, Parts
from hub.console.reference_check import check
from hub.records.errors import Stale
from hub.records.person import Caller, Role
from hub.records.reference import Fence, Individual, Place, Reference
from hub.store import merges, reference

if TYPE_CHECKING:
    # Each controller puts its own types behind these names (`signature_namespace`).
    Body: TypeAlias = msgspec.Struct
    Record: TypeAlias = Reference

EDITORS: tuple[Role, ...] = ("dispatcher", "scientist", "admin")
FENCE_EDITORS: tuple[Role, ...] = ("dispatcher", "admin")
MOST_BYTES = 16 << 20
_NOT_IN_BODY = ("id", "site", "version", "recorded_at", "merged_into")


def editors_of(noun: str) -> tuple[Role, ...]:
    """Who may change records of a kind: fences and layers are the dispatchers' own."""
    return FENCE_EDITORS if noun in ("fence", "layer") else EDITORS


def body_of(kind: type[Reference]) -> type[msgspec.Struct]:
    """A record as a client writes it: without what the path and the hub say. What has a default may be left out."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(kind):
        if field.name not in _NOT_IN_BODY:
            fields.append(
                (field.name, field.type)
                if field.required
                else (field.name, field.type | msgspec.UnsetType, msgspec.UNSET)
            )
    name = f"{kind.__name__}Body"
    return msgspec.defstruct(name, fields, frozen=True, kw_only=True, forbid_unknown_fields=True, module=__name__)


def record_of(kind: type[Reference], site: str, record_id: UUID, body: msgspec.Struct) -> Reference:
    """The record that a body describes; raises InvalidReference."""
    given = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not msgspec.UNSET}
    record = kind(id=record_id, site=site, **given)
    check(record)
    return record


def readable(record: Reference, caller: Caller) -> Reference:
    """The record as the caller may know it. A place with the attribute ``sensitive`` (a den) is coarsened."""
    if not isinstance(record, Place):
        return record
    sensitive = record.attributes.get("sensitive") is True
    place = cleared(record.longitude, record.latitude, record.uncertainty_m, sensitive, caller.role_at(record.site))
    if not place.generalised or place.longitude is None or place.latitude is None:
        return record
    return msgspec.structs.replace(
        record,
        longitude=place.longitude,
        latitude=place.latitude,
        uncertainty_m=place.uncertainty_m or 0.0,
        attributes={"sensitive": True, "generalised": True},
    )


async def pointed(parts: Parts, site: str, records: Sequence[Reference]) -> Sequence[Reference]:
    """The same records, each individual that was merged with a pointer to the one that stands for it."""
    if not any(isinstance(one, Individual) for one in records):
        return records
    held = merges.pointers(await merges.holding(parts.database, site))
    return [
        msgspec.structs.replace(one, merged_into=held.get(one.id)) if isinstance(one, Individual) else one
        for one in records
    ]


async def fence_begins(parts: Parts, fence: Fence, body: msgspec.Struct, *, new: bool) -> Fence:
    """A body that leaves `alert_from` out: a new fence alerts from now on, an edited one keeps what it had."""
    if getattr(body, "alert_from", None) is not msgspec.UNSET:
        return fence
    if new:
        return msgspec.structs.replace(fence, alert_from=parts.now(fence.site))
    before = await reference.get(parts.database, fence.site, "fence", fence.id)
    return msgspec.structs.replace(fence, alert_from=before.alert_from if isinstance(before, Fence) else None)


async def first_of(parts: Parts, caller: Caller, record: Reference) -> dict[str, Any]:
    """Who was first, and what the record is now, for whoever lost the race; empty if it is gone."""
    noun = reference.noun_of(record)
    held = await reference.versions(parts.database, record.site, noun, record.id)
    if not held or held[-1]["deleted"]:
        return {}
    now = await reference.get(parts.database, record.site, noun, record.id)
    return {"by": held[-1]["recorded_by"], "now": msgspec.to_builtins(readable(now, caller))}


class ReferenceController(Controller):
    """Routes of one kind of record; `noun` is its name in the store."""

    noun: str
    kind: type[Reference]

    @get("/")
    async def page(
        self,
        request: Call,
        parts: Given,
        site: FromPath[str],
        limit: Limit = 100,
        after: After = None,
    ) -> "Page[Record]":
        """Records that hold now, in order of id."""
        found = await pointed(
            parts, site, await reference.page(parts.database, site, self.noun, parse_id(after), limit)
        )
        caller = caller_of(request)
        following = str(found[-1].id) if len(found) == limit else None
        return Page([readable(one, caller) for one in found], following)

    @get("/{record_id:uuid}")
    async def one(
        self,
        request: Call,
        parts: Given,
        site: FromPath[str],
        record_id: FromPath[UUID],
    ) -> "Response[Record] | Response[None]":
        """One record, with its version as ETag."""
        (record,) = await pointed(parts, site, [await reference.get(parts.database, site, self.noun, record_id)])
        tag = etag(record.version)
        # Whether an individual is merged is no matter of its version.
        if unchanged(request, tag) and not (
            isinstance(record, Individual) and await merges.history(parts.database, site, [record_id])
        ):
            return Response(None, status_code=304, headers={"ETag": tag})
        return Response(readable(record, caller_of(request)), headers={"ETag": tag, "Cache-Control": "no-cache"})

    @put("/{record_id:uuid}", request_max_body_size=MOST_BYTES)
    async def write(
        self,
        request: Call,
        parts: Given,
        site: FromPath[str],
        record_id: FromPath[UUID],
        data: "JSONBody[Body]",
    ) -> "Response[Record]":
        """Create (If-None-Match: *) or replace (If-Match) a record. What the body leaves out gets its default."""
        expect = expected(request)
        record = record_of(self.kind, site, record_id, data)
        if isinstance(record, Fence):
            record = await fence_begins(parts, record, data, new=expect is None)
        try:
            async with parts.database.transaction() as connection:
                saved = await reference.put(connection, record, expect=expect, by=caller_of(request).name)
        except Stale as stale:
            raise Stale(stale.detail, **await first_of(parts, caller_of(request), record)) from None
        status = 201 if expect is None else 200
        return Response(saved, status_code=status, headers={"ETag": etag(saved.version)})

    @delete("/{record_id:uuid}", status_code=204)
    async def end(
        self,
        request: Call,
        parts: Given,
        site: FromPath[str],
        record_id: FromPath[UUID],
    ) -> None:
        """End a record (If-Match). Its versions stay in the store."""
        expect = edited(request)
        async with parts.database.transaction() as connection:
            by = caller_of(request).name
            await reference.delete(connection, site, self.noun, record_id, expect=expect, by=by)


def controller_of(noun: str, kind: type[Reference]) -> type[Controller]:
    """The controller of one kind of record, below ``/{noun}s``."""
    names = {"Body": body_of(kind), "Record": kind}
    members: dict[str, Any] = {"noun": noun, "kind": kind, "path": f"/{noun}s", "signature_namespace": names}
    members |= {"guards": [writing_needs(*editors_of(noun))], "tags": [f"{noun}s"]}
    return type(f"{kind.__name__}Controller", (ReferenceController,), members)


ROUTES = Router(
    "/api/v1/sites/{site:str}",
    route_handlers=[controller_of(noun, kind) for noun, kind in reference.KINDS.items()],
)
