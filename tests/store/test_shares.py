"""What probably shows an individual is part of its track, as far as it does, and of nothing else."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import numpy as np
import pytest

from hub.console.shared import certain
from hub.console.wire import subject_item
from hub.pipeline.fuse import Points, points_of
from hub.pipeline.line import Line, Told
from hub.pipeline.preview import moved
from hub.pipeline.world import World, read_world
from hub.records.finding import Finding, Subject
from hub.records.ids import new_id
from hub.records.observation import ErrorEllipse
from hub.records.person import Role
from hub.records.position import Position
from hub.records.proposal import Share
from hub.store import alerts, findings, identities, identity_months, log, proposals, reference, shares, tracks, vicinity
from hub.store.database import Database
from tests import builders as a
from tests.store import shared as s

SINCE, UNTIL = a.NOON - timedelta(days=40), a.NOON + timedelta(days=90)


async def track_of(database: Database, name: str) -> Points | None:
    found = await tracks.segments(database, s.SITE, [s.who(name).id], SINCE, UNTIL)
    world = await read_world(database, s.SITE)
    return points_of(found[s.who(name)], world.frame, SINCE, UNTIL) if found else None


async def a_settled_reserve(database: Database) -> Line:
    await s.a_reserve(database)
    line = await s.a_line(database)
    await s.accepted(database, s.SAID)
    await s.settled(database, line)
    return line


async def test_animal_without_collar_or_name__has_a_track_of_its_pictures_with_their_shares(database: Database) -> None:
    await a_settled_reserve(database)
    track = await track_of(database, "F01")
    assert track is not None and len(track.time) >= 24
    assert all(0.1 <= share <= 1.0 for share in track.share)
    assert np.mean(np.array(track.share) > 0.8) > 0.7
    west = np.array(track.longitude)[np.array(track.share) > 0.9]
    assert np.abs(west - (a.CENTRE[0] - 0.08)).max() < 0.03


async def test_never_seen__has_no_track(database: Database) -> None:
    await a_settled_reserve(database)
    track = await track_of(database, "F03")
    assert track is None or max(track.share) < 0.5


async def test_small_share__leaves_the_ellipse_wide_and_the_place_where_the_rest_says(database: Database) -> None:
    await a_settled_reserve(database)
    track = await track_of(database, "M02")
    assert track is not None
    doubtful = [k for k, share in enumerate(track.share) if share < 0.5]
    sure = [k for k, share in enumerate(track.share) if share > 0.95]
    assert sure
    for k in doubtful:
        assert track.semi_major_m[k] > 3 * min(track.semi_major_m[j] for j in sure)


async def test_shared_sighting__inside_a_fence_raises_nothing_of_an_individual(database: Database) -> None:
    """The fence holds all stations; only the collar has fixes inside it."""
    await a_settled_reserve(database)
    told = await findings.page(
        database, s.SITE, since=SINCE, until=UNTIL, fence=None, subject=None, after=None, limit=10_000
    )
    assert {one.subject for one in told if one.subject.kind == "individual"} <= {s.who("M04")}
    standing = await alerts.standing(database, s.SITE)
    assert {one.subject for one in standing if one.subject.kind == "individual"} <= {s.who("M04")}


async def test_decision__takes_a_sighting_out_of_the_other_track_at_once_and_makes_it_certain(
    database: Database,
) -> None:
    line = await a_settled_reserve(database)
    (key,) = await s.accepted(database, [s.DOUBTFUL])
    before = await track_of(database, "F01")
    assert before is not None
    share = dict(zip(before.observation, before.share, strict=True))[str(key)]
    assert 0.1 <= share < 1.0
    seen = await vicinity.by_id(database, s.SITE, key)
    assert seen is not None
    async with database.transaction() as connection:
        await identities.decide(
            connection, s.SITE, seen, new_id(), verdict="is", individual=s.who("M02").id, note="", who="olga"
        )
    await s.followed(line)
    lost, won = await track_of(database, "F01"), await track_of(database, "M02")
    assert lost is not None and str(key) not in lost.observation
    assert won is not None and dict(zip(won.observation, won.share, strict=True))[str(key)] == 1.0
    await s.settled(database, line)
    again = await track_of(database, "F01")
    assert again is not None and str(key) not in again.observation


async def test_answers__are_provisional_until_what_came_has_been_weighed(database: Database) -> None:
    line = await a_settled_reserve(database)
    (key,) = await s.accepted(database, [s.DOUBTFUL])
    proposal = await proposals.get(database, s.SITE, key)
    assert proposal is not None and proposal.status == "settled"
    await s.accepted(database, [s.picture("east", 41, M02=2.0)])
    await s.followed(line)
    proposal = await proposals.get(database, s.SITE, key)
    assert proposal is not None and proposal.status == "provisional"
    await s.settled(database, line)
    proposal = await proposals.get(database, s.SITE, key)
    assert proposal is not None and proposal.status == "settled"


async def test_fence__drawn_anew_asks_for_no_weighing_and_a_camera_that_moved_does(database: Database) -> None:
    line = await a_settled_reserve(database)
    fence, station = a.a_fence(s.SITE, half_deg=0.1), a.a_place(s.SITE, "west", longitude=a.CENTRE[0] - 0.05)
    async with database.transaction() as connection:
        await reference.put(connection, fence, expect=1, by="test")
    await s.followed(line)
    assert not await identity_months.waiting(database, s.SITE)
    async with database.transaction() as connection:
        await reference.put(connection, station, expect=1, by="test")
    await s.followed(line)
    assert await identity_months.waiting(database, s.SITE)


async def test_position__is_the_newest_that_is_likely_and_says_its_share(database: Database) -> None:
    await s.a_reserve(database)
    said: list[Told] = []
    line = Line(database, s.SITE, lambda told, world: said.append(told))
    await line.start()
    await s.accepted(database, s.SAID)
    await s.settled(database, line)
    last = {one.subject: one for told in said for one in told.positions}
    assert 0.5 <= last[s.who("F01")].share <= 1.0
    assert last[s.who("M04")].share == pytest.approx(1.0)


async def test_reader_without_clearance__gets_of_a_track_only_what_is_certain(database: Database) -> None:
    await a_settled_reserve(database)
    track = await track_of(database, "F01")
    assert track is not None
    left = certain(track)
    assert all(share == 1.0 for share in left.share)
    probable = {key for key, share in zip(track.observation, track.share, strict=True) if share < 1}
    assert probable and not probable & set(left.observation)


def test_probable_place_of_a_harmless_animal__is_a_cell_for_a_ranger_and_exact_for_a_dispatcher() -> None:
    """The picture may show a leopard: the place of what is only probably a deer is not for everybody."""
    deer = a.an_individual(s.SITE, "D01", scientific_name="Cervus nippon", sensitive=False)
    world, (east, north) = World(a.a_site(s.SITE), [deer]), a.CENTRE
    ellipse = ErrorEllipse(semi_major_m=50, semi_minor_m=50, orientation_deg=0)
    sure = Position(
        subject=Subject(kind="individual", id=deer.id),
        name="D01",
        device="",
        device_kind="",
        longitude=east,
        latitude=north,
        uncertainty_m=20.0,
        ellipse=ellipse,
        observed_at=a.NOON,
    )
    probable = msgspec.structs.replace(sure, share=0.7)
    cases: list[tuple[Position, Role, bool]] = [
        (sure, "ranger", False),
        (probable, "ranger", True),
        (probable, "dispatcher", False),
    ]
    for position, role, is_cell in cases:
        item = subject_item(position, world, role, a.NOON)
        assert item is not None and item.generalised is is_cell
        assert ((item.longitude, item.latitude) == a.CENTRE) is not is_cell


async def test_preview__says_that_the_track_with_a_share_loses_it(database: Database) -> None:
    await a_settled_reserve(database)
    (key,) = await s.accepted(database, [s.DOUBTFUL])
    world, seen = await read_world(database, s.SITE), await vicinity.by_id(database, s.SITE, key)
    assert seen is not None
    told = {one.name: one for one in await moved(database, world, seen, None, s.who("M02").id)}
    assert told["F01"].pieces_after == told["F01"].pieces_before - 1
    assert told["M02"].largest_shift_m is not None


async def test_what_an_animal_does__rests_on_what_is_certain_whatever_is_probably_it(database: Database) -> None:
    """A collar lies still for days; a far picture of probably its animal moves its track and nothing else."""
    await s.a_reserve(database)
    line = await s.a_line(database)
    still = [a.a_fix("collar-4", 60 * k, 0.03, 0.0) for k in range(24, 120)]
    walk = [a.a_fix("collar-4", 60 * k, 0.002 * k, 0.001 * (k % 3)) for k in range(24)]
    (key,) = await s.accepted(database, [s.picture("west", 60.5, M04=1.0)])
    await s.accepted(database, [*walk, *still])
    await s.followed(line)

    async def does() -> list[Finding]:
        told = await findings.page(
            database, s.SITE, since=SINCE, until=UNTIL, fence=None, subject=None, after=None, limit=10_000
        )
        return [one for one in told if one.subject == s.who("M04")]

    before, track = await does(), await track_of(database, "M04")
    assert before and track is not None and str(key) not in track.observation
    seen = await vicinity.by_id(database, s.SITE, key)
    assert seen is not None
    share = Share(individual=s.who("M04").id, observation=key, observed_at=seen.observed_at, share=0.7, spread_m2=1e4)
    async with database.transaction() as connection:
        changed = await shares.put(connection, s.SITE, SINCE, UNTIL, [share])
        await log.record_change(connection, s.SITE, "share", sorted(changed))
    await s.followed(line)
    after = await track_of(database, "M04")
    assert after is not None and dict(zip(after.observation, after.share, strict=True))[str(key)] == 0.7
    assert await does() == before
    # The same where all of it is read again, and where a fix more comes.
    again = await s.a_line(database)
    await again.rebuild()
    assert await does() == before
    await s.accepted(database, [a.a_fix("collar-4", 60 * 120, 0.03, 0.0)])
    await s.followed(line)
    assert {one.kind for one in await does()} == {one.kind for one in before}
