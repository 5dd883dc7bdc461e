"""What a person's word about a hypothesis changes: by the doors of any other edit, and so that it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import msgspec

from hub.pipeline.wearers import best_of
from hub.pipeline.world import World
from hub.records.errors import Conflict, Malformed
from hub.records.finding import Subject
from hub.records.hypothesis import Act, Hypothesis, HypothesisVerdict
from hub.records.ids import content_id
from hub.records.movement import Movement
from hub.records.reference import Deployment, Individual
from hub.records.roster import Merge
from hub.store import identities, merges, observations, parameters, reference
from hub.store.database import Connection, Database
from hub.store.observations import Seen


class Change(NamedTuple):
    """One thing that a decision would do: a record as it would be (its version that of today, 0: new), or a word about
    a sighting, or movement parameters, or that two entries are one."""

    record: Individual | Deployment | None = None
    sighting: Seen | None = None
    individual: UUID | None = None
    movement: Movement | None = None
    merge: Merge | None = None


async def changes_of(
    database: Database, world: World, hypothesis: Hypothesis, verdict: HypothesisVerdict, key: UUID, name: str
) -> list[Change]:
    """What a decision would change; nothing is changed here. Raises Malformed, Conflict or NotFound."""
    site, who = world.site.id, hypothesis.individual
    if verdict == "rejected":
        if hypothesis.detail.get("by") == "contradiction" and who is not None:
            # It is not dead.
            animal = cast(Individual, await reference.get(database, site, "individual", who))
            return [Change(record=msgspec.structs.replace(animal, died_at=None))]
        return []
    match hypothesis.kind:
        case "birth":
            return await _birth(database, world, hypothesis, key, name)
        case "death" if hypothesis.detail.get("by") == "contradiction":
            return []
        case "death":
            assert who is not None
            animal = cast(Individual, await reference.get(database, site, "individual", who))
            return [Change(record=msgspec.structs.replace(animal, died_at=hypothesis.since))]
        case "wrong_deployment":
            assert who is not None
            return await _collars_moved(database, world, who, hypothesis)
        case "same_animal":
            assert who is not None
            return [Change(merge=_merge(world, hypothesis, who, key))]
        case "dispersal":
            return [Change(movement=msgspec.convert(hypothesis.detail["moving"], Movement))]


def _merge(world: World, hypothesis: Hypothesis, stays: UUID, key: UUID) -> Merge:
    """The other entry into the one that was seen more often."""
    other = UUID(hypothesis.detail["other"])
    if stays not in world.individuals or other not in world.individuals:
        raise Conflict("one of both is merged into another, or is on the roster no longer")
    merged = content_id("same animal", key.bytes)
    return Merge(id=merged, merged=other, stays=stays, note="", decided_by="", decided_at=hypothesis.decided_at)


async def _birth(database: Database, world: World, hypothesis: Hypothesis, key: UUID, name: str) -> list[Change]:
    name = name.strip()
    if not name or len(name) > 200 or "\x00" in name:
        raise Malformed("name: who is born needs one, of up to 200 characters")
    if name in world.individual_by_name:
        raise Conflict(f"there is an individual {name} at site {world.site.id} already")
    species = hypothesis.detail.get("species") or ""
    alike = next((one for one in world.individuals.values() if one.scientific_name == species), None)
    attributes: dict[str, Any] = {"provisional": True, "hypothesis": str(hypothesis.id)}
    if hypothesis.detail.get("flank"):
        attributes["flank"] = hypothesis.detail["flank"]
    born = Individual(
        id=content_id("born", key.bytes),
        site=world.site.id,
        version=0,
        name=name,
        scientific_name=species,
        sensitive=hypothesis.sensitive or (alike is not None and alike.sensitive),
        attributes=attributes,
    )
    times = [datetime.fromisoformat(at) for at in hypothesis.detail["times"]]
    keys = list(zip(hypothesis.evidence, times, strict=True))
    seen = await observations.by_ids(database, keys)
    decided = await identities.believed_of(database, world.site.id, list(hypothesis.evidence))
    open_ones = [
        one
        for one in sorted(seen, key=lambda one: (one.observed_at, one.id))
        if one.id not in decided or not decided[one.id].decided or decided[one.id].individual is None
    ]
    return [Change(record=born), *(Change(sighting=one, individual=born.id) for one in open_ones)]


async def _collars_moved(database: Database, world: World, who: UUID, hypothesis: Hypothesis) -> list[Change]:
    """A deployment ends when sightings begin to contradict it; whom the collar fits has worn it since.

    Of a swapped pair both end before either begins, so that no device is in two places.
    """
    swapped: list[dict[str, Any]] = hypothesis.detail.get("swapped", [])
    if not swapped:
        wearer = best_of(hypothesis)
        off = await _collar_off(database, world, who, str(hypothesis.detail.get("device")), hypothesis.since)
        return [off] if wearer is None else [off, _collar_on(off, wearer, hypothesis)]
    offs = [
        await _collar_off(
            database, world, UUID(side["individual"]), side["device"], datetime.fromisoformat(side["since"])
        )
        for side in swapped
    ]
    ons = [
        _collar_on(off, UUID(other["individual"]), hypothesis) for off, other in zip(offs, swapped[::-1], strict=True)
    ]
    return [*offs, *ons]


async def _collar_off(database: Database, world: World, who: UUID, key: str, since: datetime) -> Change:
    """The deployment of that device on that animal ends."""
    device = world.devices.get(key)
    carrier = Subject(kind="individual", id=who)
    for one in await reference.everything(database, world.site.id, ("deployment",)):
        if not isinstance(one, Deployment) or device is None or one.device != device.id:
            continue
        begun = one.valid_from is None or one.valid_from < since
        if Subject(kind=one.carrier_kind, id=one.carrier) == carrier and begun and one.valid_to is None:
            return Change(record=msgspec.structs.replace(one, valid_to=since))
    raise Conflict("the deployment that this is about has been changed meanwhile")


def _collar_on(off: Change, wearer: UUID, hypothesis: Hypothesis) -> Change:
    """Its device on another animal from when it was taken off."""
    ended = off.record
    assert isinstance(ended, Deployment)
    key = content_id("worn", hypothesis.id.bytes, ended.id.bytes, str(ended.version).encode())
    worn = Deployment(
        id=key,
        site=ended.site,
        version=0,
        device=ended.device,
        carrier_kind="individual",
        carrier=wearer,
        valid_from=ended.valid_to,
        attributes={"hypothesis": str(hypothesis.id)},
    )
    return Change(record=worn)


async def carry_out(connection: Connection, site: str, changes: Sequence[Change], key: UUID, who: str) -> list[Act]:
    """Change it, in the caller's transaction; what was done, so that it can be undone. Raises Stale and Conflict."""
    acts: list[Act] = []
    for one in changes:
        if one.record is not None:
            before = one.record.version or None
            saved = await reference.put(connection, one.record, expect=before, by=who)
            noun = "individual" if isinstance(saved, Individual) else "deployment"
            acts.append(Act(noun=noun, id=saved.id, before=before, after=saved.version))
        elif one.sighting is not None:
            word = content_id("born word", key.bytes, one.sighting.id.bytes)
            await identities.decide(
                connection, site, one.sighting, word, verdict="is", individual=one.individual, note="", who=who
            )
            acts.append(Act(noun="identity", id=word, observation=one.sighting.id))
        elif one.movement is not None:
            await parameters.put_in(connection, site, [one.movement])
            acts.append(Act(noun="movement", id=one.movement.individual))
        elif one.merge is not None:
            told = one.merge
            await merges.decide(connection, site, told.id, merged=told.merged, stays=told.stays, note="", who=who)
            acts.append(Act(noun="merge", id=told.id))
    return acts


async def undo(
    connection: Connection, database: Database, hypothesis: Hypothesis, acts: Sequence[Act], who: str
) -> None:
    """Put back what was changed, in the caller's transaction. Raises Stale or Conflict where people went on from it."""
    site = hypothesis.site
    for act in reversed(acts):
        match act.noun:
            case "identity":
                assert act.observation is not None
                await identities.withdraw(connection, site, act.observation, act.id, who)
            case "merge":
                await merges.withdraw(connection, site, act.id, who)
            case "movement":
                resident = msgspec.convert(hypothesis.detail["resident"], Movement)
                await parameters.put_in(connection, site, [resident])
            case _ if act.before is None:
                assert act.after is not None
                await reference.delete(connection, site, act.noun, act.id, expect=act.after, by=who)
            case _:
                assert act.before is not None and act.after is not None
                old = await reference.at_version(database, site, act.noun, act.id, act.before)
                if old is None:
                    raise Conflict(f"{act.noun} {act.id} has no version {act.before} to return to")
                await reference.put(connection, old, expect=act.after, by=who)
