"""The line that an observation travels, step by step, in order: identify → fuse → fence → judge → save → tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from uuid import UUID

import msgspec

from fusion.identities import MODEL as ASSOCIATION
from hub.pipeline import identity
from hub.pipeline.carried import readings_of
from hub.pipeline.fuse import CONFIGURATION
from hub.pipeline.guard import boxes_of_change
from hub.pipeline.history import UNUSABLE, place_of
from hub.pipeline.judge import Work, judge_all
from hub.pipeline.looked import of_pictures
from hub.pipeline.meet import Changed, meetings
from hub.pipeline.memory import Memories
from hub.pipeline.months import begins
from hub.pipeline.save import save
from hub.pipeline.shares import last_likely
from hub.pipeline.weighing import MODEL as WEIGHING
from hub.pipeline.weighing import bears_on, months_reading, outdated
from hub.pipeline.world import NOUNS, World, affected_by, read_world
from hub.records.cursor import Cursor
from hub.records.finding import Subject
from hub.records.observation import Fix, Reading
from hub.records.position import Position
from hub.store import (
    findings,
    followed,
    identities,
    identity_months,
    log,
    looks,
    merges,
    noticed,
    observations,
    parameters,
    tracks,
)
from hub.store import shares as share_store
from hub.store.database import Database
from hub.store.observations import Seen

BATCH = 16_000
# What is read into a world when it changes, beside the records.
TOLD_OF_WORLD = (parameters.NOUN, merges.NOUN)
NOUNS_FOLLOWED = ("observation", "identity", "share", "look", *NOUNS, "layer", *TOLD_OF_WORLD)
# Subjects whose whole history is read again are saved in groups, so that memory stays bounded.
GROUP = 200


class Heard(msgspec.Struct, frozen=True):
    """A detection or sighting with the place that is known of it."""

    seen: Seen
    subject: Subject
    longitude: float | None
    latitude: float | None
    uncertainty_m: float | None
    # It was told before: people said since whom it shows.
    is_again: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a committed step means for those who watch."""

    cursor: Cursor
    positions: tuple[Position, ...] = ()
    heard: tuple[Heard, ...] = ()
    alerts: tuple[UUID, ...] = ()
    # Individuals that nothing says anything of any more: they are nowhere.
    gone: tuple[Subject, ...] = ()
    references: tuple[tuple[str, UUID], ...] = ()
    # The line begins here: of steps before, some may never have been told.
    is_start: bool = False


