"""What the pipeline's process tells arrives as it was said."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hub.pipeline.line import Heard, Told
from hub.pipeline.telling import MOST_HEARD, Order, Teller, Telling, packed, receive, thinned
from hub.records.cursor import Cursor
from hub.records.finding import Subject
from hub.records.ids import new_id
from hub.records.observation import ErrorEllipse, Observation
from hub.records.position import Position
from hub.store.observations import Seen

NOON = datetime(2026, 5, 1, 12, 0, 0, 123_457, tzinfo=UTC)
ELLIPSE = ErrorEllipse(semi_major_m=40.0, semi_minor_m=10.0, orientation_deg=30.0)
SAID = (
    {"kind": "fix", "speed_mps": 1.5, "flags": ["marked_outlier"], "attributes": {"hdop": 1.2, "raw": [1, None, "x"]}},
    {"kind": "detection", "label": "animal", "bounding_box": [0.1, 0.2, 0.3, 0.4], "individual": "F01"},
    {"kind": "sighting", "label": "tiger", "count": 2, "note": "тигр"},
    {"kind": "reading", "quantity": "voltage", "value": 3.7, "unit": "V"},
)


def pipe_of(*pieces: bytes) -> asyncio.StreamReader:
    pipe = asyncio.StreamReader()
    for piece in pieces:
        pipe.feed_data(piece)
    pipe.feed_eof()
    return pipe


def a_telling(said: dict[str, object]) -> Telling:
    body = {"device": "d-1", "observed_at": NOON, "longitude": 131.0, "latitude": 43.0} | said
    seen = Seen(new_id(), "d-1", NOON, NOON, msgspec.convert(body, Observation))
    subject = Subject(kind="individual", id=new_id())
    position = Position(
        subject=subject,
        name="F01",
        device="d-1",
        device_kind="collar",
        longitude=131.0,
        latitude=43.0,
        uncertainty_m=40.0,
        ellipse=ELLIPSE,
        observed_at=NOON,
    )
    told = Told(
        cursor=Cursor(2**40, 7),
        positions=(position, msgspec.structs.replace(position, observed_at=None)),
        heard=(Heard(seen, subject, 131.0, 43.0, 25.0), Heard(seen, subject, None, None, None)),
        alerts=(new_id(),),
        references=(("fence", new_id()), ("layer", new_id())),
    )
    return Telling(site="leopard", told=told)


@pytest.mark.parametrize("said", SAID, ids=lambda said: str(said["kind"]))
async def test_telling__comes_out_of_the_pipe_as_it_went_in(said: dict[str, object]) -> None:
    one, other = a_telling(said), Telling(site="other", told=Told(cursor=Cursor(), is_start=True))
    pipe = pipe_of(packed(one) + packed(other))
    assert await receive(pipe, Telling) == one
    assert await receive(pipe, Telling) == other
    assert await receive(pipe, Telling) is None


async def test_telling__is_put_together_from_whatever_pieces_the_pipe_makes_of_it() -> None:
    one = a_telling(SAID[0])
    data = packed(one)
    pipe = pipe_of(*(data[k : k + 7] for k in range(0, len(data), 7)))
    assert await receive(pipe, Telling) == one


async def test_telling__that_was_cut_off_is_not_believed() -> None:
    data = packed(a_telling(SAID[0]))
    for length in (0, 3, 4, len(data) - 1):
        assert await receive(pipe_of(data[:length]), Telling) is None


async def test_order__tells_the_pipeline_where_the_database_is() -> None:
    order = Order(dsn="postgresql://hub:secret@localhost/hub", log_level="info")
    assert await receive(pipe_of(packed(order)), Order) == order


def heard_at(seconds: int, where: Subject) -> Heard:
    at = NOON + timedelta(seconds=seconds)
    said = msgspec.convert({"kind": "detection", "device": "d", "observed_at": at, "label": "animal"}, Observation)
    return Heard(Seen(new_id(), "d", at, at, said), where, None, None, None)


def test_told__of_a_moment_crosses_whole() -> None:
    place = Subject(kind="place", id=new_id())
    told = Told(cursor=Cursor(), heard=tuple(heard_at(k, place) for k in range(MOST_HEARD)))
    assert thinned(told) is told


def test_told__of_an_import_crosses_as_its_newest_and_the_newest_of_every_station() -> None:
    busy, quiet = (Subject(kind="place", id=new_id()) for _ in range(2))
    old = [heard_at(k, quiet) for k in range(3)]
    new = [heard_at(k, busy) for k in range(10, 10 + MOST_HEARD + 50)]
    told = Told(cursor=Cursor(1, 2), heard=(*new, *old), alerts=(new_id(),))
    kept = thinned(told)
    assert kept.heard == (old[-1], *new[-MOST_HEARD:])
    assert msgspec.structs.replace(kept, heard=()) == msgspec.structs.replace(told, heard=())


class SlowPipe:
    """A pipe whose other side reads when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.most = 0

    def write(self, data: bytes) -> None:
        self.waiting.append(data)
        self.most = max(self.most, self.get_write_buffer_size())

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.waiting))

    async def read(self) -> list[Telling]:
        taken, self.waiting = self.waiting, []
        pipe, found = pipe_of(*taken), list[Telling]()
        while (one := await receive(pipe, Telling)) is not None:
            found.append(one)
        return found


async def test_hub_that_does_not_read__costs_no_more_memory_than_there_is_room() -> None:
    pipe, one = SlowPipe(), a_telling(SAID[0])
    frame = len(packed(one))
    teller = Teller(pipe, most=10 * frame)
    for _ in range(1_000):
        teller.tell(one.site, one.told)
    assert pipe.most <= 11 * frame


async def test_gap__begins_every_site_anew_at_the_newest_place_once_the_hub_reads_again() -> None:
    pipe, one = SlowPipe(), a_telling(SAID[0])
    teller = Teller(pipe, most=10 * len(packed(one)))
    for k in range(100):
        for site in ("leopard", "tiger"):
            teller.tell(site, msgspec.structs.replace(one.told, cursor=Cursor(1, k)))
    heard = await pipe.read()
    assert [told.told.cursor.seq for told in heard if told.site == "tiger"] == list(range(len(heard) // 2))
    teller.catch_up()
    begun = await pipe.read()
    assert {told.site: told.told for told in begun} == {
        site: Told(cursor=Cursor(1, 99), is_start=True) for site in ("leopard", "tiger")
    }
    teller.catch_up()
    assert await pipe.read() == []


async def test_step_after_a_gap__is_told_after_the_beginning() -> None:
    pipe, one = SlowPipe(), a_telling(SAID[0])
    teller = Teller(pipe, most=len(packed(one)))
    teller.tell("leopard", one.told)
    teller.tell("leopard", msgspec.structs.replace(one.told, cursor=Cursor(1, 2)))
    await pipe.read()
    after = msgspec.structs.replace(one.told, cursor=Cursor(1, 3))
    teller.tell("leopard", after)
    begun, news = [told.told for told in await pipe.read()]
    assert begun == Told(cursor=Cursor(1, 2), is_start=True)
    assert news == after
