"""Step: whom does a detection or sighting show? What it says of itself, unless people said otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from hub.pipeline.carried import fixes_of
from hub.pipeline.looked import that_count
from hub.pipeline.world import SAID_SENSITIVE, World
from hub.records.finding import Subject
from hub.records.identity import NOTHING_DECIDED, Believed
from hub.records.observation import Detection, Observation, Sighting
from hub.records.reference import Individual
from hub.store import identities
from hub.store.database import Database
from hub.store.observations import Seen


async def as_believed(database: Database, world: World, seen: Sequence[Seen]) -> list[Seen]:
    """Of these observations those that count, each with the individual that it is believed to show."""
    seen = await that_count(database, seen, world.as_of)
    asked = [one.id for one in seen if isinstance(one.observation, Detection | Sighting)]
    decided = await identities.believed_of(database, world.site.id, asked, world.as_of)
    if not decided and not world.merged:
        return seen
    # Where entries were merged, also what nobody decided about may show another one than it says.
    return [
        one._replace(observation=shown(one.observation, decided.get(one.id, NOTHING_DECIDED), world))
        if one.id in decided or world.merged
        else one
        for one in seen
    ]


def shown(observation: Observation, what: Believed, world: World) -> Observation:
    """An observation with the name of the individual that it is believed to show, or with none."""
    if not isinstance(observation, Detection | Sighting):
        return observation
    individual = owner_of(observation, what, world)
    name = None if individual is None else world.individuals[individual].name
    # A name that nobody on the roster has is kept: it says what was meant.
    if individual is None and not what.decided and named_by(observation, world) is None:
        name = observation.individual
    if name == observation.individual:
        return observation
    # Whoever was withheld while it was thought to be shown stays withheld: it may be another of its kind.
    flags = (*observation.flags, SAID_SENSITIVE) if world.shows(observation) else observation.flags
    return msgspec.structs.replace(observation, individual=name, flags=flags)


def owner_of(observation: Observation, what: Believed, world: World) -> UUID | None:
    """The individual whose track a detection or sighting is part of, by what people decided and what it says."""
    if what.decided:
        return world.entry(what.individual)
    known = named_by(observation, world)
    return None if known in {world.entry(one) for one in what.excluded} else known


def subject_shown(seen: Seen, world: World) -> Subject | None:
    """The individual that an observation as believed shows."""
    owner = owner_of(seen.observation, NOTHING_DECIDED, world)
    return None if owner is None else Subject(kind="individual", id=owner)


async def history_of(database: Database, world: World, individual: UUID) -> list[Seen]:
    """All that says where an individual was: fixes of what it carried, detections and sightings of it, as believed."""
    subject = Subject(kind="individual", id=individual)
    fixes = await fixes_of(database, world, individual)
    its = await named(database, world, world.entries_of(individual))
    return fixes + [one for one in await as_believed(database, world, its) if subject_shown(one, world) == subject]


async def named(database: Database, world: World, entries: Sequence[Individual]) -> list[Seen]:
    """Detections and sightings, as they were said, that by their own or people's word show one of these entries."""
    names, keys = [one.name for one in entries], [one.id for one in entries]
    return await identities.of_individual(database, world.site.id, names, keys, world.as_of)


async def concerned(database: Database, world: World, decided: Iterable[UUID]) -> tuple[set[Subject], list[Seen]]:
    """Whom decisions about these observations may have changed, and the observations, as they are believed now."""
    seen, mentioned = await identities.concerned(database, world.site.id, list(decided))
    said = {named_by(one.observation, world) for one in seen}
    individuals = {one for one in map(world.entry, said | mentioned) if one is not None}
    return {Subject(kind="individual", id=one) for one in individuals}, await as_believed(database, world, seen)


def named_by(observation: Observation, world: World) -> UUID | None:
    """The individual on the roster that an observation itself names."""
    named = observation.individual if isinstance(observation, Detection | Sighting) else None
    return None if named is None else world.individual_by_name.get(named)
