"""A hub that only takes pictures and looks at them, to be killed: `python -m tests.bench.picture_hub DSN STATE`.

Each line of its input is the path of a picture and the camera it is of; it prints ``ok`` and the medium once it is
accepted.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from hub.ingest.accept import Acceptor
from hub.media.key import open_vault
from hub.media.receive import Picture, Receiver
from hub.records.errors import Unavailable
from hub.see.registry import Models
from hub.see.seeing import Seeing
from hub.store.database import Database
from hub.supervise import keep
from tests.bench.pictures import SITE


async def main(dsn: str, state: Path) -> None:
    database = await Database.connect(dsn, most=6)
    vault = open_vault(state)
    receiver = Receiver(database, vault, now=lambda: datetime.now(UTC))
    seeing = Seeing(database, vault, Models(state), Acceptor(database), arrived=receiver.arrived)
    looking = asyncio.create_task(keep("seeing", seeing.run))
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print("ready", flush=True)
    while line := (await reader.readline()).decode().split():
        path, camera, live = Path(line[0]), line[1], line[2] == "live"
        picture = Picture(
            site=SITE, device=camera, door="folder", address=path.name, sender=None, live=live, name=path.name,
            received_at=datetime.now(UTC), told_at=datetime(2026, 7, 1, 12, tzinfo=UTC),
        )  # fmt: skip
        while True:
            try:
                taken = await receiver.take_file(picture, path)
                break
            except Unavailable:
                await asyncio.sleep(0.05)
        print("ok", line[0], taken.medium, flush=True)
    looking.cancel()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], Path(sys.argv[2])))
