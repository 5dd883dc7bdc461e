"""Coats over HTTP: whom a detection looks like and where, which flank it shows, and the gallery of an individual."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from litestar import get, post
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from fusion.camera.open_set import IdentityProposal, Kind, OpenSetRules, posterior, propose
from fusion.camera.pattern import METHOD
from hub.clearance import EXACT, ExactReads
from hub.console.access import role_at
from hub.console.parts import Call
from hub.console.sensitive import is_sensitive, read_world, sensitive_name
from hub.console.window import reader
from hub.pipeline.world import World
from hub.records.coat import Chip, ChipCandidate, FlankWord, Line
from hub.records.errors import NotFound
from hub.records.finding import Subject
from hub.records.flank import Flank
from hub.records.observation import Detection
from hub.see.drawn_likeness import BASIS
from hub.store import chips, vicinity
from hub.store.database import Database
from hub.store.observations import Seen

ROOT = "/api/v1/sites/{site:str}/detections/{observation:uuid}/coat"
MOST_SHOWN = 12
"""Candidates; all of them count in the probabilities."""


class ChipItem(msgspec.Struct, frozen=True, kw_only=True):
    """One chip: its detection and picture, and the box (left, top, width, height) as parts of the picture."""

    id: UUID
    observation: UUID
    observed_at: datetime
    device: str
    medium: UUID
    box: tuple[float, float, float, float]
    flank: Flank | None
    quality: float


class CoatCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """One individual of the gallery, and what its coat says.

    log_ratio: against somebody of no gallery, by the coat alone; probability: so much for it among all; lines: where
    they are alike, x and y as parts of this picture, then of that of `chip`, the one most alike.
    """

    individual: UUID
    name: str
    flank: Flank
    log_ratio: float
    probability: float
    votes: float
    inliers: int
    chip: ChipItem | None
    lines: tuple[Line, ...]


class Coat(msgspec.Struct, frozen=True, kw_only=True):
    """What a detection's coat proposes: match, probable, new_candidate or unresolvable, and why. It names nobody.

    chip: null where none was cut (yet). compared: nothing is to be waited for. basis: on whose
    coats the log ratios were fitted. flanks: what people said of the flank, the last word first.
    """

    observation: UUID
    chip: ChipItem | None
    told_flank: Flank | None
    flanks: list[FlankWord]
    proposal: Kind
    individual: UUID | None
    probability: float
    reasons: tuple[str, ...]
    candidates: list[CoatCandidate]
    compared: bool
    basis: str


class FlankSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which flank is seen; null: it cannot be told. `id`: UUIDv7 of the client's making; sending it twice is once."""

    id: UUID
    flank: Flank | None


class IndividualGallery(msgspec.Struct, frozen=True, kw_only=True):
    """Chips of an individual by which others are compared: those of detections that people said show it, with flank."""

    individual: UUID
    name: str
    chips: list[ChipItem]


