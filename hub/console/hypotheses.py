"""What may lie behind what was observed, for a person to confirm or reject; nothing happens without one."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from hub.clearance import ExactReads, cleared
from hub.console.access import role_at
from hub.console.feeds import Feeds
from hub.console.identity import MAY_DECIDE, note_is_text
from hub.console.paging import Limit
from hub.console.parts import Call
from hub.console.sensitive import read_world
from hub.console.window import reader
from hub.pipeline.confirm import Change, carry_out, changes_of, undo
from hub.pipeline.preview import Moved, preview_of_changes
from hub.pipeline.world import World
from hub.records.errors import NotFound
from hub.records.finding import Subject
from hub.records.hypothesis import Hypothesis, HypothesisDecision, HypothesisKind, HypothesisVerdict, others
from hub.records.person import Role
from hub.records.reference import Individual
from hub.store import access, hypotheses
from hub.store.database import Database

Least = Annotated[float, QueryParameter(ge=0, le=100, description="Only what is worth at least so much.")]
ROOT = "/api/v1/sites/{site:str}/hypotheses"


class HypothesisItem(msgspec.Struct, frozen=True, kw_only=True):
    """A hypothesis as its reader may know it, with the name of whom it is about. `place` None: not for this reader.

    names: of the other individuals that `detail` speaks of, by id.
    """

    id: UUID
    kind: HypothesisKind
    individual: UUID | None
    name: str | None
    since: datetime
    decided_at: datetime
    probability: float
    value: float
    longitude: float | None
    latitude: float | None
    evidence: tuple[UUID, ...]
    detail: dict[str, Any]
    names: dict[UUID, str]


class DecisionItem(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word, about a hypothesis as it stood then. `changed`: how many records it changed."""

    id: UUID
    hypothesis: HypothesisItem
    verdict: HypothesisVerdict
    changed: int
    note: str
    decided_by: str
    decided_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


class HypothesisList(msgspec.Struct, frozen=True, kw_only=True):
    """What is worth most first; `waiting` is how many there are in all; `decided` the newest decisions."""

    items: list[HypothesisItem]
    waiting: int
    decided: list[DecisionItem]


class HypothesisAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One hypothesis, `stands`: it still comes out of what was observed; and all that people ever said of it."""

    hypothesis: HypothesisItem
    stands: bool
    decisions: list[DecisionItem]


class HypothesisConsidered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision that is not made yet. `name`: of who is born."""

    verdict: HypothesisVerdict
    name: str = ""


