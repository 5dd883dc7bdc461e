"""People say whom a sighting shows: tracks follow, nothing that was said is lost, every word can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID

import pytest

from geo.geodesy import distance_m
from hub.pipeline.weighing import month_of, span_of
from hub.records.ids import new_id
from hub.records.proposal import Candidate, Proposal, Together
from hub.records.reference import Individual
from hub.store import identity_months, proposals
from tests import builders as a
from tests.api.attack import F01, NEAR_M, SECRET, everything, places_in, read
from tests.api.conftest import SITE, Hub, problem
from tests.api.identified import ROOT, a_reserve, decide, identity, points, seen
from tests.api.test_live import Stream


async def test_sighting__shows_whom_it_names_until_people_say_otherwise(hub: Hub) -> None:
    known = await a_reserve(hub)
    one = await seen(hub, **F01)
    found = await identity(hub, one)
    assert (found["said"], found["name"], found["decided"]) == ("F01", "F01", False)
    assert await points(hub, known["F01"]) == 1
    found = await decide(hub, one, known["M02"], note="the rosette on the left flank")
    assert (found["said"], found["name"], found["decided"]) == ("F01", "M02", True)
    assert [(d["decided_by"], d["note"]) for d in found["decisions"]] == [
        ("scientist", "the rosette on the left flank")
    ]
    assert (await points(hub, known["F01"]), await points(hub, known["M02"])) == (0, 1)
    assert [item["individual"] for item in await read(hub, "scientist", "detections")] == ["M02"]


async def test_individual__whose_only_sighting_shows_another_is_nowhere(hub: Hub) -> None:
    known = await a_reserve(hub)
    one = await seen(hub, **F01)
    assert "F01" in [item["name"] for item in await read(hub, "dispatcher", "subjects")]
    stream = Stream(hub.feeds.of(SITE), "dispatcher")
    await stream.next()
    await decide(hub, one, known["M02"])
    assert {item["name"] for item in await read(hub, "dispatcher", "subjects")} >= {"M02"}
    assert "F01" not in [item["name"] for item in await read(hub, "dispatcher", "subjects")]
    await stream.until("gone")
    await stream.close()


async def test_sighting__of_nobody_becomes_part_of_a_track_when_people_recognise_it(hub: Hub) -> None:
    known = await a_reserve(hub)
    one, _ = await seen(hub), await seen(hub, minutes=1)
    assert await points(hub, known["F01"]) == 0
    await decide(hub, one, known["F01"])
    assert await points(hub, known["F01"]) == 1


async def test_sighting__that_is_not_whom_it_names_is_nobodys(hub: Hub) -> None:
    known = await a_reserve(hub)
    one = await seen(hub, **F01)
    found = await decide(hub, one, known["F01"], "is_not")
    assert (found["name"], found["individual"], found["decided"]) == (None, None, False)
    assert await points(hub, known["F01"]) == 0


async def test_sighting__of_nobody_on_the_roster_can_be_said_to_be_that(hub: Hub) -> None:
    known = await a_reserve(hub)
    one = await seen(hub, **F01)
    found = await decide(hub, one, None)
    assert (found["name"], found["decided"]) == (None, True)
    assert await points(hub, known["F01"]) == 0


async def test_decision__taken_back_lets_what_held_before_hold_again(hub: Hub) -> None:
    known = await a_reserve(hub)
    one = await seen(hub, **F01)
    first = (await decide(hub, one, known["M02"]))["decisions"][0]["id"]
    second = (await decide(hub, one, known["B03"]))["decisions"][1]["id"]
    for decision, name in ((second, "M02"), (second, "M02"), (first, "F01")):
        answer = await hub.as_("dispatcher", "POST", f"{ROOT}/{one}/identity/{decision}/withdraw")
        assert answer.json()["name"] == name
        await hub.settle()
        assert await points(hub, known[name]) == 1
    assert [d["withdrawn_by"] for d in (await identity(hub, one))["decisions"]] == ["dispatcher", "dispatcher"]


async def test_decision__sent_twice_is_made_once_and_another_by_its_id_is_refused(hub: Hub) -> None:
    known = await a_reserve(hub)
    one, key = await seen(hub), new_id()
    await decide(hub, one, known["F01"], id=key)
    assert len((await decide(hub, one, known["F01"], id=key))["decisions"]) == 1
    body = {"id": str(key), "verdict": "is", "individual": str(known["M02"].id)}
    problem(await hub.as_("admin", "POST", f"{ROOT}/{one}/identity", json=body), 409)


async def test_decisions__in_any_order_and_between_any_steps_end_in_the_same_tracks(hub: Hub) -> None:
    known = await a_reserve(hub)
    ends = set()
    for order, minutes in zip(permutations(range(3)), range(0, 60, 10), strict=True):
        made = [await seen(hub, minutes=minutes + k, **F01) for k in range(3)]
        words = [(made[0], "M02", "is"), (made[1], "F01", "is_not"), (made[2], "B03", "is")]
        for k in order:
            await decide(hub, words[k][0], known[words[k][1]], words[k][2])
        ends.add(tuple([(await identity(hub, one))["name"] for one in made]))
    assert ends == {("M02", None, "B03")}
    assert [await points(hub, known[name]) for name in ("F01", "M02", "B03")] == [0, 6, 6]
    hashes = await read(hub, "admin", "tracks")
    await hub.lines[SITE].rebuild()
    assert await read(hub, "admin", "tracks") == hashes


async def test_preview__says_whose_track_would_move_how_far_and_changes_nothing(hub: Hub) -> None:
    known = await a_reserve(hub)
    collar = a.a_device(SITE, "collar-9")
    await hub.store(collar, a.a_deployment(collar, known["M02"]))
    await hub.send(*(a.a_fix("collar-9", minutes=k, east=0.02) for k in (-600, -300)))
    one = await seen(hub, **F01)
    body = {"verdict": "is", "individual": str(known["M02"].id)}
    preview = (await hub.as_("scientist", "POST", f"{ROOT}/{one}/identity/preview", json=body)).json()
    assert (preview["before"], preview["after"]) == (str(known["F01"].id), str(known["M02"].id))
    moved = {item["name"]: item for item in preview["moved"]}
    assert (moved["F01"]["pieces_before"], moved["F01"]["pieces_after"], moved["F01"]["largest_shift_m"]) == (
        1,
        0,
        None,
    )
    assert (moved["M02"]["pieces_before"], moved["M02"]["pieces_after"]) == (2, 3)
    assert moved["M02"]["largest_shift_m"] > 100
    assert (await identity(hub, one))["name"] == "F01"


async def test_preview__of_what_holds_already_moves_nobody(hub: Hub) -> None:
    known = await a_reserve(hub)
    one = await seen(hub, **F01)
    body = {"verdict": "is", "individual": str(known["F01"].id)}
    preview = (await hub.as_("scientist", "POST", f"{ROOT}/{one}/identity/preview", json=body)).json()
    assert preview["moved"] == []


@pytest.mark.parametrize("said", [None, "F01"])
@pytest.mark.parametrize("held", [None, "F01", "M02"])
@pytest.mark.parametrize(("verdict", "who"), [("is", "M02"), ("is", None), ("is_not", "F01"), ("is_not", "M02")])
async def test_preview__is_what_the_decision_then_does(
    hub: Hub, said: str | None, held: str | None, verdict: str, who: str | None
) -> None:
    known = await a_reserve(hub)
    one = await seen(hub, **({"individual": said} if said else {}))
    if held is not None:
        await decide(hub, one, known[held])
    body = {"verdict": verdict} | ({"individual": str(known[who].id)} if who else {})
    preview = (await hub.as_("scientist", "POST", f"{ROOT}/{one}/identity/preview", json=body)).json()
    assert preview["before"] == (await identity(hub, one))["individual"]
    found = await decide(hub, one, known[who] if who else None, verdict)
    assert preview["after"] == found["individual"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"verdict": "is_not"}, 422),
        ({"verdict": "is", "individual": str(new_id())}, 404),
        ({"verdict": "perhaps"}, 422),
        ({"verdict": "is", "note": "\x00"}, 422),
    ],
)
async def test_decision__that_says_nothing_sound_is_refused(hub: Hub, body: dict[str, str], status: int) -> None:
    await a_reserve(hub)
    one = await seen(hub)
    problem(await hub.as_("admin", "POST", f"{ROOT}/{one}/identity", json={"id": str(new_id())} | body), status)
    assert (await identity(hub, one))["decisions"] == []


async def test_identity__of_a_fix_or_of_another_site_is_not_found(hub: Hub) -> None:
    await a_reserve(hub)
    (fix,) = (await hub.send(a.a_fix("phone-1")))["ids"]
    for key in (UUID(fix), new_id()):
        problem(await hub.as_("admin", "GET", f"{ROOT}/{key}/identity"), 404)


WAYS_TO_BE_SENSITIVE = ("recognised", "resembles", "said and denied", "said and nobody")


async def a_secret_picture(hub: Hub, known: dict[str, Individual], way: str) -> UUID:
    """A picture of "an animal" that is about F01, whose place is nobody's business, in one of many ways."""
    match way:
        case "recognised":
            one = await seen(hub)
            await decide(hub, one, known["F01"])
        case "resembles":
            one = await seen(hub, resembles=[{"individual": "F01", "log_ratio": 8.0}])
        case "said and denied":
            one = await seen(hub, individual="F01")
            await decide(hub, one, known["F01"], "is_not")
        case _:
            one = await seen(hub, individual="F01")
            await decide(hub, one, None)
    return one


