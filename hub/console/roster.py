"""Entries of the roster that are one animal (merge), or that hold two (split): what people say, and its preview."""

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from hub.clearance import ExactReads
from hub.console.access import role_at
from hub.console.feeds import Feeds
from hub.console.identity import MAY_DECIDE, note_is_text
from hub.console.parts import Call
from hub.console.sensitive import is_sensitive, sensitive_name
from hub.console.window import reader
from hub.console.wire import DetectionItem, detection_item
from hub.pipeline.identity import as_believed, named, subject_shown
from hub.pipeline.line import heard_of
from hub.pipeline.preview import RosterPreview, moved_by_split, preview_of_merge
from hub.pipeline.world import World, read_world
from hub.records.errors import Conflict, Malformed, NotFound
from hub.records.finding import Subject
from hub.records.flank import Flank
from hub.records.observation import Key
from hub.records.reference import Individual
from hub.records.roster import Merge, Split
from hub.store import merges, splits
from hub.store.database import Database
from hub.store.observations import Seen

ROOT = "/api/v1/sites/{site:str}/individuals/{individual:uuid}/roster"
MOST_SPLIT = 500
"""Sightings that one split moves."""


class MergeTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Into whom an entry would be merged."""

    stays: UUID


class MergeAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A merge as a client sends it. `id`: UUIDv7 of the client's making, so that sending it twice is once."""

    id: UUID
    stays: UUID
    note: str = ""


class SplitTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sightings would move to whom: another one on the roster, or (`other` None) a new one."""

    observations: list[UUID]
    other: UUID | None = None


class SplitAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A split as a client sends it. `other` with a `name` is made new, as an animal of the same kind."""

    id: UUID
    other: UUID
    observations: list[UUID]
    name: Key | None = None
    note: str = ""


class RosterEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the roster with all that people decided of it. `merged_into`: who stands for it.

    `entries`: all names under which this animal is on the roster. `sightings`: what shows it now, newest first.
    `provisional`: it is known by one `flank` only, and may be the same animal as one that is known by the other.
    """

    id: UUID
    name: str
    merged_into: UUID | None
    entries: dict[UUID, str]
    merges: list[Merge]
    splits: list[Split]
    sightings: list[DetectionItem]
    provisional: bool
    flank: Flank | None


def roster_routes(database: Database, feeds: Feeds) -> list[ControllerRouterHandler]:
    """Handlers of merges and splits."""

    async def world_of(request: Call, site: str) -> World:
        reader(request, site)
        # As the records are now: somebody else's merge of a second ago counts.
        feeds.world_of(site)
        return await read_world(database, site)

    def known(world: World, individual: UUID) -> Individual:
        if (stays := world.merged.get(individual)) is not None:
            raise Conflict(
                f"{individual} is merged into {stays} ({world.individuals[stays].name}): name that one",
                merged_into=str(stays),
            )
        if individual not in world.individuals:
            raise NotFound(f"no individual {individual} at site {world.site.id}")
        return world.individuals[individual]

    async def sightings_of(world: World, individual: UUID) -> list[Seen]:
        believed = await as_believed(database, world, await named(database, world, world.entries_of(individual)))
        mine = Subject(kind="individual", id=individual)
        return [one for one in believed if subject_shown(one, world) == mine]

    async def answer(request: Call, site: str, individual: UUID) -> RosterEntry:
        caller, role = reader(request, site)
        world = await world_of(request, site)
        standing = world.merged.get(individual, individual)
        if standing not in world.individuals:
            raise NotFound(f"no individual {individual} at site {site}")
        entries = {one.id: one.name for one in world.entries_of(standing)}
        reads, items = ExactReads(caller, site), list[DetectionItem]()
        for one in reversed(await sightings_of(world, standing)):
            if (item := detection_item(heard_of(one, world), world, role)) is not None:
                items.append(item)
                if is_sensitive(one.observation, world):
                    reads.saw(sensitive_name(one.observation, world))
        await reads.write(database, "roster")
        return RosterEntry(
            id=individual,
            name=entries[individual],
            merged_into=None if standing == individual else standing,
            entries=entries,
            merges=await merges.history(database, site, list(entries)),
            splits=await splits.history(database, site, list(entries)),
            sightings=items[:MOST_SPLIT],
            provisional=world.flank_of(standing) is not None,
            flank=world.flank_of(standing),
        )

    async def chosen(world: World, individual: UUID, observations: list[UUID]) -> list[Seen]:
        if not 0 < len(set(observations)) <= MOST_SPLIT:
            raise Malformed(f"observations: choose 1 to {MOST_SPLIT} sightings that show the other animal")
        its = {one.id: one for one in await sightings_of(world, individual)}
        if missing := [one for one in observations if one not in its]:
            raise Conflict(f"observation {missing[0]} does not show {world.individuals[individual].name} (any more)")
        return [its[key] for key in sorted(set(observations))]

    @get(ROOT, operation_id="showRosterEntry", guards=[role_at(*MAY_DECIDE)])
    async def show(request: Call, site: FromPath[str], individual: FromPath[UUID]) -> RosterEntry:
        """An entry of the roster, what shows it, and every merge and split of it."""
        return await answer(request, site, individual)

    @post(f"{ROOT}/merge", operation_id="mergeIndividual", guards=[role_at(*MAY_DECIDE)], status_code=200)
    async def merge(
        request: Call, site: FromPath[str], individual: FromPath[UUID], data: JSONBody[MergeAsked]
    ) -> RosterEntry:
        """Say that this entry is the same animal as another one: all that is its own belongs to that one then."""
        caller, _ = reader(request, site)
        note_is_text(data.note)
        are_two(individual, data.stays)
        async with database.transaction() as connection:
            await merges.decide(
                connection, site, data.id, merged=individual, stays=data.stays, note=data.note, who=caller.name
            )
        return await answer(request, site, individual)

    @post(f"{ROOT}/merge/preview", operation_id="previewMerge", guards=[role_at(*MAY_DECIDE)], status_code=200)
    async def preview_merge(
        request: Call, site: FromPath[str], individual: FromPath[UUID], data: JSONBody[MergeTarget]
    ) -> RosterPreview:
        """What a merge would change: which sightings would be the other one's, and how far its track would move."""
        world = await world_of(request, site)
        for one in (individual, data.stays):
            known(world, one)
        are_two(individual, data.stays)
        return await preview_of_merge(database, world, individual, data.stays)

    @post(
        f"{ROOT}/merge/{{merge:uuid}}/withdraw",
        operation_id="withdrawMerge",
        guards=[role_at(*MAY_DECIDE)],
        status_code=200,
    )
    async def withdraw_merge(
        request: Call, site: FromPath[str], individual: FromPath[UUID], merge: FromPath[UUID]
    ) -> RosterEntry:
        """Take a merge back: what was whose before is so again."""
        caller, _ = reader(request, site)
        held = await merges.by_ids(database, site, [merge])
        if not held or individual not in (held[0].merged, held[0].stays):
            raise NotFound(f"no merge {merge} of {individual} at site {site}")
        async with database.transaction() as connection:
            await merges.withdraw(connection, site, merge, caller.name)
        return await answer(request, site, individual)

    @post(f"{ROOT}/split", operation_id="splitIndividual", guards=[role_at(*MAY_DECIDE)], status_code=200)
    async def split(
        request: Call, site: FromPath[str], individual: FromPath[UUID], data: JSONBody[SplitAsked]
    ) -> RosterEntry:
        """Say that some sightings show another animal: one that is known, or, by a `name`, one that is new."""
        caller, _ = reader(request, site)
        note_is_text(data.note)
        if data.other == individual:
            raise Malformed("other: to whom do the sightings move?")
        world = await world_of(request, site)
        if any(one.id == data.id for one in await splits.history(database, site, [individual])):
            return await answer(request, site, individual)
        entry = known(world, individual)
        new = None
        if data.name is not None and data.other not in world.individuals:
            new = msgspec.structs.replace(
                entry, id=data.other, name=data.name, version=1, recorded_at=None, sex="unknown", attributes={}
            )
        else:
            known(world, data.other)
        seen = await chosen(world, individual, data.observations)
        async with database.transaction() as connection:
            await splits.decide(
                connection,
                site,
                data.id,
                individual=individual,
                other=data.other,
                new=new,
                seen=seen,
                note=data.note,
                who=caller.name,
            )
        return await answer(request, site, individual)

    @post(f"{ROOT}/split/preview", operation_id="previewSplit", guards=[role_at(*MAY_DECIDE)], status_code=200)
    async def preview_split(
        request: Call, site: FromPath[str], individual: FromPath[UUID], data: JSONBody[SplitTarget]
    ) -> RosterPreview:
        """What a split would change: how far both tracks would move without, and with, the chosen sightings."""
        world = await world_of(request, site)
        known(world, individual)
        if data.other is not None:
            known(world, data.other)
        seen = await chosen(world, individual, data.observations)
        found = await moved_by_split(database, world, individual, data.other, seen)
        return RosterPreview(observations=[one.id for one in seen], moved=found)

    @post(
        f"{ROOT}/split/{{split:uuid}}/withdraw",
        operation_id="withdrawSplit",
        guards=[role_at(*MAY_DECIDE)],
        status_code=200,
    )
    async def withdraw_split(
        request: Call, site: FromPath[str], individual: FromPath[UUID], split: FromPath[UUID]
    ) -> RosterEntry:
        """Take a split back: its sightings show whom they showed before."""
        caller, _ = reader(request, site)
        held = await splits.history(database, site, [individual])
        if all(one.id != split for one in held):
            raise NotFound(f"no split {split} of {individual} at site {site}")
        async with database.transaction() as connection:
            await splits.withdraw(connection, site, split, caller.name)
        return await answer(request, site, individual)

    return [show, merge, preview_merge, withdraw_merge, split, preview_split, withdraw_split]


def are_two(merged: UUID, stays: UUID) -> None:
    """Raises Malformed where an entry should be merged into itself."""
    if merged == stays:
        raise Malformed("stays: an entry cannot be merged into itself")
