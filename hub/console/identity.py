"""Whom a detection or sighting shows: who believes what, and people's own word about it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from hub.clearance import ExactReads
from hub.console.access import role_at
from hub.console.feeds import Feeds
from hub.console.paging import Limit
from hub.console.parts import Call
from hub.console.past import AsOf, Pasts, known_at
from hub.console.sensitive import is_sensitive, sensitive_name
from hub.console.window import reader
from hub.console.wire import DetectionItem, detection_item
from hub.pipeline.identity import as_believed, owner_of, shown
from hub.pipeline.line import heard_of
from hub.pipeline.preview import Moved, moved
from hub.pipeline.weighing import month_of
from hub.pipeline.world import World
from hub.records.errors import Conflict, Malformed, NotFound
from hub.records.identity import Decision, Verdict, believed, made_by
from hub.records.observation import Detection, Sighting
from hub.records.person import Role
from hub.records.proposal import Proposal
from hub.store import identities, observations, proposals, vicinity
from hub.store.database import Database
from hub.store.observations import Seen

# Those who may read the places of all animals: who an animal is tells where it was.
MAY_DECIDE: tuple[Role, ...] = ("dispatcher", "scientist", "admin")
LONGEST_NOTE = 2_000
Least = Annotated[float, QueryParameter(ge=0, le=100, description="Only what is worth at least so much.")]
ROOT = "/api/v1/sites/{site:str}/detections/{observation:uuid}/identity"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an observation shows. `said`: the name it came with. `individual` None: nobody on the roster, or not known.

    `decided`: people said so; otherwise it is what the observation said. `decisions` are all there ever were.
    `proposal`: whom fusion takes it for, with why; None where it was not weighed (yet).
    """

    observation: UUID
    said: str | None
    individual: UUID | None
    name: str | None
    decided: bool
    decisions: list[Decision]
    proposal: Proposal | None
    as_of: datetime | None = None