class Line:
    """One site's pipeline. Everything it remembers is a cache of the log; it may be dropped at any time."""

    def __init__(self, database: Database, site: str, tell: Callable[[Told, World], None]) -> None:
        self._database = database
        self._site = site
        self._tell = tell
        self._memories = Memories()
        # Which device an unassigned subject is: its id does not say.
        self._device_of: dict[Subject, str] = {}
        # What the stored tracks and findings are a function of, beside the observations.
        self._applied: str | None = None
        self.world: World | None = None
        self.cursor = Cursor()

    @property
    def world_now(self) -> World:
        """The reference data that the line computes with."""
        assert self.world is not None, "start() comes first"
        return self.world

    async def start(self) -> bool:
        """Read where we stood. Other reference data than then, or another configuration: build all from the log.

        True if it was built, and told.
        """
        world = await read_world(self._database, self._site, self.world)
        self.cursor, self._applied = await tracks.read_cursor(self._database, self._site)
        if self._applied != configuration_of(world):
            await self.rebuild()
            return True
        self.world = world
        return False

    async def rebuild(self) -> int:
        """Compute all of a site from its log, and correct what stands; returns the number of subjects."""
        cursor = await log.head(self._database, self._site, NOUNS_FOLLOWED)
        world = await read_world(self._database, self._site, self.world)
        self._memories.clear()
        subjects = await self._everybody(world)
        months = {one.month for one in await identity_months.everything(self._database, self._site)}
        months |= set(await noticed.months(self._database, self._site, sorted(UNUSABLE)))
        await self._settle(subjects, {}, (), cursor, "rebuilt from the log", world, asked=months)
        return len(subjects)

    async def step(self) -> bool:
        """Follow one batch of changes; False when there were none. On an error nothing has changed."""
        before = world = self.world_now
        changes = await log.changes(self._database, self._site, self.cursor, BATCH, NOUNS_FOLLOWED)
        if not changes:
            return False
        references = tuple((c.noun, c.id) for c in changes if c.noun in (*NOUNS, "layer", *TOLD_OF_WORLD))
        stale: set[Subject] = set()
        asked: set[date] = set()
        if any(noun != "layer" for noun, _ in references):
            world = await read_world(self._database, self._site, self.world)
            stale = await self._stale(before, world)
            answered = await identity_months.everything(self._database, self._site)
            asked |= set(outdated([(one.month, one.basis) for one in answered], world))
        seen = await observations.by_ids(
            self._database, [(c.id, c.at) for c in changes if c.noun == "observation" and c.at is not None]
        )
        seen.sort(key=lambda one: (one.observed_at, one.id))
        fresh, heard = self._identify(await identity.as_believed(self._database, world, seen), world)
        asked |= months_reading(one.observed_at for one in seen if bears_on(one, world))
        shared = {c.id for c in changes if c.noun == "share"}
        cause = "reference data changed" if stale else "an observation arrived late"
        if decided := [c.id for c in changes if c.noun == "identity"]:
            concerned, again = await identity.concerned(self._database, world, decided)
            # What stood there when it was seen tells of it as well: a fence may have noticed it.
            stale |= concerned | self._carriers(again, world)
            asked |= months_reading(one.observed_at for one in again)
            shared |= await share_store.holders(self._database, self._site, decided)
            heard += [msgspec.structs.replace(heard_of(one, world), is_again=True) for one in again]
            cause = "people said whom a sighting shows"
        if looked := {c.id for c in changes if c.noun == looks.NOUN}:
            said = await of_pictures(self._database, self._site, looked)
            again = await identity.as_believed(self._database, world, said)
            stale |= self._carriers(said, world) | {who for one in said if (who := identity.subject_shown(one, world))}
            asked |= months_reading(one.observed_at for one in said)
            told = {one.seen.id for one in heard}
            heard += [
                msgspec.structs.replace(heard_of(one, world), is_again=True) for one in again if one.id not in told
            ]
            cause = "another model looked at a picture"
        if any(noun == merges.NOUN for noun, _ in references):
            again = await self._renamed(before, world)
            stale |= {world.subject_of(one.device, one.observed_at) for one in again}
            heard += [msgspec.structs.replace(heard_of(one, world), is_again=True) for one in again]
            cause = "people said that two entries are one animal, or that they are not"
        for subject in stale:
            self._memories.forget(subject)
        sharing = {Subject(kind="individual", id=one) for one in shared}
        subjects, at = stale | fresh.keys() | sharing, changes[-1].cursor
        try:
            await self._settle(
                subjects, fresh, heard, at, cause, world, references, whole=stale, sharing=sharing, asked=asked
            )
        except BaseException:
            # What was computed is not saved: forget it, and read it from the log the next time.
            self._memories.clear()
            raise
        return True

    def _identify(self, seen: Iterable[Seen], world: World) -> tuple[dict[Subject, list[Seen]], list[Heard]]:
        """Whose is it: device and time → carrier; a named individual is that individual's as well."""
        by_subject: dict[Subject, list[Seen]] = {}
        heard: list[Heard] = []
        for one in seen:
            carrier = world.subject_of(one.device, one.observed_at)
            if carrier.kind == "device":
                self._device_of[carrier] = one.device
            observation = one.observation
            if isinstance(observation, Reading):
                if carrier.kind == "individual":
                    by_subject.setdefault(carrier, []).append(one)
            elif isinstance(observation, Fix):
                if carrier.kind != "place":
                    by_subject.setdefault(carrier, []).append(one)
            else:
                by_subject.setdefault(carrier, []).append(one)
                if (owner := identity.subject_shown(one, world)) is not None:
                    by_subject.setdefault(owner, []).append(one)
                heard.append(heard_of(one, world))
        return by_subject, heard

    async def _settle(
        self,
        subjects: Iterable[Subject],
        fresh: dict[Subject, list[Seen]],
        heard: Sequence[Heard],
        cursor: Cursor,
        cause: str,
        world: World,
        references: tuple[tuple[str, UUID], ...] = (),
        whole: Collection[Subject] | None = None,
        sharing: Collection[Subject] = (),
        asked: Collection[date] = (),
    ) -> None:
        """Judge each subject, save all in one transaction with the cursor, then tell. Large sets go in groups.

        Only the last group says that everything up to the cursor, and this reference data, has been taken in.
        `whole`: subjects whose whole history is read; None = all. `sharing`: whose shares of sightings are others now.
        `asked`: months whose sightings must be weighed again.
        """
        ordered = sorted(subjects)
        groups = [ordered[i : i + GROUP] for i in range(0, len(ordered), GROUP)] or [[]]
        for number, group in enumerate(groups, start=1):
            work: list[Work] = []
            for subject in group:
                whole_history = whole is None or subject in whole
                work.append(await self._work(subject, fresh.get(subject, []), world, whole_history, subject in sharing))
            verdicts = judge_all(work, world)
            last = number == len(groups)
            here = (cursor, configuration_of(world)) if last else (self.cursor, self._applied)
            animals = (v for v in verdicts if v.subject.kind == "individual")
            changed = [Changed(v.subject.id, v.memory.rows, v.nights) for v in animals]
            met = await meetings(self._database, world, changed, self._memories)
            touched = await save(self._database, self._site, verdicts, met, *here, cause, asked if last else ())
            for verdict in verdicts:
                self._memories.keep(verdict.subject, verdict.memory)
            self.cursor, self._applied = here
            is_start = self.world is None and number == 1
            if last:
                self.world = world
            self._tell(
                Told(
                    cursor=self.cursor,
                    positions=tuple(v.position for v in verdicts if v.position is not None),
                    heard=tuple(heard) if last else (),
                    alerts=tuple(touched),
                    gone=tuple(
                        v.subject
                        for v in verdicts
                        if v.subject.kind == "individual" and last_likely(v.memory.evidence) is None
                    ),
                    references=references if last else (),
                    is_start=is_start,
                ),
                world,
            )

    async def _work(self, subject: Subject, fresh: list[Seen], world: World, whole: bool, is_sharing: bool) -> Work:
        """What is new of a remembered subject; of another, what stood and its history, as far back as it matters."""
        stays = world.stays_of_carrier.get(subject, [])
        device = self._device_of.get(subject, "") if subject.kind == "device" else (stays[0].device if stays else "")
        memory = self._memories.get(subject)
        shared = None
        if subject.kind == "individual" and (memory is None or is_sharing):
            known = subject.id in world.individuals
            shared = await share_store.of_individual(self._database, self._site, subject.id) if known else ()
        if memory is not None and (memory.since is None or all(one.observed_at >= memory.since for one in fresh)):
            return Work(subject, device, memory, (), fresh, shared=shared)
        intervals = [(stay.device, stay.valid_from, stay.valid_to) for stay in stays]
        if subject.kind == "device":
            intervals = [(device, since, until) for since, until in world.unassigned(device)]
        since, states = None, None
        begun = since
        if not whole and fresh and subject.kind == "place":
            since = begun = fresh[0].observed_at
        elif not whole and fresh and subject.kind != "individual":
            # From the beginning of a month whose states are kept is enough.
            day = fresh[0].observed_at.date()
            month = await followed.last_states(self._database, self._site, subject, day)
            if month is not None:
                since, begun, states = begins(month.month), month.since, month.states
        history: list[Seen] = []
        if subject.kind == "individual" and subject.id in world.individuals:
            history = await identity.history_of(self._database, world, subject.id)
            history += await readings_of(self._database, world, subject.id)
            intervals = []
        for key, begin, end in intervals:
            begin = begin if begun is None else max(begin or begun, begun)
            if end is None or begin is None or begin < end:
                said = await observations.of_device(self._database, self._site, key, begin, end)
                history += await identity.as_believed(self._database, world, said)
        stood = await findings.of_subject(self._database, self._site, subject, since)
        return Work(subject, device, None, tuple(stood), history, since, states, shared)

    async def _stale(self, before: World, after: World) -> set[Subject]:
        subjects, devices = affected_by(before, after)
        for device in devices:
            subject = after.device_subject(device)
            self._device_of[subject] = device
            subjects.add(subject)
        # Who was named by a camera is where the camera stood.
        for name in await noticed.named_by(self._database, self._site, sorted(devices)):
            subjects |= {
                Subject(kind="individual", id=world.individual_by_name[name])
                for world in (before, after)
                if name in world.individual_by_name
            }
        recognised = await identities.decided_by_device(self._database, self._site, sorted(devices))
        subjects |= {Subject(kind="individual", id=one) for one in map(after.entry, recognised) if one is not None}
        return subjects | await self._concerned(before, after)

    async def _concerned(self, before: World, after: World) -> set[Subject]:
        """Whom edits of fences concern: who was ever near what changed, or of whom something stands at such a fence."""
        edited = [
            key for key in before.fences.keys() | after.fences.keys() if before.fences.get(key) != after.fences.get(key)
        ]
        if not edited:
            return set()
        boxes = boxes_of_change(before.fences, after.fences)
        concerned = set(await followed.near(self._database, self._site, boxes))
        concerned |= set(await findings.subjects_of(self._database, self._site, edited))
        if any(subject.kind == "device" and subject not in self._device_of for subject in concerned):
            await self._everybody(after)  # learns which device is which
        return concerned

    async def _renamed(self, before: World, after: World) -> list[Seen]:
        """What shows somebody under another name since entries were merged, or are so no longer; as believed now."""
        moved = {one for one, _ in before.merged.items() ^ after.merged.items()}
        entries = [one for key in moved for one in after.entries_of(after.merged.get(key, key)) if one.id == key]
        again = await identity.as_believed(self._database, after, await identity.named(self._database, after, entries))
        self._carriers(again, after)
        return again

    def _carriers(self, seen: Iterable[Seen], world: World) -> set[Subject]:
        """What the devices of these were on; learns which device is which."""
        carriers: set[Subject] = set()
        for one in seen:
            carriers.add(carrier := world.subject_of(one.device, one.observed_at))
            if carrier.kind == "device":
                self._device_of[carrier] = one.device
        return carriers

    async def _everybody(self, world: World) -> set[Subject]:
        """All carriers, and all devices that spoke while on nobody."""
        subjects = set(world.stays_of_carrier)
        subjects |= {Subject(kind="individual", id=individual) for individual in world.individuals}
        for device in await observations.devices(self._database, self._site):
            subject = world.device_subject(device)
            self._device_of[subject] = device
            subjects.add(subject)
        return subjects


def configuration_of(world: World) -> str:
    """Name of everything that results are a function of, beside the observations."""
    return f"{CONFIGURATION}/{ASSOCIATION}/{WEIGHING}/{world.digest}"


def heard_of(seen: Seen, world: World) -> Heard:
    """A detection or sighting with the place that its device had."""
    carrier, place = world.subject_of(seen.device, seen.observed_at), place_of(seen, world)
    longitude, latitude, covariance = place if place else (None, None, None)
    uncertainty_m = None if covariance is None else round(float(covariance[0]) ** 0.5, 1)
    return Heard(seen, carrier, longitude, latitude, uncertainty_m)
