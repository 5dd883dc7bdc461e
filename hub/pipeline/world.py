"""What people told the hub about a site, as one immutable snapshot that the pipeline computes with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from typing import NamedTuple
from uuid import UUID

from shapely import MultiPolygon, Polygon

from geo.fence_index import FenceIndex
from geo.fences import Fence as Area
from geo.frames import LocalFrame
from geo.watch import Watch, index_of
from hub.pipeline.guard import watched, watches
from hub.pipeline.movement import Movements
from hub.pipeline.protected import Protected
from hub.records.finding import Subject
from hub.records.flank import Flank, flank_of
from hub.records.ids import content_id
from hub.records.movement import UNFITTED, Movement, Tag
from hub.records.observation import Detection, Observed, Sighting
from hub.records.reference import Deployment, Device, Fence, Individual, Place, Reference
from hub.records.roster import Merge, standing_for
from hub.records.site import Site
from hub.store import merges, parameters, reference, sites
from hub.store.database import Database

NOUNS = ("device", "individual", "place", "deployment", "fence")
PERSONAL = ("person", "vehicle")
# Of an observation as it is believed: as it was said, it shows an animal whose place needs clearance.
SAID_SENSITIVE = "said_sensitive"


class Stay(NamedTuple):
    """A device on a carrier during [valid_from, valid_to); open ends are None."""

    device: str
    carrier: Subject
    valid_from: datetime | None
    valid_to: datetime | None

    def holds(self, at: datetime) -> bool:
        """Was the device on this carrier at that time?"""
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_to is None or at < self.valid_to)


class World:
    """Reference data of one site, indexed for the questions of the pipeline. Never changed; made anew on an edit."""

    def __init__(
        self,
        site: Site,
        records: Iterable[Reference],
        before: World | None = None,
        fits: Iterable[Movement] = (),
        merges: Iterable[Merge] = (),
        as_of: datetime | None = None,
    ) -> None:
        """From all records; the indices of the world `before` are edited where few fences differ from it.

        as_of: this is what the hub knew at that time, and whatever is read to go with it is to be known then as well.
        """
        self.site = site
        self.as_of = as_of
        self.frame = LocalFrame.around(*site.centre)
        self.devices: dict[str, Device] = {}
        self.places: dict[UUID, Place] = {}
        self.fences: dict[UUID, Fence] = {}
        entries: dict[UUID, Individual] = {}
        deployments: list[Deployment] = []
        by_id: dict[UUID, Device] = {}
        records = list(records)
        versions = sorted((reference.noun_of(record), str(record.id), record.version) for record in records)
        self.digest = hashlib.sha256(repr((site.centre, versions)).encode()).hexdigest()[:16]
        for record in records:
            match record:
                case Device():
                    self.devices[record.key] = by_id[record.id] = record
                case Individual():
                    entries[record.id] = record
                case Place():
                    self.places[record.id] = record
                case Deployment():
                    deployments.append(record)
                case Fence():
                    self.fences[record.id] = record
                case _:
                    pass
        # Entries that are the same animal as another one: whose they are now. They are individuals no longer.
        self.merged = standing_for(merges, entries)
        self.individuals = {key: one for key, one in entries.items() if key not in self.merged}
        self._entries_of: dict[UUID, list[Individual]] = {}
        for key, one in entries.items():
            self._entries_of.setdefault(self.merged.get(key, key), []).append(one)
        self.stays_of_device: dict[str, list[Stay]] = {}
        self.stays_of_carrier: dict[Subject, list[Stay]] = {}
        for deployment in deployments:
            if (device := by_id.get(deployment.device)) is not None:
                carrier = self.followed(Subject(kind=deployment.carrier_kind, id=deployment.carrier))
                stay = Stay(device.key, carrier, deployment.valid_from, deployment.valid_to)
                self.stays_of_device.setdefault(device.key, []).append(stay)
                self.stays_of_carrier.setdefault(carrier, []).append(stay)
        self.individual_by_name = {one.name: self.merged.get(one.id, one.id) for one in entries.values()}
        self.movements = Movements(fits, self.individuals)
        if self.movements.digest:
            self.digest = f"{self.digest}/{self.movements.digest}"
        if self.merged:
            told = repr(sorted((str(one), str(other)) for one, other in self.merged.items()))
            self.digest = f"{self.digest}/{hashlib.sha256(told.encode()).hexdigest()[:16]}"
        self._protected = Protected(entries.values())
        self._key_of = {self.device_subject(key): key for key in self.devices}
        self._watched = [(fence, watched(fence)) for fence in self.fences.values()]
        self._watches: dict[frozenset[str], Watch] = {}
        self._earlier: dict[frozenset[str], Watch] = {} if before is None else dict(before._watches)
        self._index_before: FenceIndex | None = None if before is None else before.__dict__.get("fence_index")

    @cached_property
    def fence_index(self) -> FenceIndex:
        """The fences that are areas. Built when it is asked for: who only names and clears places does without."""
        areas = (
            Area(id=one.id, version=one.version, geometry=one.geometry)
            for _, one in self._watched
            if isinstance(one.geometry, Polygon | MultiPolygon)
        )
        index = index_of(areas, self._index_before)
        self._index_before = None
        return index

    def watch_for(self, words: frozenset[str]) -> Watch:
        """The fences that watch subjects which go by these words."""
        watch = self._watches.get(words)
        if watch is None:
            watching = (one for fence, one in self._watched if watches(fence, words))
            watch = self._watches[words] = Watch.build(watching, self._earlier.pop(words, None))
        return watch

    def entry(self, individual: UUID | None) -> UUID | None:
        """The individual that an id stands for, of itself or since it was merged; None: there is none."""
        if individual is None:
            return None
        individual = self.merged.get(individual, individual)
        return individual if individual in self.individuals else None

    def entries_of(self, individual: UUID) -> Sequence[Individual]:
        """All entries of the roster that are this individual: its own, and those that were merged into it."""
        return self._entries_of.get(individual, ())

    def followed(self, subject: Subject) -> Subject:
        """Who is followed in this subject's stead: itself, or whom it was merged into."""
        if subject.kind != "individual" or subject.id not in self.merged:
            return subject
        return Subject(kind="individual", id=self.merged[subject.id])

    def subject_of(self, device: str, at: datetime) -> Subject:
        """Who carried this device then; the device itself where nobody has said so yet."""
        for stay in self.stays_of_device.get(device, ()):
            if stay.holds(at):
                return stay.carrier
        return self.device_subject(device)

    def carried_since(self, device: str, at: datetime) -> datetime | None:
        """When the state began that the device was in at that time: on a carrier, or on nobody. None: for ever."""
        for stay in self.stays_of_device.get(device, ()):
            if stay.holds(at):
                return stay.valid_from
        for since, until in self.unassigned(device):
            if (since is None or since <= at) and (until is None or at < until):
                return since
        return None

    def device_subject(self, device: str) -> Subject:
        """A device that is on nobody, as a subject of its own. Its id follows from its key, known or not."""
        return _device_subject(self.site.id, device)

    def tag_of(self, device: str, at: datetime) -> Tag:
        """What a tag is off by, as fitted for the animal that wore it then; else what is assumed of any."""
        if device not in self.movements.tagged:
            return UNFITTED
        return self.movements.tag(self.subject_of(device, at).id, device)

    def place_of(self, device: str, at: datetime) -> Place | None:
        """Where a standing device stood then."""
        subject = self.subject_of(device, at)
        return self.places.get(subject.id) if subject.kind == "place" else None

    def unassigned(self, device: str) -> Sequence[tuple[datetime | None, datetime | None]]:
        """Intervals in which a device was on nobody."""
        known = sorted(self.stays_of_device.get(device, ()), key=lambda s: (s.valid_from is not None, s.valid_from))
        gaps: list[tuple[datetime | None, datetime | None]] = []
        free_from: datetime | None = None
        for stay in known:
            if stay.valid_from is not None and (free_from is None or free_from < stay.valid_from):
                gaps.append((free_from, stay.valid_from))
            if stay.valid_to is None:
                return gaps
            free_from = stay.valid_to
        gaps.append((free_from, None))
        return gaps

    @cached_property
    def one_flanked(self) -> frozenset[UUID]:
        """Individuals that are known by one flank only: provisional, until a person says who shows the other one."""
        return frozenset(key for key in self.individuals if self.flank_of(key) is not None)

    def flank_of(self, individual: UUID) -> Flank | None:
        """The only flank by which an individual is known; None of one whose both are, or that is known otherwise."""
        known: set[Flank | None] = {flank_of(one.attributes) for one in self.entries_of(individual)}
        return known.pop() if len(known) == 1 else None

    def name_of(self, subject: Subject, device: str = "") -> str:
        """A name that a dispatcher knows."""
        match subject.kind:
            case "individual":
                record = self.individuals.get(self.followed(subject).id)
                return record.name if record else "?"
            case "place":
                place = self.places.get(subject.id)
                return place.name if place else "?"
            case "device":
                return device
            case _:
                # People and vehicles are named by the device they carry.
                keys = [stay.device for stay in self.stays_of_carrier.get(subject, ())]
                named = [self.devices[key].name or key for key in keys if key in self.devices]
                return named[0] if named else device

    def is_sensitive(self, subject: Subject) -> bool:
        """Does this subject's place need clearance? A carrier that is not known (any more) may be a sensitive one.

        So may be that of a collar on nobody; and a device that ever was with something sensitive may have spoken there
        before or after the time that was entered.
        """
        match subject.kind:
            case "individual":
                # Of entries that are one animal, one that is sensitive is enough.
                entries = self.entries_of(self.followed(subject).id)
                return not entries or any(one.sensitive for one in entries)
            case "place":
                place = self.places.get(subject.id)
                return place is None or place.attributes.get("sensitive") is True
            case "device":
                key = self._key_of.get(subject)
                if key is None:
                    return False
                return self.devices[key].kind == "collar" or any(
                    self.is_sensitive(stay.carrier) for stay in self.stays_of_device.get(key, ())
                )
            case _:
                return False

    def is_personal(self, subject: Subject) -> bool:
        """Is this subject's place the place of a person: a ranger, a vehicle, or a device that was with one?"""
        if subject.kind in PERSONAL:
            return True
        key = self._key_of.get(subject)
        if key is None:
            return False
        stays = self.stays_of_device.get(key, ())
        return self.devices[key].kind in ("phone", "vehicle") or any(stay.carrier.kind in PERSONAL for stay in stays)

    def shows_sensitive(self, label: str, scientific_name: str | None, individual: str | None) -> bool:
        """Does a detection or sighting that says this show an animal whose place needs clearance?

        An individual that is not known may be one of these.
        """
        if individual:
            known = self.individual_by_name.get(individual)
            if known is None or any(one.sensitive for one in self.entries_of(known)):
                return True
        return self._protected.named_by(scientific_name) or self._protected.named_by(label)

    def shows(self, observation: Observed) -> bool:
        """Does a detection or sighting show, or may it show, an animal whose place needs clearance?

        By what it says, by whom it resembles, and by what it said before people took another one for it.
        """
        if not isinstance(observation, Detection | Sighting):
            return False
        return (
            SAID_SENSITIVE in observation.flags
            or self.shows_sensitive(observation.label, observation.scientific_name, observation.individual)
            or any(self.shows_sensitive("", None, one.individual) for one in observation.resembles)
        )


