"""What files claim about devices and carriers → reference data, where people have not said anything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from geo.geodesy import distance_m
from hub.ingest.dialects.reading import Claim
from hub.records.ids import content_id
from hub.records.reference import Deployment, Device, Individual, Place, Reference
from hub.store import reference
from hub.store.database import Connection, Database

NOUNS = ("device", "individual", "place", "deployment")
# Two surveys of one camera station differ by less; farther apart, the name means another place.
SAME_PLACE_M = 100.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of claims. `conflicts`: those that contradict what is stored, one sentence each; what is stored stands."""

    applied: int = 0
    kept: int = 0
    conflicts: tuple[str, ...] = ()


class Contradiction(Exception):
    """A claim contradicts what is stored."""


async def apply_claims(database: Database, site: str, claims: Sequence[Claim], *, by: str) -> Outcome:
    """Make devices, carriers and deployments that are missing, in one transaction.

    Ids follow from the content: the same claims again change nothing. An existing device key, name or deployment
    stands, and what people deleted stays deleted. One thing is refined: a deployment without any end that an earlier
    import guessed takes the interval that a later file gives for the same carrier.
    """
    if not claims:
        return Outcome()
    known = _Known(database, site, by, await reference.everything(database, site, NOUNS))
    applied, conflicts = 0, list[str]()
    async with database.transaction() as connection:
        for claim in sorted(claims, key=known.is_no_refinement):
            try:
                applied += await known.take(connection, claim)
            except Contradiction as contradiction:
                conflicts.append(str(contradiction))
    return Outcome(applied=applied, kept=len(claims) - applied - len(conflicts), conflicts=tuple(conflicts))


