"""Another model is activated while pictures wait: how soon it looks, and whether any picture is missed or mixed.

python -m tests.bench.camera_swap --json prints one JSON object as its last line. Two versions of the detector take
turns; the time is from the beginning of `rosette models activate` (which loads the model and looks at its golden
picture) until the first look by it is in the database. Meanwhile pictures keep coming.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from hub.ingest.accept import Acceptor
from hub.media.key import open_vault
from hub.media.receive import Picture, Receiver
from hub.see.registry import Models
from hub.see.seeing import Seeing
from hub.store.database import Database
from tests.bench import ground, pictures
from tests.bench.pictures import SITE
from tests.store.pictures import until

FIRST_LOOK = "select exists (select from look where model like $1 || '@%' and looked_at > $2)"


def two_models(models: Models, shared: Path) -> tuple[str, list[str]]:
    """The detector, and a copy of it under another name."""
    detector = pictures.a_model(models, shared)
    (name,) = (one.id for one in models.kept())
    other = f"{name}-two"
    shutil.copytree(models.folder / name, models.folder / other)
    manifest = models.folder / other / "manifest.toml"
    manifest.write_text(manifest.read_text().replace(f'id = "{name}"', f'id = "{other}"'))
    return detector, [other, name]


async def swaps(dsn: str, state: Path, asked: Any) -> dict[str, Any]:
    """Activate by turns while pictures wait; then all are looked at, and counted."""
    models, album = Models(state), pictures.an_album(asked.shared)
    detector, names = await asyncio.to_thread(two_models, models, asked.shared)
    database, vault = await Database.connect(dsn, most=6), open_vault(state)
    receiver = Receiver(database, vault, now=lambda: datetime.now(UTC))
    seeing = Seeing(database, vault, models, Acceptor(database), arrived=receiver.arrived)
    enough = asyncio.Event()

    async def feed() -> None:
        for number in count():
            if enough.is_set():
                return
            data = pictures.variant(album.person, number) if number % 4 == 0 else album.other(number)
            told = datetime(2026, 7, 1, 12, tzinfo=UTC)
            picture = Picture(
                site=SITE, device=pictures.camera(number % 20), door="http", address="bench", sender=None,
                live=number % 2 == 0, received_at=datetime.now(UTC), told_at=told,
            )  # fmt: skip
            await receiver.take(picture, data)
            await until(lambda number=number: number - sum(seeing.looked.values()) <= asked.backlog, 600)

    looking, feeding = asyncio.create_task(seeing.run()), asyncio.create_task(feed())
    took = list[float]()
    try:
        await asyncio.sleep(asked.apart)
        for number in range(asked.swaps):
            name = names[number % 2]
            begin = time.monotonic()
            async with database.connection() as connection:
                since = await connection.fetchval("select clock_timestamp()")
            await asyncio.to_thread(models.activate, name)
            async with database.connection() as connection:
                await until(partial(connection.fetchval, FIRST_LOOK, name, since), 120)
            took.append(time.monotonic() - begin)
            await asyncio.sleep(asked.apart)
        enough.set()
        await feeding
        await pictures.settled(database, asked.patience)
        told = await pictures.found(database)
        async with database.connection() as connection:
            by_model = dict(await connection.fetch("select looked_by, count(*) from medium group by 1 order by 1"))
    finally:
        for task in (looking, feeding):
            task.cancel()
        await asyncio.gather(looking, feeding, return_exceptions=True)
        await database.close()
    return {
        "detector": detector,
        "swaps": len(took),
        "p50_s": round(ground.percentile(took, 50), 2),
        "max_s": round(max(took), 2),
        **told,
        "least_by_one_model": min(by_model.values()),
    }


def main() -> None:
    parser = pictures.arguments(__doc__)
    parser.add_argument("--swaps", type=int, default=10)
    parser.add_argument("--backlog", type=int, default=200, help="pictures that wait all the time")
    parser.add_argument("--apart", type=float, default=3.0, help="seconds between swaps")
    parser.add_argument("--patience", type=float, default=1_800)
    asked = parser.parse_args()
    if asked.quick:
        asked.swaps, asked.backlog, asked.apart = 2, 10, 0.3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ground.postgres(folder / "postgres") as (server, _):
            dsn = asyncio.run(ground.empty_database(server, migrated=True))
            asyncio.run(pictures.in_database(dsn, lambda database: pictures.a_reserve(database, 20)))
            told = asyncio.run(swaps(dsn, folder / "state", asked))
    goals = {"max_s": 60, "not_looked_at": 0, "wrong": 0}
    print(json.dumps({"goals": goals, **told, "machine": ground.machine()}))


if __name__ == "__main__":
    main()
