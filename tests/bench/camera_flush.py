"""A repeater that was down sends all it has: so many live pictures of many cameras at once, some of them twice.

python -m tests.bench.camera_flush --json prints one JSON object as its last line. A whole hub process; pictures go in
by HTTP from several senders. Counted from the first request until the last picture is looked at and told.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from hub.see.registry import Models
from hub.store.database import Database
from tests.acceptance.hub_process import HubProcess
from tests.bench import ground, pictures

CAMERAS = 90
TWICE = 10
"""One picture in so many comes again."""


async def flush(hub: HubProcess, asked: Any, album: pictures.Album) -> dict[str, Any]:
    """Send everything, wait until it is seen, and count."""
    with closing(hub.client()) as login:
        cookies, token = dict(login.cookies), login.headers["X-CSRF-Token"]
    given: dict[str, Any] = {
        "base_url": hub.url,
        "cookies": cookies,
        "headers": {"X-CSRF-Token": token},
        "timeout": 120,
    }
    accepted, duplicates, took = set[str](), [0], list[float]()
    numbers = iter(range(asked.pictures))

    async def send(browser: httpx.AsyncClient) -> None:
        for number in numbers:
            params = {"device": pictures.camera(number % CAMERAS), "taken_at": "2026-07-01T12:00:00Z"}
            data = pictures.variant(album.person, number) if number % 50 == 0 else album.other(number)
            for _ in range(2 if number % TWICE == 0 else 1):
                begin = time.monotonic()
                answer = await pictures.sent(browser, data, params)
                took.append(time.monotonic() - begin)
                accepted.add(answer["medium"])
                duplicates[0] += answer["duplicate"]

    begin = time.monotonic()
    async with httpx.AsyncClient(**given) as browser:
        await asyncio.gather(*(send(browser) for _ in range(asked.senders)))
    received_s = time.monotonic() - begin
    database = await Database.connect(hub.dsn, most=2)
    try:
        await pictures.settled(database, asked.patience)
        seconds = time.monotonic() - begin
        told = await pictures.found(database)
    finally:
        await database.close()
    return {
        "received_s": round(received_s, 1),
        "looked_at_s": round(seconds, 1),
        "pictures_per_s": round(asked.pictures / seconds, 1),
        "answered_p95_s": round(ground.percentile(took, 95), 3),
        "accepted": len(accepted),
        "came_twice": duplicates[0],
        "lost": len(accepted) - told["pictures"],
        **told,
    }


def main() -> None:
    parser = pictures.arguments(__doc__)
    parser.add_argument("--pictures", type=int, default=4_500)
    parser.add_argument("--senders", type=int, default=8)
    parser.add_argument("--patience", type=float, default=3_600)
    asked = parser.parse_args()
    if asked.quick:
        asked.pictures, asked.senders = 20, 2
    album = pictures.an_album(asked.shared)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        detector = pictures.a_model(Models(state), asked.shared)
        with HubProcess(state) as hub:
            asyncio.run(pictures.in_database(hub.dsn, lambda database: pictures.a_reserve(database, CAMERAS)))
            assert hub.process is not None
            cpu_s = ground.cpu_s(hub.process.pid)
            told = asyncio.run(flush(hub, asked, album))
            told["cpu_s"] = round(ground.cpu_s(hub.process.pid) - cpu_s, 1)
    goals = {"looked_at_s": 300, "lost": 0, "not_looked_at": 0, "wrong": 0}
    print(json.dumps({"detector": detector, "goals": goals, **told, "machine": ground.machine()}))


if __name__ == "__main__":
    main()
