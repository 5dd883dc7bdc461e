"""Pictures become sequences in the database, whatever the order in which they come; a person's word stays."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hub.records.errors import Conflict, NotFound, Stale
from hub.records.ids import new_id
from hub.records.sequence import SaidOfSequence
from hub.see.seen import Box, Crop, Seen
from hub.see.sequencing import Sequencing
from hub.store import judging, looks, media, repeat_memory, second_looks, sequence_review
from hub.store import sequences as store
from hub.store.database import Database
from hub.store.looks import LookRow
from tests import builders as a
from tests.store.ground import a_site_with

SITE = "leopard"
MODEL = "light@1"
EVER = {"since": a.NOON - timedelta(days=9_000), "until": a.NOON + timedelta(days=9_000), "limit": 500}
STUMP = Box("animal", 0.35, "cow", 0.6, 0.6, 0.1, 0.1)
DEER = Box("animal", 0.9, "cow", 0.2, 0.2, 0.3, 0.3)
PERSON = Box("person", 0.8, "person", 0.2, 0.2, 0.3, 0.3)


@pytest.fixture
async def site(database: Database) -> Database:
    await a_site_with(database)
    return database


async def a_picture(
    database: Database, name: str, seconds: float, *boxes: Box, device: str = "cam-1", model: str = MODEL, **facts: Any
) -> UUID:
    """A picture that was looked at, as `hub.see.settling` leaves it."""
    key = UUID(int=random.Random(name).getrandbits(128))
    taken = a.NOON + timedelta(seconds=seconds)
    async with database.transaction() as connection:
        await connection.execute(
            """insert into medium (id, site_id, sha256, kind, bytes, device, live, received_at, state, taken_at,
                   time_method, facts, perceptual_hash, looked_by)
               values ($1, $2, $3, 'jpeg', 10, $4, true, $5, 'seen', $5, 'exif', $6, 77, $7)
               on conflict (id) do update set looked_by = excluded.looked_by""",
            key,
            SITE,
            name.encode().ljust(32, b"."),
            device,
            taken,
            facts,
            model,
        )
        body = msgspec.json.encode(Seen(state="seen", boxes=list(boxes)))
        await looks.add(connection, [LookRow(key, model, SITE, "seen", body, b'{"show":0.2}')])
    return key


async def named(database: Database, picture: UUID, box: Box, **names: float) -> None:
    """What a classifier says of a box; spaces as underscores."""
    said = [Crop((box.x, box.y, box.width, box.height), [(n.replace("_", " "), p) for n, p in names.items()])]
    async with database.transaction() as connection:
        wished = second_looks.Wished(picture, SITE, MODEL, "classify")
        await second_looks.add(connection, wished, "species@1", "classify", msgspec.json.encode(said))
        await store.again(connection, [picture])


async def computed(database: Database, rest_s: float = -60.0) -> None:
    task = Sequencing(database, rest_s=rest_s)
    while await task.step():
        pass


async def told(database: Database, **more: Any) -> list[sequence_review.Judged]:
    return await sequence_review.page(database, SITE, more.pop("least", {}), **{**EVER, **more})


async def content(database: Database) -> list[tuple[Any, ...]]:
    """All sequences, without when and how often they were computed."""
    return [(s.id, s.pictures, s.entries, s.reasons, s.value) for s, _, _ in await told(database)]


async def test_sequences__are_the_same_for_every_order_of_arrival_and_however_they_are_batched(site: Database) -> None:
    pictures: list[tuple[str, float, Sequence[Box]]] = [
        (f"p{n}", seconds, boxes)
        for n, (seconds, boxes) in enumerate(
            [(0, [DEER]), (2, []), (4, [PERSON]), (250, [DEER]), (540, [DEER]), (2_000, []), (2_003, [STUMP])]
        )
    ]
    known: list[list[tuple[Any, ...]]] = []
    for seed in range(4):
        async with site.transaction() as connection:
            await connection.execute("truncate picture_sequence, second_look_wish, repeat_memory, look, medium cascade")
        shuffled = random.Random(seed).sample(pictures, len(pictures))
        for number, (name, seconds, boxes) in enumerate(shuffled):
            await a_picture(site, name, seconds, *boxes)
            if number % (seed + 1) == 0:
                await computed(site)
        await computed(site)
        known.append(await content(site))
    assert known[0] and all(one == known[0] for one in known)
    assert [len(pictures) for _, pictures, *_ in known[0]] == [2, 5]


async def test_late_picture__makes_another_version_and_what_is_done_is_not_done_again(site: Database) -> None:
    await a_picture(site, "a", 0, DEER)
    await computed(site)
    (before,) = await told(site)
    assert not await Sequencing(site, rest_s=-60).step()
    await a_picture(site, "b", 100, DEER)
    await computed(site)
    (after,) = await told(site)
    assert (after.sequence.id, after.sequence.version) == (before.sequence.id, before.sequence.version + 1)
    await a_picture(site, "earlier", -100, DEER)
    await computed(site)
    (now,) = await told(site)
    assert now.sequence.id != before.sequence.id and len(now.sequence.pictures) == 3
    with pytest.raises(NotFound, match="an earlier picture that came late"):
        await store.get(site, SITE, before.sequence.id)


async def test_species__is_that_of_the_classifier_by_the_rules_and_the_list_of_the_park(site: Database) -> None:
    one = await a_picture(site, "a", 0, DEER)
    await named(site, one, DEER, sika_deer=0.9, roe_deer=0.05)
    await computed(site)
    ((sequence, state, _),) = await told(site)
    (entry,) = sequence.entries
    assert (entry.label, entry.source, state) == ("Cervus nippon", "species_by_classifier", "review")
    async with site.transaction() as connection:
        text = '[park.species]\n"Capreolus pygargus" = 1\n'
        assert await judging.write(connection, SITE, text, "amina", 0) == 1
        with pytest.raises(Stale):
            await judging.write(connection, SITE, "", "boris", 0)
    await computed(site)
    ((sequence, _, _),) = await told(site)
    assert sequence.judged_by == 1 and sequence.reasons == ("unexpected",)
    assert sequence.entries[0].unexpected == "Cervus nippon"


async def test_verdict__holds_whatever_is_computed_later_and_can_be_taken_back(site: Database) -> None:
    await a_picture(site, "a", 0, DEER)
    await computed(site)
    ((sequence, state, _),) = await told(site)
    assert state == "review"
    said, key = (SaidOfSequence(label="Cervus nippon", count=2),), new_id()

    async def say() -> None:
        async with site.transaction() as connection:
            await sequence_review.decide(connection, sequence, key, said, blind=False, note="", who="amina")

    await say()
    await say()
    other = (SaidOfSequence(label="blank"),)
    with pytest.raises(Conflict):
        async with site.transaction() as connection:
            await sequence_review.decide(connection, sequence, key, other, blind=False, note="", who="boris")
    await a_picture(site, "a", 0, PERSON, model="other@2")
    await computed(site)
    ((again, state, verdict),) = await told(site)
    assert (state, verdict, again.entries[0].label) == ("decided", key, "person")
    (word,) = await sequence_review.history(site, SITE, again.pictures)
    assert word.said == said and word.machine == sequence.entries

    # An earlier picture gives the sequence another id; the word goes along, and is asked for again.
    await a_picture(site, "earlier", -10, DEER)
    await computed(site)
    ((grown, state, verdict),) = await told(site)
    assert grown.id != sequence.id and (state, verdict) == ("reopened", key)

    async with site.transaction() as connection:
        await sequence_review.withdraw(connection, grown, key, "amina")
        await sequence_review.withdraw(connection, grown, key, "boris")
    ((_, state, verdict),) = await told(site)
    assert (state, verdict) == ("review", None)
    (word,) = await sequence_review.history(site, SITE, grown.pictures)
    assert word.withdrawn_by == "amina"
    with pytest.raises(NotFound):
        async with site.transaction() as connection:
            await sequence_review.withdraw(connection, grown, new_id(), "amina")


async def test_review__begins_with_what_is_worth_most_and_leaves_out_what_is_trusted(site: Database) -> None:
    await a_picture(site, "deer", 0, DEER)
    await a_picture(site, "person", 5_000, PERSON)
    await a_picture(site, "nothing", 10_000)
    await computed(site)
    queue = await sequence_review.queue(site, SITE, {}, None, 10)
    assert [one.sequence.entries[0].label for one in queue] == ["person", "animal", "blank"]
    trusted = await sequence_review.queue(site, SITE, {"blank": 0.9, "animal": 0.95}, None, 10)
    assert [one.sequence.entries[0].label for one in trusted] == ["person", "animal"]
    accepted = await told(site, least={"blank": 0.9}, state="accepted")
    assert [one.sequence.entries[0].label for one in accepted] == ["blank"]
    assert [one.sequence.entries[0].label for one in await told(site, label="person")] == ["person"]


async def test_stump__is_remembered_divided_and_told_and_a_person_in_its_place_is_not(site: Database) -> None:
    for n in range(14):
        await a_picture(site, f"s{n}", n * 7_200, STUMP)
    await computed(site)
    assert {one.sequence.entries[0].label for one in await told(site)} == {"blank"}
    ((device, _, boxes),) = await repeat_memory.of_site(site, SITE, 10)
    assert device == "cam-1" and msgspec.json.decode(boxes)[0]["bursts"] == 14
    there = msgspec.structs.replace(STUMP, label="person", probability=0.6)
    await a_picture(site, "poacher", 3 * 7_200 + 60, there)
    await computed(site)
    (found,) = [one.sequence for one in await told(site) if len(one.sequence.pictures) == 2]
    assert found.entries[0].label == "person" and found.entries[0].probability == 0.6


async def test_stump__that_looks_like_an_animal_asleep_is_divided_once_a_person_says_that_nothing_is_there(
    site: Database,
) -> None:
    sure = msgspec.structs.replace(STUMP, probability=0.7)
    for n in range(12):
        await a_picture(site, f"s{n}", n * 4_000, sure)
    await computed(site)
    found = await told(site)
    assert {one.sequence.entries[0].label for one in found} == {"animal"}
    word, nothing = new_id(), (SaidOfSequence(label="blank"),)
    async with site.transaction() as connection:
        await sequence_review.decide(connection, found[0].sequence, word, nothing, blind=False, note="", who="amina")
    await computed(site)
    assert {one.sequence.entries[0].label for one in await told(site)} == {"blank"}
    async with site.transaction() as connection:
        await sequence_review.withdraw(connection, found[0].sequence, word, "amina")
    await computed(site)
    assert {one.sequence.entries[0].label for one in await told(site)} == {"animal"}


async def test_stump__sequences_are_the_same_whether_the_memory_came_first_or_last(site: Database) -> None:
    known: list[list[tuple[Any, ...]]] = []
    for seed in range(3):
        async with site.transaction() as connection:
            await connection.execute("truncate picture_sequence, second_look_wish, repeat_memory, look, medium cascade")
        for n in random.Random(seed).sample(range(13), 13):
            await a_picture(site, f"s{n}", n * 7_200, STUMP)
            if seed and n % seed == 0:
                await computed(site)
        await computed(site)
        known.append(await content(site))
    assert all(one == known[0] for one in known)


async def test_preview__of_a_picture_is_in_no_sequence_once_the_picture_came(site: Database) -> None:
    small = await a_picture(site, "small", 0, DEER)
    await computed(site)
    full = await a_picture(site, "full", 1, DEER)
    async with site.transaction() as connection:
        await connection.execute("update medium set preview_of = $1 where id = $2", full, small)
    await computed(site)
    ((sequence, _, _),) = await told(site)
    assert sequence.pictures == (full,)
    assert await store.count_unsequenced(site, SITE) == 0


async def test_pictures_of_a_card__that_know_no_time_are_no_sequence_though_they_came_at_once(site: Database) -> None:
    undated = [await a_picture(site, name, at, DEER) for at, name in enumerate(("one", "other"))]
    async with site.transaction() as connection:
        await connection.execute("update medium set live = false, time_method = 'received' where id = any($1)", undated)
    dated = await a_picture(site, "dated", 2, DEER)
    await computed(site)
    assert [sequence.pictures for sequence, _, _ in await told(site)] == [(dated,)]
    assert await store.count_unsequenced(site, SITE) == 0


async def test_cameras__take_turns(site: Database) -> None:
    for n in range(2):
        for camera in ("cam-1", "cam-2"):
            await a_picture(site, f"{camera}/{n}", n * 5_000, DEER, device=camera)
    turns = [
        (await store.unsequenced(site, 1, after))[0].device for after in (("", ""), (SITE, "cam-1"), (SITE, "cam-2"))
    ]
    assert turns == ["cam-1", "cam-2", "cam-1"]


async def test_wish__is_made_once_a_look_and_only_if_somebody_can_look(site: Database) -> None:
    unsure = await a_picture(site, "unsure", 0, msgspec.structs.replace(DEER, probability=0.3))
    await computed(site)
    assert await second_looks.waiting(site, 10) == []
    async with site.transaction() as connection:
        await judging.write(connection, SITE, '[cascade]\nmodel = "heavy"', "amina", None)
    called: list[int] = []
    task = Sequencing(site, wished=lambda: called.append(1), rest_s=-60)
    while await task.step():
        pass
    (wished,) = await second_looks.waiting(site, 10)
    assert (wished.medium, wished.reason, bool(called)) == (unsure, "animal", True)
    async with site.transaction() as connection:
        await second_looks.done(connection, wished)
        await store.again(connection, [unsure])
    while await task.step():
        pass
    assert await second_looks.waiting(site, 10) == []
    assert (await second_looks.state(site, SITE)).done == {"animal": 1}
    assert (await media.get(site, SITE, unsure)).looked_by == MODEL