class HypothesisDecided(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision as a client sends it. `id`: UUIDv7 of the client's making, so that sending it twice is once."""

    id: UUID
    verdict: HypothesisVerdict
    name: str = ""
    note: str = ""


class ChangeItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a decision would change: `fields` of a record, before and after."""

    noun: str
    id: UUID
    name: str
    is_new: bool
    fields: dict[str, tuple[Any, Any]]


class HypothesisPreview(msgspec.Struct, frozen=True, kw_only=True):
    """All that a decision would change: records, which sightings change owner, and how far whose track would move."""

    changes: list[ChangeItem]
    observations: list[UUID]
    moved: list[Moved]


def hypothesis_routes(database: Database, feeds: Feeds) -> list[ControllerRouterHandler]:
    """Handlers of hypotheses. Who may read the places of all animals may decide: each tells where an animal is."""

    async def stood(site: str, key: UUID) -> tuple[Hypothesis, bool, list[HypothesisDecision]]:
        feeds.of(site)
        found = await hypotheses.get(database, site, key)
        history = await hypotheses.decisions(database, site, key, 100)
        if found is None and not history:
            raise NotFound(f"no hypothesis {key} at site {site}")
        return found or history[0].hypothesis, found is not None, history

    async def answer(request: Call, site: str, key: UUID) -> HypothesisAnswer:
        caller, role = reader(request, site)
        world, reads = await read_world(database, site), ExactReads(caller, site)
        found, stands, history = await stood(site, key)
        told = HypothesisAnswer(
            hypothesis=hypothesis_item(found, world, role, reads),
            stands=stands,
            decisions=[decision_item(one, world, role, reads) for one in history],
        )
        await reads.write(database, "hypothesis")
        return told

    @get(ROOT, operation_id="listHypotheses", guards=[role_at(*MAY_DECIDE)])
    async def listed(
        request: Call,
        site: FromPath[str],
        least: Least = 0.05,
        limit: Limit = 50,
        decided: FromQuery[bool] = False,
    ) -> HypothesisList:
        """What a person should look at, that first which would change most; with `decided`, also the newest words."""
        caller, role = reader(request, site)
        world, reads = feeds.world_of(site), ExactReads(caller, site)
        found, waiting = await hypotheses.queue(database, site, least, limit)
        history = await hypotheses.decisions(database, site, None, limit) if decided else []
        told = HypothesisList(
            items=[hypothesis_item(one, world, role, reads) for one in found],
            waiting=waiting,
            decided=[decision_item(one, world, role, reads) for one in history],
        )
        await reads.write(database, "hypotheses")
        return told

    @get(f"{ROOT}/{{hypothesis:uuid}}", operation_id="showHypothesis", guards=[role_at(*MAY_DECIDE)])
    async def show(request: Call, site: FromPath[str], hypothesis: FromPath[UUID]) -> HypothesisAnswer:
        """One hypothesis, and every decision about it."""
        return await answer(request, site, hypothesis)

    @post(
        f"{ROOT}/{{hypothesis:uuid}}/preview",
        operation_id="previewHypothesis",
        guards=[role_at(*MAY_DECIDE)],
        status_code=200,
    )
    async def preview(
        request: Call, site: FromPath[str], hypothesis: FromPath[UUID], data: JSONBody[HypothesisConsidered]
    ) -> HypothesisPreview:
        """What a decision would change."""
        reader(request, site)
        found, _, _ = await stood(site, hypothesis)
        world = await read_world(database, site)
        name = data.name or f"new {str(hypothesis)[:8]}"
        changes = await changes_of(database, world, found, data.verdict, hypothesis, name)
        would = await preview_of_changes(database, world, changes)
        return HypothesisPreview(
            changes=[change_item(one, world) for one in changes], observations=would.observations, moved=would.moved
        )

    @post(
        f"{ROOT}/{{hypothesis:uuid}}/decide",
        operation_id="decideHypothesis",
        guards=[role_at(*MAY_DECIDE)],
        status_code=200,
    )
    async def decide(
        request: Call, site: FromPath[str], hypothesis: FromPath[UUID], data: JSONBody[HypothesisDecided]
    ) -> HypothesisAnswer:
        """Confirm it, and what follows from it is done; or reject it. What was changed can be taken back."""
        caller, _ = reader(request, site)
        note_is_text(data.note)
        found, stands, history = await stood(site, hypothesis)
        if not stands and data.id not in [one.id for one in history]:
            raise NotFound(f"hypothesis {hypothesis} stands no more: something was observed that speaks against it")
        async with database.transaction() as connection:
            if await hypotheses.begin(connection, site, hypothesis, data.id, data.verdict):
                world = await read_world(database, site)
                changes = await changes_of(database, world, found, data.verdict, data.id, data.name)
                acts = await carry_out(connection, site, changes, data.id, caller.name)
                await hypotheses.decide(
                    connection, found, data.id, verdict=data.verdict, acts=acts, note=data.note, who=caller.name
                )
        what = {"hypothesis": str(hypothesis), "kind": found.kind, "verdict": data.verdict}
        await access.audit(database, site, f"{caller.name} {caller.id}", "hypothesis decided", **what)
        return await answer(request, site, hypothesis)

    @post(
        f"{ROOT}/{{hypothesis:uuid}}/decisions/{{decision:uuid}}/withdraw",
        operation_id="withdrawHypothesis",
        guards=[role_at(*MAY_DECIDE)],
        status_code=200,
    )
    async def withdraw(
        request: Call, site: FromPath[str], hypothesis: FromPath[UUID], decision: FromPath[UUID]
    ) -> HypothesisAnswer:
        """Take a decision back, and put back what it changed. 409 or 412 where people went on from it."""
        caller, _ = reader(request, site)
        await stood(site, hypothesis)
        async with database.transaction() as connection:
            taken = await hypotheses.withdraw(connection, site, hypothesis, decision, caller.name)
            if taken is not None:
                await undo(connection, database, taken.hypothesis, taken.acts, caller.name)
        what = {"hypothesis": str(hypothesis), "decision": str(decision)}
        await access.audit(database, site, f"{caller.name} {caller.id}", "hypothesis decision withdrawn", **what)
        return await answer(request, site, hypothesis)

    return [listed, show, preview, decide, withdraw]


def hypothesis_item(one: Hypothesis, world: World, role: Role, reads: ExactReads) -> HypothesisItem:
    """A hypothesis as a reader of this role may know it, by the one decision on places."""
    subject = None if one.individual is None else Subject(kind="individual", id=one.individual)
    sensitive = one.sensitive or (subject is not None and world.is_sensitive(subject))
    place = cleared(one.longitude, one.latitude, 0.0, sensitive, role)
    name = None if subject is None else world.name_of(subject)
    if sensitive:
        reads.saw(name or one.detail.get("species") or one.kind)
    return HypothesisItem(
        id=one.id,
        kind=one.kind,
        individual=one.individual,
        name=name,
        since=one.since,
        decided_at=one.decided_at,
        probability=one.probability,
        value=one.value,
        longitude=place.longitude,
        latitude=place.latitude,
        evidence=() if place.generalised else one.evidence,
        detail={} if place.generalised else one.detail,
        names={}
        if place.generalised
        else {key: world.name_of(Subject(kind="individual", id=key)) for key in others(one)},
    )


def decision_item(one: HypothesisDecision, world: World, role: Role, reads: ExactReads) -> DecisionItem:
    """A decision as a reader of this role may know it."""
    return DecisionItem(
        id=one.id,
        hypothesis=hypothesis_item(one.hypothesis, world, role, reads),
        verdict=one.verdict,
        changed=len(one.acts),
        note=one.note,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        withdrawn_by=one.withdrawn_by,
        withdrawn_at=one.withdrawn_at,
    )


def change_item(one: Change, world: World) -> ChangeItem:
    """A change in words of fields."""
    if one.movement is not None:
        who = Subject(kind="individual", id=one.movement.individual)
        known = world.movements.fits.get(one.movement.individual)
        drifts = (known.centre_drift_m2_s if known else 0.0, one.movement.centre_drift_m2_s)
        fields = {"centre_drift_m2_s": drifts}
        return ChangeItem(noun="movement", id=who.id, name=world.name_of(who), is_new=False, fields=fields)
    if one.sighting is not None:
        at = one.sighting.observed_at.isoformat()
        fields = {"individual": (None, one.individual)}
        return ChangeItem(noun="identity", id=one.sighting.id, name=at, is_new=False, fields=fields)
    if one.merge is not None:
        merged, stays = (
            world.name_of(Subject(kind="individual", id=key)) for key in (one.merge.merged, one.merge.stays)
        )
        fields = {"merged_into": (None, stays)}
        return ChangeItem(noun="merge", id=one.merge.merged, name=merged, is_new=False, fields=fields)
    record = one.record
    assert record is not None, "a change changes something"
    if isinstance(record, Individual):
        if record.version == 0:
            fields = {"name": (None, record.name), "scientific_name": (None, record.scientific_name)}
            return ChangeItem(noun="individual", id=record.id, name=record.name, is_new=True, fields=fields)
        died = (world.individuals[record.id].died_at, record.died_at)
        return ChangeItem(noun="individual", id=record.id, name=record.name, is_new=False, fields={"died_at": died})
    carrier = Subject(kind=record.carrier_kind, id=record.carrier)
    if record.version == 0:
        fields = {"valid_from": (None, record.valid_from)}
        return ChangeItem(noun="deployment", id=record.id, name=world.name_of(carrier), is_new=True, fields=fields)
    fields = {"valid_to": (None, record.valid_to)}
    return ChangeItem(noun="deployment", id=record.id, name=world.name_of(carrier), is_new=False, fields=fields)
