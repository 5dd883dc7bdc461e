"""In which spans of time sightings are weighed, so that the answer depends on the set and on nothing else.

A span is a calendar month (UTC), read with ten days before and after it. Every observation lies in exactly one month,
whose weighing answers for it; it is read by at most one more. When something came, or in which order, plays no part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from fusion.identities import AssociationRules
from hub.pipeline.history import UNUSABLE
from hub.pipeline.months import after, begins
from hub.pipeline.world import World
from hub.records.observation import Detection, Fix, Sighting
from hub.store.observations import Seen

MODEL: Final = "month-2"
"""Raised whenever what is weighed, or how, changes beside the rules of `fusion`."""
MARGIN: Final = timedelta(days=10)
WINDOW: Final = timedelta(days=30)
"""What is lately: strangers are looked for, and stated probabilities compared with what people decided, in so much."""


class Span(NamedTuple):
    """A month [since, until), and what is read to weigh it: [read_since, read_until)."""

    month: date
    since: datetime
    until: datetime
    read_since: datetime
    read_until: datetime


def span_of(month: date) -> Span:
    """The span of a month, named by its first day."""
    since, until = begins(month), begins(after(month))
    return Span(month, since, until, since - MARGIN, until + MARGIN)


def month_of(moment: datetime) -> date:
    """The first day of the month (UTC) of a time."""
    at = moment.astimezone(UTC)
    return date(at.year, at.month, 1)


def to_the_hour(moment: datetime) -> datetime:
    """The end of the hour that a moment is in: what is lately does not move with every sighting."""
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def lately(until: datetime) -> Span:
    """The window that ends then, as a span of its own."""
    since = until - WINDOW
    return Span(month_of(since), since, until, since, until)


def bears_on(seen: Seen, world: World) -> bool:
    """Does it bear on whom sightings show: something noticed, or a fix of an individual?"""
    if not UNUSABLE.isdisjoint(seen.observation.flags):
        return False
    if isinstance(seen.observation, Fix):
        return world.subject_of(seen.device, seen.observed_at).kind == "individual"
    return isinstance(seen.observation, Detection | Sighting)


def months_reading(moments: Iterable[datetime]) -> set[date]:
    """Months whose weighing reads what was observed at these times."""
    # No month is shorter than two margins: the month itself and those a margin away are all there can be.
    return {
        month_of(at)
        for moment in moments
        for at in (moment - MARGIN, moment, moment + MARGIN)
    }  # fmt: skip


def basis_of(world: World, month: date) -> str:
    """Names the reference data that the weighing of a month depends on: who is known, and what stood or was where."""
    return _basis(_of_all_months(world), world, month)


def outdated(known: Iterable[tuple[date, str]], world: World) -> Collection[date]:
    """Of months with the basis that their answer has, those whose reference data are other ones now."""
    always = _of_all_months(world)
    return {month for month, basis in known if basis != _basis(always, world, month)}


def _of_all_months(world: World) -> tuple[object, ...]:
    individuals = sorted(
        (str(one.id), one.name, one.scientific_name, str(world.flank_of(one.id))) for one in world.individuals.values()
    )
    rules = AssociationRules().configuration_hash().hex()
    merged = sorted((str(one), str(stays_as)) for one, stays_as in world.merged.items())
    return (MODEL, rules, world.site.centre, world.movements.digest, individuals, merged)


def _basis(always: tuple[object, ...], world: World, month: date) -> str:
    span = span_of(month)
    stays = sorted(
        (stay.device, stay.carrier.kind, str(stay.carrier.id), str(stay.valid_from), str(stay.valid_to))
        for known in world.stays_of_device.values()
        for stay in known
        if (stay.valid_from is None or stay.valid_from < span.read_until)
        and (stay.valid_to is None or span.read_since < stay.valid_to)
    )
    standing = {key for _, kind, key, _, _ in stays if kind == "place"}
    places = sorted(
        (str(one.id), one.longitude, one.latitude, one.uncertainty_m)
        for one in world.places.values()
        if str(one.id) in standing
    )
    return hashlib.sha256(repr((*always, stays, places)).encode()).hexdigest()[:16]