class _Known:
    """Reference data of a site, growing with the claims that are applied."""

    def __init__(self, database: Database, site: str, by: str, records: Iterable[Reference]) -> None:
        self._database, self._site, self._by = database, site, by
        self._devices: dict[str, Device] = {}
        self._individuals: dict[str, Individual] = {}
        self._places: dict[str, Place] = {}
        self._names: dict[UUID, str] = {}
        self._deployments: dict[UUID, list[Deployment]] = {}
        for record in records:
            self._learn(record)

    def _learn(self, record: Reference) -> None:
        match record:
            case Device():
                self._devices[record.key] = record
            case Individual():
                self._individuals[record.name] = record
                self._names[record.id] = record.name
            case Place():
                self._places[record.name] = record
                self._names[record.id] = record.name
            case Deployment():
                others = [one for one in self._deployments.get(record.device, ()) if one.id != record.id]
                self._deployments[record.device] = [*others, record]
            case _:
                pass

    def is_no_refinement(self, claim: Claim) -> bool:
        """Sorts first what narrows a guess: it makes room for the other carriers of the same device."""
        return self._guess(claim) is None

    async def take(self, connection: Connection, claim: Claim) -> bool:
        """Write what is missing; False when nothing was. Raises Contradiction, having written nothing of the stay."""
        wrote = False
        device = self._devices.get(claim.device)
        if device is None:
            device = await self._add(connection, self._device(claim))
            wrote = True
        carrier = self._carrier(claim)
        if carrier is None:
            carrier = (await self._add(connection, self._new_carrier(claim))).id
            wrote = True
        if (guess := self._guess(claim)) is not None:
            narrowed = msgspec.structs.replace(
                guess, valid_from=claim.valid_from, valid_to=claim.valid_to, attributes=claim.attributes
            )
            self._learn(await reference.put(connection, narrowed, expect=guess.version, by=self._by))
            return True
        meanwhile = [stay for stay in self._deployments.get(device.id, ()) if _overlap(stay, claim)]
        if any((stay.carrier_kind, stay.carrier) == (claim.carrier_kind, carrier) for stay in meanwhile):
            return wrote
        if meanwhile:
            other = meanwhile[0]
            raise Contradiction(
                f"device {claim.device!r} on {claim.carrier!r} {_interval(claim)}: "
                f"it is on {self._names.get(other.carrier, str(other.carrier))!r} {_interval(other)}"
            )
        deployment = Deployment(
            id=self._deployment_id(claim, claim.valid_from, claim.valid_to),
            site=self._site,
            device=device.id,
            carrier_kind=claim.carrier_kind,
            carrier=carrier,
            valid_from=claim.valid_from,
            valid_to=claim.valid_to,
            attributes=claim.attributes,
        )
        await self._add(connection, deployment)
        return True

    async def _add(self, connection: Connection, record: Reference) -> Reference:
        noun = reference.noun_of(record)
        if await reference.versions(self._database, self._site, noun, record.id):
            raise Contradiction(f"{noun} {_title(record)!r} was deleted here after an earlier import: it stays so")
        stored = await reference.put(connection, record, expect=None, by=self._by)
        self._learn(stored)
        return stored

    def _device(self, claim: Claim) -> Device:
        fields = {
            "id": content_id("device", self._site, claim.device),
            "site": self._site,
            "key": claim.device,
            "kind": claim.device_kind,
        }
        return msgspec.convert(fields, Device)

    def _carrier(self, claim: Claim) -> UUID | None:
        match claim.carrier_kind:
            case "individual":
                known = self._individuals.get(claim.carrier)
                return None if known is None else known.id
            case "place":
                place = self._places.get(claim.carrier)
                if place is None:
                    return None
                if claim.longitude is not None and claim.latitude is not None:
                    apart_m = float(distance_m(place.longitude, place.latitude, claim.longitude, claim.latitude))
                    if apart_m > SAME_PLACE_M + place.uncertainty_m + claim.uncertainty_m:
                        raise Contradiction(f"place {claim.carrier!r} stands {apart_m:.0f} m from where the file says")
                return place.id
            case _:
                # People and vehicles have no record of their own here; their id follows from the name.
                return content_id(claim.carrier_kind, self._site, claim.carrier)

    def _new_carrier(self, claim: Claim) -> Individual | Place:
        fields = {
            "id": content_id(claim.carrier_kind, self._site, claim.carrier),
            "site": self._site,
            "name": claim.carrier,
        }
        if claim.carrier_kind == "individual":
            told = {"scientific_name": claim.scientific_name, "sex": claim.sex, "life_stage": claim.life_stage}
            return msgspec.convert(fields | told, Individual)
        if claim.longitude is None or claim.latitude is None:
            raise Contradiction(f"place {claim.carrier!r}: the file does not say where it is")
        where = {"longitude": claim.longitude, "latitude": claim.latitude, "uncertainty_m": claim.uncertainty_m}
        return msgspec.convert(fields | where, Place)

    def _guess(self, claim: Claim) -> Deployment | None:
        """The unedited, endless deployment that an import made of this device and carrier, if the claim narrows it."""
        device = self._devices.get(claim.device)
        if device is None or (claim.valid_from is None and claim.valid_to is None):
            return None
        guessed = self._deployment_id(claim, None, None)
        stays = self._deployments.get(device.id, ())
        return next((stay for stay in stays if stay.id == guessed and stay.version == 1), None)

    def _deployment_id(self, claim: Claim, valid_from: datetime | None, valid_to: datetime | None) -> UUID:
        ends = ["" if end is None else end.isoformat() for end in (valid_from, valid_to)]
        return content_id("deployment", self._site, claim.device, claim.carrier_kind, claim.carrier, *ends)


def _overlap(stay: Deployment, claim: Claim) -> bool:
    starts_before = stay.valid_from is None or claim.valid_to is None or stay.valid_from < claim.valid_to
    ends_after = stay.valid_to is None or claim.valid_from is None or claim.valid_from < stay.valid_to
    return starts_before and ends_after


def _interval(stay: Deployment | Claim) -> str:
    begin, end = (end and end.isoformat(timespec="minutes") for end in (stay.valid_from, stay.valid_to))
    return f"{begin or 'ever'} … {end or 'now'}"


def _title(record: Reference) -> str:
    return str(getattr(record, "key", "") or getattr(record, "name", "") or record.id)
