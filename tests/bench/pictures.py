"""What the benchmarks of pictures stand on: a reserve of cameras, a detector, and pictures that differ in a few bytes.

Detector and pictures are third-party (../shared, or --shared DIR). Where they are absent, drawn pictures and a tiny
network of known output take their place, and the figures say so: `detector` is then ``tiny``.
"""

from __future__ import annotations

import argparse
import asyncio
import io
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np
from PIL import Image

from hub.see.fetching import fetch
from hub.see.registry import Models
from hub.store import reference, sites
from hub.store.database import Database
from tests import builders as a
from tests.store.pictures import a_detector

REPOSITORY = Path(__file__).resolve().parents[2]
SITE = "leopard"
LOST = """
select count(*) from medium where state not in ('seen', 'partial')"""
# A picture is mixed where detections of another model than that which looked last, or another number of them, are in
# the log; one that was looked at once has one settled look.
WRONG = """
select count(*) from (
    select m.id, count(l.model) filter (where l.settled) as looks,
           max((select count(*) from jsonb_array_elements(l.body -> 'boxes') b
                where (b ->> 'probability')::float8 >= (l.thresholds ->> 'show')::float8))
               filter (where l.model = m.looked_by) as shown
    from medium m left join look l on l.medium_id = m.id group by m.id) p
left join (select body ->> 'media' as media, count(*) as said, count(distinct body ->> 'source_id') as named,
                  count(distinct body -> 'attributes' ->> 'model') as models
           from observation where dialect = 'seen' group by 1) o on o.media = p.id::text
where p.looks <> 1 or coalesce(o.said, 0) <> coalesce(p.shown, 0) or o.models > 1 or o.named <> o.said"""


class Album(NamedTuple):
    """A picture with a person, and pictures of what passes a camera all day."""

    person: bytes
    others: tuple[bytes, ...]

    def other(self, number: int) -> bytes:
        """Picture `number`: other bytes for each number, the same scene for some."""
        return variant(self.others[number % len(self.others)], number)


def variant(data: bytes, number: int) -> bytes:
    """The same picture as another file: what follows a JPEG's end is not looked at."""
    return data + number.to_bytes(8, "big")


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Options that all of these benchmarks have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test")
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared")
    return parser


def a_model(models: Models, shared: Path, name: str = "yolox-nano") -> str:
    """Bring a detector into a registry and activate it -> its name, ``tiny`` where there is no real one."""
    source = shared / "models" / "yolox_nano.onnx"
    if source.is_file():
        fetch(models, "yolox-nano", source=source, sha256="", labels=None)
        models.activate("yolox-nano")
        return "yolox-nano"
    a_detector(models, name)
    return "tiny"


def an_album(shared: Path) -> Album:
    """Real pictures of traps where they are; otherwise a white one, in which a tiny model sees a person, and black."""
    folder = shared / "images"
    if not folder.is_dir():
        return Album(_plain(255), (_plain(0),))
    names = ("african_elephants", "american_black_bear", "blank", "blank3", "domestic_dog", "ocelot")
    paths = [folder / "speciesnet" / f"{name}.jpg" for name in names]
    return Album((folder / "speciesnet" / "human.jpg").read_bytes(), tuple(path.read_bytes() for path in paths))


def _plain(brightness: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((480, 640, 3), brightness, np.uint8)).save(file, "JPEG")
    return file.getvalue()


def camera(number: int) -> str:
    """Key of a camera."""
    return f"cam-{number:03d}"


async def a_reserve(database: Database, cameras: int) -> None:
    """Cameras at places inside a fence that watches for persons."""
    records: list[Any] = [
        a.a_fence(SITE, half_deg=0.5, triggers=("present",), watches=("person",), severity="critical")
    ]
    for number in range(cameras):
        device = a.a_device(SITE, camera(number), kind="camera")
        place = a.a_place(SITE, camera(number), longitude=a.CENTRE[0] + 0.001 * (number % 400))
        records += [device, place, a.a_deployment(device, place)]
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site(SITE))
        for record in records:
            await reference.put(connection, record, expect=None, by="bench")


async def in_database(dsn: str, work: Any) -> Any:
    """Do something with a database of a running hub."""
    database = await Database.connect(dsn, most=2)
    try:
        return await work(database)
    finally:
        await database.close()


async def found(database: Database) -> dict[str, int]:
    """What is there in the end: pictures, of them not looked at, and of them doubled, mixed or half told."""
    async with database.connection() as connection:
        return {
            "pictures": await connection.fetchval("select count(*) from medium"),
            "not_looked_at": await connection.fetchval(LOST),
            "wrong": await connection.fetchval(WRONG),
            "detections": await connection.fetchval("select count(*) from observation where dialect = 'seen'"),
        }


async def looked_at(database: Database) -> int:
    """How many have been looked at."""
    async with database.connection() as connection:
        return await connection.fetchval("select count(*) from medium where state <> 'waiting'")


async def settled(database: Database, seconds: float) -> None:
    """Wait until nothing waits any more."""
    async with asyncio.timeout(seconds), database.connection() as connection:
        while True:
            if not await connection.fetchval("select exists (select from medium where state = 'waiting')"):
                return
            await asyncio.sleep(0.1)


async def sent(browser: httpx.AsyncClient, data: bytes, params: dict[str, str]) -> dict[str, Any]:
    """Send a picture until the hub has it, as a camera does."""
    while True:
        answer = await browser.post(f"/api/v1/sites/{SITE}/media", params=params, content=data)
        if answer.status_code == 200:
            return answer.json()
        await asyncio.sleep(0.2)
