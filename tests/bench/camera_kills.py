"""kill -9 at random moments, at every stage of a picture: what was accepted is looked at once, and told once.

python -m tests.bench.camera_kills --json prints one JSON object as its last line. Pictures are sent without a pause to
a process that takes them and looks at them (`tests.bench.picture_hub`); each kill meets, by chance, that process, one
that looks (also while it loads), or a connection's server of PostgreSQL, which takes the whole database down for a
moment. A sender that got no answer sends again, also what may have been accepted.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from hub.records.errors import Unavailable
from hub.see.registry import Models
from hub.store.database import Database
from tests.bench import ground, pictures

LONGEST_S = 30.0
VICTIMS = ("hub", "hub", "looking", "database")


class Sender:
    """Sends pictures to the hub that is alive, in order; what was not answered is sent again to the next one."""

    def __init__(self, dsn: str, state: Path, make: Callable[[int], Path], log: Path) -> None:
        self.arguments = [sys.executable, "-m", "tests.bench.picture_hub", dsn, str(state)]
        self.make, self.accepted, self.log = make, set[str](), log
        self.next: Path | None = None
        """What has not been answered yet: it is sent again to whoever comes next."""
        self.process: subprocess.Popen[str] | None = None
        self.sent = 0

    @property
    def there(self) -> int:
        """So many pictures have been accepted."""
        return len(self.accepted)

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1
            )
        assert self.process.stdout is not None
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"it did not start: {self.log.read_text()[-2000:]}")

    def send(self, seconds: float) -> None:
        """Send for so long, one after the other, at least one."""
        assert self.process is not None and self.process.stdin is not None and self.process.stdout is not None
        end = time.monotonic() + seconds
        while True:
            file = self.next = self.next or self.make(self.there)
            live = "live" if self.sent % 3 else "bulk"
            self.sent += 1
            try:
                self.process.stdin.write(f"{file} {pictures.camera(self.sent % 20)} {live}\n")
                answer = self.process.stdout.readline().split()
            except OSError:
                answer = []
            if answer[:2] != ["ok", str(file)]:
                return
            self.accepted.add(answer[2])
            self.next = None
            if time.monotonic() >= end:
                return

    def kill(self, who: str, postgres: int, dice: random.Random) -> str:
        """One of them -> what it was."""
        assert self.process is not None
        with suppress(psutil.Error):
            if who == "looking" and (found := psutil.Process(self.process.pid).children()):
                dice.choice(found).kill()
                return who
            backends = [one for one in psutil.Process(postgres).children() if "client backend" not in one.name()]
            names = {one.pid: " ".join(one.cmdline()) for one in backends}
            serving = [pid for pid, name in names.items() if "bench_" in name]
            if who == "database" and serving:
                os.kill(dice.choice(serving), signal.SIGKILL)
                return who
        self.process.kill()
        self.process.wait()
        self.start()
        return "hub"


def looked_at(dsn: str) -> int:
    """How many pictures have been looked at; -1 while the database does not answer."""
    try:
        return asyncio.run(pictures.in_database(dsn, pictures.looked_at))
    except Unavailable:
        return -1


def work(sender: Sender, dsn: str, asked: Any, dice: random.Random) -> None:
    """Send, until a few pictures were looked at since the last kill, and a moment longer: every stage is met."""
    before, more = looked_at(dsn), dice.randrange(asked.looks + 1)
    end = time.monotonic() + LONGEST_S
    while before < 0 and time.monotonic() < end:
        before = looked_at(dsn)
    while (now := looked_at(dsn)) < before + more and time.monotonic() < end:
        if sender.there - now < asked.backlog:
            sender.send(0.05)
        else:
            time.sleep(0.02)
    sender.send(dice.uniform(0.0, asked.apart))


async def outcome(dsn: str, accepted: set[str], seconds: float) -> dict[str, Any]:
    """Wait until all is looked at, and count."""
    database = await Database.connect(dsn, most=2)
    try:
        await pictures.settled(database, seconds)
        async with database.connection() as connection:
            there = {str(row[0]) for row in await connection.fetch("select id from medium")}
        return {"lost": len(accepted - there), **await pictures.found(database)}
    finally:
        await database.close()


def a_round(folder: Path, dsn: str, postgres: int, asked: Any) -> dict[str, Any]:
    """So many kills, then the count."""
    state = folder / "state"
    detector = pictures.a_model(Models(state), asked.shared)
    album = pictures.an_album(asked.shared)
    (folder / "card").mkdir()

    def make(number: int) -> Path:
        file = folder / "card" / f"{number:05d}.jpg"
        file.write_bytes(pictures.variant(album.person, number) if number % 4 == 0 else album.other(number))
        return file

    dice, killed = random.Random(asked.seed), Counter[str]()
    sender = Sender(dsn, state, make, folder / "hub.log")
    sender.start()
    began, between, last = time.monotonic(), 0, 0
    while sum(killed.values()) < asked.kills:
        work(sender, dsn, asked, dice)
        looks = looked_at(dsn)
        between += looks > last >= 0
        last = looks
        killed[sender.kill(dice.choice(VICTIMS), postgres, dice)] += 1
        if sender.process is None or sender.process.poll() is not None:
            sender.start()
    seconds = time.monotonic() - began
    while sender.next is not None:
        sender.send(0.0)
        if sender.process is None or sender.process.poll() is not None:
            sender.start()
    told = asyncio.run(outcome(dsn, sender.accepted, asked.patience))
    assert sender.process is not None
    sender.process.kill()
    sender.process.wait()
    kills = {f"kills_of_{name}": number for name, number in sorted(killed.items())}
    return {
        "detector": detector,
        "kills": sum(killed.values()),
        "after_looks": between,
        **kills,
        "seconds": round(seconds, 1),
        **told,
    }


def main() -> None:
    parser = pictures.arguments(__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--backlog", type=int, default=40, help="pictures that wait at most")
    parser.add_argument("--looks", type=int, default=4, help="so many looks at most are waited for before a kill")
    parser.add_argument("--apart", type=float, default=0.5, help="seconds at most from then to the kill")
    parser.add_argument("--patience", type=float, default=1_800, help="seconds for what still waits in the end")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.quick:
        asked.kills, asked.backlog, asked.looks = 3, 8, 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ground.postgres(folder / "postgres") as (server, pid):
            dsn = asyncio.run(ground.empty_database(server, migrated=True))
            asyncio.run(pictures.in_database(dsn, lambda database: pictures.a_reserve(database, 20)))
            told = a_round(folder, dsn, pid, asked)
    goals = {"lost": 0, "not_looked_at": 0, "wrong": 0}
    print(json.dumps({"goals": goals, **told, "machine": ground.machine()}))


if __name__ == "__main__":
    main()