@pytest.mark.parametrize("way", WAYS_TO_BE_SENSITIVE)
async def test_picture__that_may_show_a_sensitive_animal_gives_its_place_away_nowhere(hub: Hub, way: str) -> None:
    known = await a_reserve(hub)
    one = await a_secret_picture(hub, known, way)
    told = await everything(hub, "ranger")
    # The station itself is on the map: it is no secret here that it stands there, only what it saw.
    del told["places"], told["subjects"]
    assert all(told[name] for name in ("detections", "observations", "alerts", "findings"))
    assert all(distance_m(*SECRET, *place) > NEAR_M for place in places_in(told))
    for name in ("detections", "observations", "alerts", "findings"):
        assert "F01" not in str(told[name]), name
        assert str(one) not in str(told[name]), name
    around = {"longitude": SECRET[0], "latitude": SECRET[1], "at": a.NOON.isoformat(), "radius_m": 100}
    near = (await hub.as_("ranger", "GET", f"/api/v1/sites/{SITE}/near", params=around)).json()["items"]
    assert all(item["generalised"] for item in near)
    problem(await hub.as_("ranger", "GET", f"{ROOT}/{one}/identity"), 403)
    await hub.lines[SITE].rebuild()
    again = await everything(hub, "ranger")
    assert again["findings"] == told["findings"]