def coat_routes(database: Database) -> list[ControllerRouterHandler]:
    """Handlers of coats. Who an animal is tells where it was: only those who may read that may ask."""
    given: dict[str, Any] = {"guards": [role_at(*EXACT)], "tags": ["coats"]}

    async def asked(site: str, observation: UUID) -> Seen:
        seen = await vicinity.by_id(database, site, observation)
        if seen is None or not isinstance(seen.observation, Detection):
            raise NotFound(f"no detection {observation} at site {site}")
        return seen

    async def answer(request: Call, site: str, seen: Seen) -> Coat:
        caller, _ = reader(request, site)
        world = await read_world(database, site)
        chip = await chips.of(database, site, seen.id)
        like = await chips.likeness(database, chip.id) if chip is not None else ()
        like = tuple(one for one in like if one.individual in world.individuals)
        theirs = await chips.by_ids(database, site, [one.chip for one in like if one.chip is not None])
        proposed = proposal(chip, like)
        shares = posterior([one.log_ratio for one in like], OpenSetRules().somebody_new)[:-1].tolist()
        shown = list(zip(like, shares, strict=True))[:MOST_SHOWN]
        reads = ExactReads(caller, site)
        if is_sensitive(seen.observation, world):
            reads.saw(sensitive_name(seen.observation, world))
        for one, _ in shown:
            _saw(reads, one.individual, world)
        await reads.write(database, "coat")
        return Coat(
            observation=seen.id,
            chip=None if chip is None else item_of(chip),
            told_flank=None if chip is None else chip.told_flank,
            flanks=await chips.words(database, site, seen.id),
            proposal=proposed.kind,
            individual=None if proposed.individual is None else UUID(proposed.individual),
            probability=proposed.probability,
            reasons=proposed.reasons,
            candidates=[candidate_of(one, share, chip, theirs, world) for one, share in shown],
            compared=chip is not None and (chip.gallery is not None or chip.reason != ""),
            basis=BASIS,
        )

    @get(ROOT, operation_id="showCoat", **given)
    async def show(request: Call, site: FromPath[str], observation: FromPath[UUID]) -> Coat:
        """Whom a detection's coat looks like, and at which points; a person says who it is."""
        return await answer(request, site, await asked(site, observation))

    @post(f"{ROOT}/flank", operation_id="sayFlank", status_code=200, **given)
    async def say_flank(
        request: Call, site: FromPath[str], observation: FromPath[UUID], data: JSONBody[FlankSaid]
    ) -> Coat:
        """Say which flank a detection shows. The last word holds; flanks are compared with their like only."""
        caller, _ = reader(request, site)
        seen = await asked(site, observation)
        async with database.transaction() as connection:
            await chips.say_flank(connection, site, seen.id, data.id, data.flank, caller.name)
        return await answer(request, site, seen)

    @get("/api/v1/sites/{site:str}/individuals/{individual:uuid}/gallery", operation_id="showGallery", **given)
    async def gallery(request: Call, site: FromPath[str], individual: FromPath[UUID]) -> IndividualGallery:
        """Chips of an individual, the newest first; also of entries that were merged into it."""
        caller, _ = reader(request, site)
        world = await read_world(database, site)
        known = world.entry(individual)
        if known is None:
            raise NotFound(f"no individual {individual} at site {site}")
        owned = [one for one in await chips.owned(database, site, METHOD) if world.entry(one.individual) == known]
        found = (await chips.by_ids(database, site, [one.chip for one in owned])).values()
        reads = ExactReads(caller, site)
        _saw(reads, known, world)
        await reads.write(database, "gallery")
        return IndividualGallery(
            individual=known,
            name=world.individuals[known].name,
            chips=[item_of(one) for one in sorted(found, key=lambda one: (one.observed_at, one.id), reverse=True)],
        )

    return [show, say_flank, gallery]


def proposal(chip: Chip | None, like: tuple[ChipCandidate, ...]) -> IdentityProposal:
    """What a chip proposes, and why nothing where it cannot."""
    if chip is None:
        return _nothing(
            "no chip was cut: no such species, no picture that the hub keeps, or nobody has looked at it yet"
        )
    if chip.reason:
        return _nothing(chip.reason)
    if chip.gallery is None and not like:
        return _nothing("it was not compared yet")
    names = [str(one.individual) for one in like]
    found = propose(names, [one.log_ratio for one in like], [one.inliers for one in like], chip.quality)
    # Somebody who is known by the other flank only would pass for somebody new.
    if chip.flank is None and found.kind in ("match", "new_candidate"):
        reasons = ("nobody said which flank is seen", *found.reasons)
        kind: Kind = "probable" if found.kind == "match" else "unresolvable"
        return IdentityProposal(kind, found.individual, found.probability, reasons)
    return found


def item_of(chip: Chip) -> ChipItem:
    """A chip as it is told."""
    return ChipItem(
        id=chip.id,
        observation=chip.observation,
        observed_at=chip.observed_at,
        device=chip.device,
        medium=chip.medium,
        box=chip.box,
        flank=chip.flank,
        quality=chip.quality,
    )


def candidate_of(
    one: ChipCandidate, share: float, chip: Chip | None, theirs: dict[UUID, Chip], world: World
) -> CoatCandidate:
    """A candidate as it is told, its lines in parts of both pictures."""
    other = theirs.get(one.chip) if one.chip is not None else None
    lines: tuple[Line, ...] = ()
    if chip is not None and chip.to_picture and other is not None and other.to_picture and one.lines:
        pairs = np.array(one.lines)
        here, there = _placed(chip.to_picture, pairs[:, :2]), _placed(other.to_picture, pairs[:, 2:])
        lines = tuple((a, b, c, d) for a, b, c, d in np.round(np.hstack([here, there]), 5).tolist())
    return CoatCandidate(
        individual=one.individual,
        name=world.individuals[one.individual].name,
        flank=one.flank,
        log_ratio=one.log_ratio,
        probability=share,
        votes=one.votes,
        inliers=one.inliers,
        chip=None if other is None else item_of(other),
        lines=lines,
    )


def _placed(to_picture: tuple[float, ...], points: np.ndarray) -> np.ndarray:
    shape = np.array(to_picture).reshape(2, 3)
    return points @ shape[:, :2].T + shape[:, 2]


def _nothing(reason: str) -> IdentityProposal:
    return IdentityProposal("unresolvable", None, 0.0, (reason,))


def _saw(reads: ExactReads, individual: UUID, world: World) -> None:
    if world.is_sensitive(Subject(kind="individual", id=individual)):
        reads.saw(world.individuals[individual].name)
