"""What of a picture may be shown to whom: persons are pixelated for everybody; the original needs a role and a reason.

Pure: looks, what the log says, and a role in; boxes and a decision out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec

from hub.records.medium import Medium
from hub.records.observation import Detection, Sighting
from hub.records.person import Role
from hub.store.observations import Seen
from hub.store.shown import Look

PERSON: Final = "person"
VEHICLE: Final = "vehicle"
Part = tuple[float, float, float, float]
WHOLE: Final[Part] = (0.0, 0.0, 1.0, 1.0)
# What cameras write about themselves and about where they stand is not shown to anybody.
PRIVATE_FACTS: Final = ("GPS", "Serial", "Owner", "Artist")


class ShownBox(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was seen: left, top, width, height as parts of the picture's sides."""

    label: str
    probability: float
    x: float
    y: float
    width: float
    height: float


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a picture's content.

    boxes: of the look that counts. veils: what is pixelated, for everybody. persons: None where nobody has looked.
    """

    boxes: tuple[ShownBox, ...] = ()
    veils: tuple[Part, ...] = ()
    persons: bool | None = None


class _Body(msgspec.Struct):
    boxes: list[ShownBox] = []


class _Levels(msgspec.Struct):
    show: float = 0.0
    groups: tuple[str, ...] = (PERSON,)


_body = msgspec.json.Decoder(_Body).decode
_levels = msgspec.json.Decoder(_Levels).decode


def sight_of(medium: Medium, looks: Iterable[Look], said: Iterable[Seen]) -> Sight:
    """What all looks and the log say of a picture.

    Pixelated is what any model took for a person, at half the probability from which on it is shown: to pixelate too
    much does less harm than too little. A person that somebody reports without saying where hides the whole picture.
    """
    boxes: list[ShownBox] = []
    veils: dict[Part, None] = {}
    persons: bool | None = None
    for look in looks:
        levels = _levels(look.thresholds)
        show = levels.show
        if PERSON in levels.groups:
            # A model that knows no persons has not looked for any.
            persons = persons or False
        for box in _body(look.body).boxes:
            if look.of == medium.id and look.model == medium.looked_by and box.probability >= show:
                boxes.append(box)
            if box.probability < show / 2:
                continue
            if box.label == PERSON:
                persons = True
                veils[box.x, box.y, box.width, box.height] = None
            elif box.label == VEHICLE:
                # The lower half: plates.
                veils[box.x, box.y + box.height / 2, box.width, box.height / 2] = None
    for seen in said:
        observation = seen.observation
        if isinstance(observation, Detection | Sighting) and observation.label == PERSON:
            persons = True
            place = observation.bounding_box if isinstance(observation, Detection) else None
            veils[place or WHOLE] = None
    return Sight(boxes=tuple(boxes), veils=tuple(veils), persons=persons)


def may_be_shown(sight: Sight) -> bool:
    """May anybody see it, pixelated? Not before a look has said where persons are."""
    return sight.persons is not None


def may_have_original(role: Role | None, sight: Sight, *, alerted: bool) -> bool:
    """May this role have the picture as it was taken?

    Without persons: whoever reads exact places. With persons: dispatchers and admins, while an alert rests on it.
    Before anybody has looked: dispatchers and admins, since a hub without a model would show nothing to anybody.
    """
    if role in ("dispatcher", "admin"):
        return alerted or not sight.persons
    return role == "scientist" and sight.persons is False


def public_facts(medium: Medium) -> dict[str, object]:
    """What the file says of itself, without where it was taken and with which very camera."""
    return {name: value for name, value in medium.facts.items() if not any(word in name for word in PRIVATE_FACTS)}


def by_medium(looks: Iterable[Look]) -> dict[UUID, list[Look]]:
    """Looks by the picture that they are about."""
    out: dict[UUID, list[Look]] = {}
    for look in looks:
        out.setdefault(look.medium, []).append(look)
    return out
