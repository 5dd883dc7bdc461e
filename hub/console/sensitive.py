"""What is about animals whose place is nobody's business, and what is about where people were."""

from __future__ import annotations

from typing import NamedTuple

from hub.clearance import EXACT
from hub.pipeline.world import World
from hub.records.finding import Alert, Finding, Subject
from hub.records.observation import Detection, Observation, Sighting
from hub.records.person import Role
from hub.store import merges, reference, sites
from hub.store.database import Database

_NOUNS = ("device", "individual", "place", "deployment")


class Marks(NamedTuple):
    """Does a place need clearance besides what its subject says: of an animal, of a person?"""

    sensitive: bool = False
    personal: bool = False


NO_MARKS = Marks()


async def read_world(database: Database, site: str) -> World:
    """Who wears what at a site, without its fences."""
    records = await reference.everything(database, site, _NOUNS)
    return World(await sites.get(database, site), records, merges=await merges.holding(database, site))


def is_sensitive(observation: Observation, world: World) -> bool:
    """Does the place of this observation need clearance: for who carried the device, or for what it shows?"""
    if world.is_sensitive(world.subject_of(observation.device, observation.observed_at)):
        return True
    return world.shows(observation)


def is_personal(observation: Observation, world: World) -> bool:
    """Is this where a person was? A detection or sighting is about what was seen, not about who saw it."""
    if isinstance(observation, Detection | Sighting):
        return False
    return world.is_personal(world.subject_of(observation.device, observation.observed_at))


def sensitive_name(observation: Observation, world: World) -> str:
    """A name for the audit of the sensitive thing that an observation is about."""
    if isinstance(observation, Detection | Sighting):
        return observation.individual or observation.scientific_name or observation.label
    return world.name_of(world.subject_of(observation.device, observation.observed_at), observation.device)


def is_sensitive_noticed(noticed: Finding | Alert, world: World) -> bool:
    """Does the place of a finding, or of its alert, need clearance? One of a detection shows what was detected."""
    if world.is_sensitive(noticed.subject):
        return True
    # Where one of two was, the other was.
    if isinstance(noticed, Finding) and noticed.other is not None:
        return world.is_sensitive(Subject(kind="individual", id=noticed.other))
    if noticed.kind != "present":
        return False
    detail = noticed.detail
    return detail.get("sensitive") is True or world.shows_sensitive(
        detail.get("label", ""), detail.get("scientific_name"), detail.get("individual")
    )


def is_personal_noticed(noticed: Finding | Alert, world: World) -> bool:
    """Is this finding, or alert, about where a person was?"""
    return noticed.kind != "present" and world.is_personal(noticed.subject)


def sensitive_name_noticed(noticed: Finding | Alert, world: World) -> str:
    """A name for the audit of the sensitive thing that a finding is about."""
    if noticed.kind == "present":
        detail = noticed.detail
        return detail.get("individual") or detail.get("scientific_name") or detail.get("label") or "?"
    return world.name_of(noticed.subject)


def may_ask_for(device: str, role: Role, world: World) -> bool:
    """May the log be searched for a device, or would the answer tell what is withheld from this role?"""
    return role in EXACT and not (role == "scientist" and world.is_personal(world.device_subject(device)))