async def test_stream__does_not_tell_rangers_who_was_recognised(hub: Hub) -> None:
    known = await a_reserve(hub)
    one = await seen(hub)
    streams = {who: Stream(hub.feeds.of(SITE), who) for who in ("ranger", "dispatcher")}
    for stream in streams.values():
        await stream.next()
    await decide(hub, one, known["F01"])
    # Something that everybody is told, so that the streams have an end to look at.
    await hub.send(a.a_fix("phone-1"))
    await hub.settle()
    heard: dict[str, list[str]] = {}
    for who, stream in streams.items():
        heard[who] = []
        while "phone-1" not in str(frame := await stream.next()):
            heard[who].append(str(frame))
        await stream.close()
    assert any("F01" in frame and "detections" in frame for frame in heard["dispatcher"])
    assert not any("detections" in frame or "individuals" in frame for frame in heard["ranger"])


async def test_decision__against_whom_people_had_said_takes_their_word_back(hub: Hub) -> None:
    known = await a_reserve(hub)
    one = await seen(hub)
    await decide(hub, one, known["F01"])
    found = await decide(hub, one, known["F01"], "is_not")
    assert (found["name"], found["decided"]) == (None, False)
    last = found["decisions"][-1]["id"]
    back = (await hub.as_("admin", "POST", f"{ROOT}/{one}/identity/{last}/withdraw")).json()
    assert (back["name"], back["decided"]) == ("F01", True)


async def test_identity__read_of_a_sensitive_animal_is_audited(hub: Hub) -> None:
    known = await a_reserve(hub)
    one = await seen(hub)
    await decide(hub, one, known["F01"])
    # A login lasts by the clock of the database.
    hub.clock.time = datetime.now(UTC)
    await hub.add_person("olga@example.org", {SITE: "scientist"})
    await hub.login("olga@example.org")
    assert (await hub.client.get(f"{ROOT}/{one}/identity")).status_code == 200
    async with hub.database.connection() as connection:
        rows = await connection.fetch("select * from audit")
    assert any("identity" in str(row) and "F01" in str(row) for row in rows)


async def test_proposal__says_whether_it_is_provisional_or_settled(hub: Hub) -> None:
    known = await a_reserve(hub)
    one = await seen(hub)
    likely = Candidate(
        individual=known["F01"].id, probability=0.8, place=-18.0, appearance=2.0, species=0.0, effort=-1.0
    )
    proposal = Proposal(
        observation=one, observed_at=a.NOON, candidates=(likely,), nobody=0.2, value=0.3, configuration="x",
        together=(Together(observation=a.an_id("other"), observed_at=a.NOON, probability=0.7),),
    )  # fmt: skip
    await proposals.put_provisional(hub.database, SITE, [proposal])
    found = (await identity(hub, one))["proposal"]
    assert (found["status"], found["candidates"][0]["probability"]) == ("provisional", 0.8)
    assert [(one["observation"], one["probability"]) for one in found["together"]] == [(str(a.an_id("other")), 0.7)]
    async with hub.database.transaction() as connection:
        span = span_of(month_of(proposal.observed_at))
        began = await proposals.clock(hub.database)
        await proposals.put(connection, SITE, (span.since, span.until), [proposal], began)
    # Settled it is as soon as its month has been answered for as a whole.
    assert (await identity(hub, one))["proposal"]["status"] == "provisional"
    async with hub.database.transaction() as connection:
        for month in await identity_months.everything(hub.database, SITE):
            await identity_months.answer(connection, SITE, month.month, month.asked, "")
    assert (await identity(hub, one))["proposal"]["status"] == "settled"
    review = await hub.as_("dispatcher", "GET", f"/api/v1/sites/{SITE}/review")
    assert [item["proposal"]["status"] for item in review.json()["items"]] == ["settled"]
