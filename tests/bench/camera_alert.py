"""From a live picture to the alert of a person on the live feed, while a card of pictures is imported.

python -m tests.bench.camera_alert --json prints one JSON object as its last line. A whole hub process; the import goes
in by HTTP in bulk as fast as it is taken, and a backlog waits from the start. Each live picture is sent by itself at a
random moment; latency is from the beginning of its request to the alert's frame at a browser.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from hub.see.registry import Models
from tests.acceptance.hub_process import HubProcess
from tests.bench import ground, pictures
from tests.bench.pictures import SITE
from tests.store.pictures import until

PATH = f"/api/v1/sites/{SITE}/media"
LATEST_S = 60.0


class Alerts:
    """When the alerts of pictures came, by the time at which they happened."""

    def __init__(self) -> None:
        self.came: dict[datetime, float] = {}
        self.open = asyncio.Event()

    async def listen(self, browser: httpx.AsyncClient) -> None:
        """Read the live feed for ever."""
        name = b""
        async with browser.stream("GET", f"/api/v1/sites/{SITE}/live", timeout=None) as answer:
            answer.raise_for_status()
            self.open.set()
            rest = b""
            async for chunk in answer.aiter_raw():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.startswith(b"event: "):
                        name = line[7:].strip()
                    elif line.startswith(b"data: ") and name == b"alerts":
                        for item in json.loads(line[6:])["items"]:
                            at = msgspec.convert(item["occurred_at"], datetime)
                            self.came.setdefault(at, time.monotonic())


async def bulk(browser: httpx.AsyncClient, album: pictures.Album, numbers: Any, counted: list[int]) -> None:
    """Send pictures of a card, one after the other."""
    for number in numbers:
        params = {"device": pictures.camera(number % 40), "live": "false", "taken_at": "2026-05-01T00:00:00Z"}
        await pictures.sent(browser, album.other(number), params)
        counted[0] += 1


async def measured(hub: HubProcess, asked: Any, album: pictures.Album) -> dict[str, Any]:
    """Import, and send live ones meanwhile."""
    with closing(hub.client()) as login:
        hub.wait(lambda: login.get(f"/api/v1/sites/{SITE}/subjects").status_code == 200, 60)
        cookies, token = dict(login.cookies), login.headers["X-CSRF-Token"]
    given: dict[str, Any] = {"base_url": hub.url, "cookies": cookies, "headers": {"X-CSRF-Token": token}, "timeout": 60}
    alerts, sent, counted, dice = Alerts(), dict[datetime, float](), [0], random.Random(1)
    async with httpx.AsyncClient(**given) as browser:
        listening = asyncio.create_task(alerts.listen(browser))
        await alerts.open.wait()
        numbers = iter(range(asked.bulk))
        cards = [asyncio.create_task(bulk(browser, album, numbers, counted)) for _ in range(2)]
        await until(lambda: counted[0] >= min(asked.backlog, asked.bulk), 3_600)
        begun_with, took = counted[0], list[float]()
        for number in range(asked.live):
            at = datetime.now(UTC)
            params = {"device": pictures.camera(100 + number % 100), "taken_at": at.isoformat().replace("+00:00", "Z")}
            sent[at] = time.monotonic()
            answer = await browser.post(PATH, params=params, content=pictures.variant(album.person, 1 << 40 | number))
            answer.raise_for_status()
            took.append(time.monotonic() - sent[at])
            await asyncio.sleep(dice.uniform(0.0, 2.0 * asked.apart))
        with suppress(TimeoutError):
            await until(lambda: sent.keys() <= alerts.came.keys(), LATEST_S)
        still = sum(not card.done() for card in cards)
        for task in (listening, *cards):
            task.cancel()
        await asyncio.gather(listening, *cards, return_exceptions=True)
    if not sent.keys() & alerts.came.keys():
        raise RuntimeError("not one alert came")
    late_s = sorted(alerts.came[at] - begun for at, begun in sent.items() if at in alerts.came)
    return {
        "live": len(sent),
        "alerts": len(late_s),
        "bulk_sent": counted[0],
        "backlog_at_the_start": begun_with,
        "import_ran_to_the_end": bool(still),
        "answered_p50_s": round(ground.percentile(took, 50), 3),
        "p50_s": round(ground.percentile(late_s, 50), 3),
        "p95_s": round(ground.percentile(late_s, 95), 3),
        "p99_s": round(ground.percentile(late_s, 99), 3),
        "max_s": round(late_s[-1], 3),
    }


def main() -> None:
    parser = pictures.arguments(__doc__)
    parser.add_argument("--bulk", type=int, default=90_000, help="pictures of the card")
    parser.add_argument("--backlog", type=int, default=1_000, help="of them in the hub before the first live one")
    parser.add_argument("--live", type=int, default=300)
    parser.add_argument("--apart", type=float, default=1.0, help="mean seconds between live ones")
    asked = parser.parse_args()
    if asked.quick:
        asked.bulk, asked.backlog, asked.live, asked.apart = 30, 10, 3, 0.2
    album = pictures.an_album(asked.shared)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        detector = pictures.a_model(Models(state), asked.shared)
        with HubProcess(state) as hub:
            asyncio.run(pictures.in_database(hub.dsn, lambda database: pictures.a_reserve(database, 200)))
            assert hub.process is not None
            begin, cpu_s = time.monotonic(), ground.cpu_s(hub.process.pid)
            told = asyncio.run(measured(hub, asked, album))
            told |= {"cpu_s": round(ground.cpu_s(hub.process.pid) - cpu_s, 1)}
            told |= {"seconds": round(time.monotonic() - begin, 1)}
    sizes = {"bulk": asked.bulk, "backlog": asked.backlog, "bytes_of_a_picture": len(album.other(0))}
    goals = {"p95_s": 1.5, "p99_s": 4.0}
    print(json.dumps({"detector": detector, "sizes": sizes, "goals": goals, **told, "machine": ground.machine()}))


if __name__ == "__main__":
    main()