async def read_world(
    database: Database,
    site: str,
    before: World | None = None,
    as_of: datetime | None = None,
    also: Sequence[Merge] = (),
    instead: Sequence[Reference] = (),
    fitted: Sequence[Movement] = (),
) -> World:
    """A site as its reference data say now, `before` as they said so far; raises NotFound and DatabaseUnavailable.

    as_of: as they said at that time; where the middle of the site is, is no matter of time. also: merges as if they
    were made already; so with records `instead` of those of the same id, and with fits.
    """
    records = await reference.everything(database, site, NOUNS, as_of)
    edited, refitted = {one.id for one in instead}, {one.individual for one in fitted}
    records = [*(one for one in records if one.id not in edited), *instead]
    fits = [one for one in await parameters.everything(database, site, as_of) if one.individual not in refitted]
    fits += fitted
    merged = await merges.holding(database, site, as_of)
    return World(await sites.get(database, site), records, before, fits, [*merged, *also], as_of)


@lru_cache(10_000)
def _device_subject(site: str, device: str) -> Subject:
    return Subject(kind="device", id=content_id("device-subject", site, device))


def affected_by(before: World, after: World) -> tuple[set[Subject], set[str]]:
    """Which subjects, and which devices' unassigned parts, an edit of reference data may have changed.

    Fences are not looked at here: they concern those who were near what changed (`guard.boxes_of_change`).
    """
    subjects: set[Subject] = set()
    devices: set[str] = set()
    for key in before.stays_of_device.keys() | after.stays_of_device.keys():
        old, new = set(before.stays_of_device.get(key, ())), set(after.stays_of_device.get(key, ()))
        if old != new:
            devices.add(key)
            subjects |= {stay.carrier for stay in old ^ new}
    for individual in before.individuals.keys() | after.individuals.keys():
        old, new = before.individuals.get(individual), after.individuals.get(individual)
        moves = [
            world.movements.of(individual, one.scientific_name)
            for world, one in ((before, old), (after, new))
            if one is not None
        ]
        # Who takes in another entry takes in what that one was named in.
        taken_in = [[(one.id, one.name) for one in world.entries_of(individual)] for world in (before, after)]
        if old != new or moves[0] != moves[-1] or taken_in[0] != taken_in[1]:
            subjects.add(Subject(kind="individual", id=individual))
    for place in before.places.keys() | after.places.keys():
        if before.places.get(place) != after.places.get(place):
            subject = Subject(kind="place", id=place)
            subjects.add(subject)
            devices |= {s.device for world in (before, after) for s in world.stays_of_carrier.get(subject, ())}
    return subjects, devices
