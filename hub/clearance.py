"""Who may read which place how exactly: the one decision, for every way out of the hub."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from typing import NamedTuple
from uuid import UUID

import msgspec
from shapely import MultiPolygon

from geo.generalise import generalise
from geo.generalise import uncertainty_m as cell_uncertainty_m
from hub.records.observation import Observation, Reading, Stored
from hub.records.person import Caller, Role
from hub.store import access
from hub.store.database import Database

# About the day range of a leopard: a cell does not lead to an animal.
CELL_M = 5_000.0
EXACT: tuple[Role, ...] = ("dispatcher", "scientist", "admin")
GENERALISED = "generalised"
WITHHELD = "withheld"

# The id of an observation is a hash of what it says: with the cell known, the exact place could be searched for by it.
_mask = secrets.token_bytes(32)


class Cleared(NamedTuple):
    """A place as one reader may know it; None where the reader may not know it at all."""

    longitude: float | None
    latitude: float | None
    uncertainty_m: float | None
    generalised: bool


def cleared(
    longitude: float | None,
    latitude: float | None,
    uncertainty_m: float | None,
    sensitive: bool,
    role: Role | None,
    *,
    personal: bool = False,
) -> Cleared:
    """A place in degrees with its uncertainty in metres, as `role` may know it.

    Dispatchers, scientists and admins read exact places; rangers the centre of a 5 km cell where `sensitive`; no role,
    no place. Where people are (`personal`) is for those who look after them: not for scientists.
    """
    if personal and role == "scientist":
        return Cleared(None, None, None, True)
    if longitude is None or latitude is None or (role is not None and (not sensitive or role in EXACT)):
        return Cleared(longitude, latitude, uncertainty_m, False)
    if role != "ranger":
        return Cleared(None, None, None, True)
    x, y = generalise(longitude, latitude, CELL_M)
    return Cleared(x, y, float(cell_uncertainty_m(longitude, latitude, CELL_M)), True)


def cleared_region(polygon: MultiPolygon, sensitive: bool, role: Role | None) -> MultiPolygon | None:
    """Where an animal lives or was, as `role` may know it: all of it or nothing. The middle of a range is a den."""
    return polygon if role in EXACT or (role is not None and not sensitive) else None


def cleared_observation(stored: Stored, sensitive: bool, role: Role | None) -> Stored:
    """An observation as `role` may know it. Where its place is coarsened, all that could give the place away is gone:

    attributes, media, notes, altitude, speed, the device (a camera stands still), which individual it was, the value
    of a reading, and the id.
    """
    if not sensitive or role in EXACT:
        return stored
    observation = stored.observation
    place = cleared(observation.longitude, observation.latitude, observation.uncertainty_m, True, role)
    blank = {
        "longitude": place.longitude,
        "latitude": place.latitude,
        "uncertainty_m": place.uncertainty_m,
        "ellipse": None,
        "altitude_m": None,
        "source_id": None,
        "attributes": {},
        "device": WITHHELD,
        "flags": (*observation.flags, GENERALISED),
        "speed_mps": None,
        "heading_deg": None,
        "media": None,
        "note": None,
        "observer": None,
        "individual": None,
        "resembles": (),
        "bounding_box": None,
    } | ({"value": None} if isinstance(observation, Reading) else {})
    known = set(observation.__struct_fields__)
    coarse: Observation = msgspec.structs.replace(observation, **{k: v for k, v in blank.items() if k in known})
    return msgspec.structs.replace(stored, id=masked(stored.id), observation=coarse)


def masked(observation: UUID) -> UUID:
    """Another id for an observation whose place is coarsened: the same while this process lives, not to be undone."""
    return UUID(bytes=hmac.digest(_mask, observation.bytes, hashlib.sha256)[:16])


class ExactReads:
    """Counts what sensitive species a person was shown exactly in one answer, for the audit."""

    def __init__(self, caller: Caller, site: str) -> None:
        self.caller = caller
        self.site = site
        self.counts: Counter[str] = Counter()

    def saw(self, name: str, times: int = 1) -> None:
        """A sensitive thing of this name is in the answer; nothing is counted for readers who get coarse places."""
        if self.caller.role_at(self.site) in EXACT:
            self.counts[name] += times

    async def write(self, database: Database, what: str) -> None:
        """One line of audit, if a person read anything sensitive. Machines are named by their key already."""
        if self.counts and not self.caller.machine:
            who = f"{self.caller.name} {self.caller.id}"
            await access.audit(database, self.site, who, what, sensitive=dict(self.counts))