class Decided(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision as a client sends it. `id`: UUIDv7 of the client's making, so that sending it twice is once."""

    id: UUID
    verdict: Verdict
    individual: UUID | None = None
    note: str = ""


class Considered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision that is not made yet."""

    verdict: Verdict
    individual: UUID | None = None


class ReviewItem(msgspec.Struct, frozen=True, kw_only=True):
    """A detection or sighting that is worth a person's look, and whom it may show."""

    detection: DetectionItem
    proposal: Proposal


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What is worth most first; `waiting` is how many there are in all."""

    items: list[ReviewItem]
    waiting: int
    as_of: datetime | None = None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Whom it shows now and would show then, and what becomes of their tracks."""

    before: UUID | None
    after: UUID | None
    moved: list[Moved]


def identity_routes(database: Database, feeds: Feeds) -> list[ControllerRouterHandler]:
    """Handlers of identity."""
    pasts = Pasts(database)

    async def asked(site: str, observation: UUID) -> Seen:
        seen = await vicinity.by_id(database, site, observation)
        if seen is None or not isinstance(seen.observation, Detection | Sighting):
            raise NotFound(f"no detection or sighting {observation} at site {site}")
        return seen

    async def answer(request: Call, site: str, seen: Seen, world: World, proposed: Proposal | None = None) -> Identity:
        decisions = await identities.history(database, site, seen.id)
        if world.as_of is None:
            proposed = await proposals.get(database, site, seen.id)
        else:
            decisions = made_by(decisions, world.as_of)
        what = believed(decisions)
        owner = owner_of(seen.observation, what, world)
        now = shown(seen.observation, what, world)
        caller, _ = reader(request, site)
        reads = ExactReads(caller, site)
        for one in (seen.observation, now):
            if is_sensitive(one, world):
                reads.saw(sensitive_name(one, world))
        await reads.write(database, "identity")
        return Identity(
            observation=seen.id,
            said=getattr(seen.observation, "individual", None),
            individual=owner,
            name=getattr(now, "individual", None),
            decided=what.decided,
            decisions=decisions,
            proposal=proposed,
            as_of=world.as_of,
        )

    def check(given: Decided | Considered, world: World) -> None:
        if given.verdict == "is_not" and given.individual is None:
            raise Malformed("individual: of whom is it said that it is not shown?")
        if given.individual is not None and (stays := world.merged.get(given.individual)) is not None:
            raise Conflict(f"{given.individual} is merged into {stays}: name that one", merged_into=str(stays))
        if given.individual is not None and given.individual not in world.individuals:
            raise NotFound(f"no individual {given.individual} at site {world.site.id}")

    @get(ROOT, operation_id="showIdentity", guards=[role_at(*MAY_DECIDE)])
    async def show(request: Call, site: FromPath[str], observation: FromPath[UUID], as_of: AsOf = None) -> Identity:
        """Whom a detection or sighting is believed to show, and every decision about it; with `as_of` as known then."""
        seen = await asked(site, observation)
        moment = known_at(as_of)
        if moment is None:
            return await answer(request, site, seen, feeds.world_of(site))
        past = await pasts.read(site, moment)
        if await observations.recorded_at(database, site, seen.id, seen.observed_at) > moment:
            raise NotFound(f"observation {observation} was not known yet")
        proposed = next(
            (one for one in await pasts.proposals(past, month_of(seen.observed_at)) if one.observation == seen.id), None
        )
        return await answer(request, site, seen, past.world, proposed)

    @post(ROOT, operation_id="decideIdentity", guards=[role_at(*MAY_DECIDE)], status_code=200)
    async def decide(
        request: Call, site: FromPath[str], observation: FromPath[UUID], data: JSONBody[Decided]
    ) -> Identity:
        """Say whom it shows, or whom not. A new `is` takes the place of the one before; tracks follow by themselves."""
        caller, _ = reader(request, site)
        world = feeds.world_of(site)
        check(data, world)
        note_is_text(data.note)
        seen = await asked(site, observation)
        async with database.transaction() as connection:
            await identities.decide(
                connection,
                site,
                seen,
                data.id,
                verdict=data.verdict,
                individual=data.individual,
                note=data.note,
                who=caller.name,
            )
        return await answer(request, site, seen, world)

    @post(
        f"{ROOT}/{{decision:uuid}}/withdraw",
        operation_id="withdrawIdentity",
        guards=[role_at(*MAY_DECIDE)],
        status_code=200,
    )
    async def withdraw(
        request: Call, site: FromPath[str], observation: FromPath[UUID], decision: FromPath[UUID]
    ) -> Identity:
        """Take a decision back: what held before it holds again."""
        caller, _ = reader(request, site)
        seen = await asked(site, observation)
        async with database.transaction() as connection:
            await identities.withdraw(connection, site, seen.id, decision, caller.name)
        return await answer(request, site, seen, feeds.world_of(site))

    @post(f"{ROOT}/preview", operation_id="previewIdentity", guards=[role_at(*MAY_DECIDE)], status_code=200)
    async def preview(
        request: Call, site: FromPath[str], observation: FromPath[UUID], data: JSONBody[Considered]
    ) -> Preview:
        """What a decision would change: whose the observation would be, and how far whose track would move."""
        reader(request, site)
        world = feeds.world_of(site)
        check(data, world)
        seen = await asked(site, observation)
        now = believed(await identities.history(database, site, seen.id))
        before = owner_of(seen.observation, now, world)
        after = owner_of(seen.observation, now.after(data.verdict, data.individual), world)
        return Preview(before=before, after=after, moved=await moved(database, world, seen, before, after))

    @get("/api/v1/sites/{site:str}/review", operation_id="listReview", guards=[role_at(*MAY_DECIDE)])
    async def review(
        request: Call, site: FromPath[str], least: Least = 0.2, limit: Limit = 50, as_of: AsOf = None
    ) -> Review:
        """What a person should look at, that first of which a decision is expected to change most.

        With `as_of`: what the list would have been with what was known then.
        """
        caller, role = reader(request, site)
        world, moment = feeds.world_of(site), known_at(as_of)
        if moment is None:
            found, waiting = await proposals.queue(database, site, least, limit)
        else:
            past = await pasts.read(site, moment)
            world, waited = past.world, await _queue_then(database, past.world, await pasts.proposals(past), least)
            found, waiting = waited[:limit], len(waited)
        seen = await observations.by_ids(database, [(one.observation, one.observed_at) for one in found])
        believed_now = {one.id: one for one in await as_believed(database, world, seen)}
        reads = ExactReads(caller, site)
        items: list[ReviewItem] = []
        for one in found:
            if (what := believed_now.get(one.observation)) is None:
                continue
            item = detection_item(heard_of(what, world), world, role)
            if item is not None:
                items.append(ReviewItem(detection=item, proposal=one))
                if is_sensitive(what.observation, world):
                    reads.saw(sensitive_name(what.observation, world))
        await reads.write(database, "review")
        return Review(items=items, waiting=waiting, as_of=moment)

    return [show, decide, withdraw, preview, review]


async def _queue_then(database: Database, world: World, found: list[Proposal], least: float) -> list[Proposal]:
    """As the store's queue, of what nobody had decided by `world.as_of`."""
    keys = [one.observation for one in found]
    decided = await identities.believed_of(database, world.site.id, keys, world.as_of)
    waiting = [
        one
        for one in found
        if one.value >= least and not (one.observation in decided and decided[one.observation].decided)
    ]
    return sorted(waiting, key=lambda one: (-one.value, one.observation))


def note_is_text(note: str) -> None:
    """Raises Malformed for a note that cannot be kept."""
    if "\x00" in note or len(note) > LONGEST_NOTE:
        raise Malformed(f"note: up to {LONGEST_NOTE} characters of text, without NUL")
