"""What people do with alerts, what the pipeline takes back, and who is told: every transition once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hub.records.cursor import Cursor
from hub.records.errors import Conflict, NotFound, Stale
from hub.records.finding import Alert, Decisions, Subject
from hub.store import alerts, log, outbox
from hub.store.database import Database
from tests import builders as a
from tests.store.ground import SITE, a_site_with


def an_alert(name: str, **given: Any) -> Alert:
    """An alert as the rules raise it."""
    fields: dict[str, Any] = {
        "id": a.an_id("alert", name),
        "site": SITE,
        "finding": a.an_id("finding", name),
        "subject": Subject(kind="individual", id=a.an_id("F01")),
        "subject_name": "F01",
        "kind": "exit",
        "fence": a.an_id("core"),
        "fence_name": "core",
        "severity": "critical",
        "occurred_at": a.NOON,
        "longitude": 131.4,
        "latitude": 43.1,
    }
    return Alert(**(fields | given))


async def decide(database: Database, cause: str = "late", **decisions: Any) -> list[UUID]:
    async with database.transaction() as connection:
        touched = await alerts.apply(connection, SITE, Decisions(**decisions), cause)
        await outbox.enqueue(connection, SITE, touched)
    return touched


async def act(database: Database, alert: Alert, what: str, who: str, expect: int, outcome: str | None = None) -> Alert:
    async with database.transaction() as connection:
        return await alerts.act(connection, SITE, alert.id, what=what, who=who, expect=expect, outcome=outcome)


async def test_states__new_acknowledged_resolved_with_who_and_when(database: Database) -> None:
    await a_site_with(database)
    alert = an_alert("one")
    await decide(database, raised=(alert,))
    seen = await act(database, alert, "acknowledge", "Amina", 1)
    assert (seen.state, seen.version, seen.acknowledged_by) == ("acknowledged", 2, "Amina")
    done = await act(database, alert, "resolve", "Boris", 2, "patrol sent")
    assert (done.state, done.version, done.resolved_by, done.outcome) == ("resolved", 3, "Boris", "patrol sent")
    assert done.acknowledged_by == "Amina"
    history = [(line.version, line.who, line.what, line.note) for line in await alerts.history(database, alert.id)]
    assert history == [
        (1, "rosette", "raised", None),
        (2, "Amina", "acknowledged", None),
        (3, "Boris", "resolved", "patrol sent"),
    ]


async def test_states__what_a_state_forbids_is_a_conflict_and_changes_nothing(database: Database) -> None:
    await a_site_with(database)
    alert = an_alert("one")
    await decide(database, raised=(alert,))
    await act(database, alert, "resolve", "Amina", 1)
    for what in ("acknowledge", "resolve"):
        with pytest.raises(Conflict, match=f"is resolved: nothing to {what}"):
            await act(database, alert, what, "Boris", 2)
    await decide(database, retracted=(alert.id,))
    with pytest.raises(Conflict, match="is retracted"):
        await act(database, alert, "resolve", "Boris", 3)
    with pytest.raises(NotFound):
        await act(database, an_alert("another"), "acknowledge", "Boris", 1)


async def test_race__of_two_who_acknowledge_one_is_first_and_the_other_stale(database: Database) -> None:
    await a_site_with(database)
    for number in range(10):
        alert = an_alert(str(number))
        await decide(database, raised=(alert,))
        both = (act(database, alert, "acknowledge", who, 1) for who in ("Amina", "Boris"))
        answers = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in answers) == ["Alert", "Stale"]
        (winner,) = (answer for answer in answers if isinstance(answer, Alert))
        assert (await alerts.get(database, SITE, alert.id)).acknowledged_by == winner.acknowledged_by
        assert len(await alerts.history(database, alert.id)) == 2


async def test_race__who_acknowledges_what_was_just_taken_back_is_told(database: Database) -> None:
    await a_site_with(database)
    alert = an_alert("one")
    await decide(database, raised=(alert,))
    await decide(database, retracted=(alert.id,))
    with pytest.raises(Stale, match="is at version 2, you saw 1"):
        await act(database, alert, "acknowledge", "Amina", 1)


async def test_retraction__is_kept_with_its_cause_and_happens_once(database: Database) -> None:
    await a_site_with(database)
    alert = an_alert("one")
    await decide(database, raised=(alert,))
    assert await decide(database, "an observation arrived late", retracted=(alert.id,)) == [alert.id]
    assert await decide(database, "again", retracted=(alert.id,)) == []
    found = await alerts.get(database, SITE, alert.id)
    assert (found.state, found.cause, found.version) == ("retracted", "an observation arrived late", 2)


async def test_reinstatement__returns_to_what_people_had_made_of_it(database: Database) -> None:
    await a_site_with(database)
    untouched, seen, done = (an_alert(name) for name in ("untouched", "seen", "done"))
    await decide(database, raised=(untouched, seen, done))
    await act(database, seen, "acknowledge", "Amina", 1)
    await act(database, done, "resolve", "Amina", 1, "false")
    every = (untouched, seen, done)
    await decide(database, retracted=tuple(one.id for one in every))
    await decide(database, raised=every)
    states = [(await alerts.get(database, SITE, one.id)).state for one in every]
    assert states == ["new", "acknowledged", "resolved"]
    assert (await alerts.get(database, SITE, seen.id)).cause is None


async def test_correction__carries_the_acknowledgement_and_links_both(database: Database) -> None:
    await a_site_with(database)
    old, new = an_alert("old"), an_alert("new", occurred_at=a.NOON + timedelta(minutes=9))
    await decide(database, raised=(old,))
    await act(database, old, "acknowledge", "Amina", 1)
    await decide(database, raised=(new,), retracted=(old.id,), corrections=((old.id, new.id),))
    before, after = await alerts.get(database, SITE, old.id), await alerts.get(database, SITE, new.id)
    assert (before.state, before.corrected_by) == ("retracted", new.id)
    assert (after.state, after.corrects, after.acknowledged_by) == ("acknowledged", old.id, "Amina")


async def test_raise__the_same_facts_again_change_nothing(database: Database) -> None:
    await a_site_with(database)
    alert = an_alert("one")
    assert await decide(database, raised=(alert,)) == [alert.id]
    assert await decide(database, raised=(alert,)) == []
    moved = msgspec.structs.replace(alert, latitude=43.2)
    assert await decide(database, raised=(moved,)) == [alert.id]
    assert (await alerts.get(database, SITE, alert.id)).version == 2
    told = [one.id for one in await log.changes(database, SITE, Cursor(), 10) if one.noun == "alert"]
    assert told == [alert.id, alert.id]


async def a_recipient(database: Database, name: str, *severities: str) -> UUID:
    await outbox.add_recipient(
        database, a.an_id(name), SITE, None, "webhook", f"https://{name}", list(severities or ("critical", "high"))
    )
    return a.an_id(name)


async def test_outbox__one_telling_per_alert_version_and_recipient(database: Database) -> None:
    await a_site_with(database)
    amina, _ = await a_recipient(database, "amina"), await a_recipient(database, "boris", "low")
    alert = an_alert("one")
    await decide(database, raised=(alert,))
    for _ in range(3):
        async with database.transaction() as connection:
            await outbox.enqueue(connection, SITE, [alert.id])
    (telling,) = await outbox.claim(database, a.NOON + timedelta(days=3650), 10)
    assert (telling.recipient, telling.body["version"], telling.body["state"]) == (amina, 1, "new")


async def test_outbox__who_was_told_is_told_of_the_retraction_and_nobody_else(database: Database) -> None:
    await a_site_with(database)
    amina = await a_recipient(database, "amina")
    alert = an_alert("one")
    await decide(database, raised=(alert,))
    await a_recipient(database, "late comer")
    await decide(database, retracted=(alert.id,))
    tellings = await outbox.claim(database, a.NOON + timedelta(days=3650), 10)
    assert sorted((one.recipient, one.body["state"]) for one in tellings) == [(amina, "new"), (amina, "retracted")]


async def test_outbox__says_nothing_of_what_was_rolled_back(database: Database) -> None:
    await a_site_with(database)
    await a_recipient(database, "amina")
    with pytest.raises(RuntimeError):
        async with database.transaction() as connection:
            touched = await alerts.apply(connection, SITE, Decisions(raised=(an_alert("one"),)), "")
            await outbox.enqueue(connection, SITE, touched)
            raise RuntimeError
    assert await outbox.claim(database, a.NOON + timedelta(days=3650), 10) == []


async def test_outbox__workers_at_once_share_the_tellings(database: Database) -> None:
    await a_site_with(database)
    await a_recipient(database, "amina")
    await decide(database, raised=tuple(an_alert(str(number)) for number in range(60)))
    now = a.NOON + timedelta(days=3650)
    claims = await asyncio.gather(*(outbox.claim(database, now, 20) for _ in range(4)))
    claimed = [telling.id for claim in claims for telling in claim]
    assert len(claimed) == len(set(claimed))
    while rest := await outbox.claim(database, now, 20):
        claimed += [telling.id for telling in rest]
    assert len(set(claimed)) == len(claimed) == 60
    # A lease that nobody settled comes back; what is settled does not.
    await outbox.settle(database, claimed[0], "delivered")
    again = await outbox.claim(database, now + timedelta(seconds=61), 100)
    assert {telling.id for telling in again} == set(claimed[1:])
    assert {telling.attempts for telling in again} == {2}
