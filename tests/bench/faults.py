"""What is lost when parts of a running hub are killed: `python -m tests.bench.faults --json`.

Every scenario runs real processes under a stream of MQTT messages, and compares what the broker acknowledged to the
device with what is in the log. The tests of `tests/acceptance/test_faults_*.py` run the same scenarios, shorter.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

import msgspec
import psutil

from hub.embedded.broker import DeviceUser, EmbeddedBroker
from tests.acceptance.collared import (
    DEVICE,
    SECRET,
    a_collar,
    broker_user,
    enrol,
    family,
    orphans,
    settled,
    watched,
)
from tests.acceptance.hub_process import HubProcess, free_port
from tests.acceptance.publisher import Publisher
from tests.acceptance.small_disk import fill, open_folder, small_disk


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario left. `lost` were acknowledged and are not in the log; `double` are there more than once."""

    acknowledged: int
    lost: int
    double: int
    faults: int
    orphans: tuple[str, ...] = ()
    recovery_s: tuple[float, ...] = ()


def hub_killed(state: Path, *, kills: int, apart_s: tuple[float, float]) -> Outcome:
    """kill -9 of the hub at random moments while a device publishes."""
    dice = random.Random(1)
    left: list[str] = []
    recovery_s: list[float] = []
    with HubProcess(state) as hub:
        asyncio.run(enrol(hub.dsn))
        with a_collar(hub.mqtt_port) as collar:
            hub.wait(lambda: len(collar.acknowledged) > 500, 20)
            for _ in range(kills):
                time.sleep(dice.uniform(*apart_s))
                children = family(hub)
                hub.kill()
                left += orphans(children)
                began = time.monotonic()
                hub.start()
                recovery_s.append(round(time.monotonic() - began, 2))
                before = len(collar.acknowledged)
                hub.wait(lambda before=before: len(collar.acknowledged) > before + 200, 20)
            acknowledged = collar.finish()
        lost, double = settled(hub.dsn, acknowledged)
    return Outcome(
        acknowledged=len(acknowledged),
        lost=lost,
        double=double,
        faults=kills,
        orphans=tuple(left),
        recovery_s=tuple(recovery_s),
    )


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario with an outage of a part left, beside what was lost: seconds to say so, and to be ready again."""

    outcome: Outcome
    unready_after_s: float
    problem: str
    stream: str | None
    frames_after: int
    acknowledged_meanwhile: int = 0


def kill_all(processes: Iterable[psutil.Process]) -> None:
    """kill -9, at one moment."""
    for process in processes:
        process.send_signal(signal.SIGKILL)


def database_killed(state: Path, *, kills: int) -> Outage:
    """kill -9 of PostgreSQL, all of its processes, below a running hub: the hub starts it again."""
    recovery_s: list[float] = []
    said: list[float] = []
    problem = ""
    with HubProcess(state) as hub:
        asyncio.run(enrol(hub.dsn))
        with a_collar(hub.mqtt_port) as collar:
            watcher = watched(hub, collar)
            for _ in range(kills):
                kill_all([process for process in family(hub) if process.name() == "postgres"])
                said.append(hub.wait(lambda: hub.status() == 503, 5))
                problem = hub.problem()
                recovery_s.append(round(hub.wait_ready(30), 2))
                before, seen = len(collar.acknowledged), watcher.frames["positions"]
                hub.wait(lambda before=before: len(collar.acknowledged) > before + 500, 20)
                hub.wait(lambda seen=seen: watcher.frames["positions"] > seen + 3, 20)
            acknowledged = collar.finish()
            lost, double = settled(hub.dsn, acknowledged)
            cut = watcher.cut
        hub.stop()
    return Outage(
        outcome=Outcome(
            acknowledged=len(acknowledged), lost=lost, double=double, faults=kills, recovery_s=tuple(recovery_s)
        ),
        unready_after_s=round(max(said), 2),
        problem=problem,
        stream=cut,
        frames_after=watcher.frames["positions"] - seen,
    )


def broker_killed(folder: Path, *, queued: int) -> Outcome:
    """A broker apart from the hub takes messages while the hub is down, and is killed with its queue."""
    broker = EmbeddedBroker(folder / "broker", port=free_port(), durable=True)
    broker.start()
    url = f"mqtt://{broker.hub_username}:{broker.hub_password}@127.0.0.1:{broker.port}"

    def killed() -> None:
        broker.kill()
        broker.start()

    try:
        hub = HubProcess(folder / "state", broker_url=url)
        return _queue_kept(hub, a_collar(broker.port), queued, killed, lambda user: broker.set_users([user]))
    finally:
        broker.stop()


def _queue_kept(
    hub: HubProcess,
    collar: Publisher,
    queued: int,
    kill_broker: Callable[[], None],
    let_in: Callable[[DeviceUser], None],
) -> Outcome:
    with hub:
        asyncio.run(enrol(hub.dsn))
        let_in(asyncio.run(broker_user(hub.dsn)))
        with collar:
            hub.wait(lambda: len(collar.acknowledged) > 200, 20)
            hub.stop()
            before = len(collar.acknowledged)
            deadline = time.monotonic() + 30
            while len(collar.acknowledged) < before + queued and time.monotonic() < deadline:
                time.sleep(0.05)
            kill_broker()
            acknowledged = collar.finish()
        hub.start()
        lost, double = settled(hub.dsn, acknowledged)
    return Outcome(acknowledged=len(acknowledged), lost=lost, double=double, faults=1)


MOSQUITTO = """
listener {port} 127.0.0.1
password_file {folder}/passwords
acl_file {folder}/rights
persistence true
persistence_location {folder}/
autosave_interval 1
max_inflight_messages 0
max_queued_messages 0
user {user}
"""
RIGHTS = """
user hub
topic readwrite #
pattern write rosette/+/+/%u
"""


def mosquitto_behind(folder: Path, *, queued: int) -> Outcome:
    """The same door behind Debian's mosquitto, restarted while it holds a queue (its user names have no colon)."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    names = {"hub": "hub secret", DEVICE: SECRET}
    passwords = folder / "passwords"
    for number, (name, secret) in enumerate(names.items()):
        order = ["mosquitto_passwd", "-b", *(["-c"] if number == 0 else []), str(passwords), name, secret]
        subprocess.run(order, check=True, capture_output=True)
    (folder / "rights").write_text(RIGHTS)
    (folder / "mosquitto.conf").write_text(MOSQUITTO.format(port=port, folder=folder, user=getpass.getuser()))

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["mosquitto", "-c", folder / "mosquitto.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    broker = [start()]

    def restarted() -> None:
        broker[0].terminate()
        broker[0].wait(20)
        broker[0] = start()

    try:
        url = f"mqtt://hub:{quote('hub secret')}@127.0.0.1:{port}"
        hub = HubProcess(folder / "state", broker_url=url)
        return _queue_kept(hub, a_collar(port, username=DEVICE), queued, restarted, lambda user: None)
    finally:
        broker[0].terminate()
        broker[0].wait(20)


def disk_filled(disk: Path, *, full_s: float) -> Outage:
    """The disk of the state folder is filled up below a running hub, and emptied after some seconds."""
    hub = HubProcess(disk / "state")
    hub.log = disk.with_suffix(".log")
    with hub:
        asyncio.run(enrol(hub.dsn))
        with a_collar(hub.mqtt_port) as collar:
            watcher = watched(hub, collar)
            ballast = fill(disk)
            unready_s = hub.wait(lambda: "disk" in hub.problem(), 10)
            problem = hub.problem()
            hub.wait(lambda: "is full: what cannot be stored" in hub.log.read_text(), 10)
            held = len(collar.acknowledged)
            time.sleep(full_s)
            meanwhile = len(collar.acknowledged) - held
            ballast.unlink()
            recovery_s = hub.wait_ready(60)
            before, seen = len(collar.acknowledged), watcher.frames["positions"]
            hub.wait(lambda: len(collar.acknowledged) > before + 500, 30)
            hub.wait(lambda: watcher.frames["positions"] > seen + 3, 20)
            acknowledged = collar.finish(60)
            lost, double = settled(hub.dsn, acknowledged)
            cut = watcher.cut
    return Outage(
        outcome=Outcome(
            acknowledged=len(acknowledged), lost=lost, double=double, faults=1, recovery_s=(round(recovery_s, 2),)
        ),
        unready_after_s=round(unready_s, 2),
        problem=problem,
        stream=cut,
        frames_after=watcher.frames["positions"] - seen,
        acknowledged_meanwhile=meanwhile,
    )


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """Ctrl-C while browsers hold streams open and a drill runs at full speed, and the start after it."""

    exit_code: int
    stop_s: float
    orphans: tuple[str, ...]
    streams_ended: bool
    start_s: float


def interrupted(state: Path, *, streams: int) -> Stop:
    """Stop a busy hub as a person would, and start it again."""
    with HubProcess(state, drill="true", drill_speed="1000") as hub:
        asyncio.run(enrol(hub.dsn))
        with a_collar(hub.mqtt_port, rate=200) as collar:
            watchers = [watched(hub, collar) for _ in range(streams)]
            children = family(hub)
            began = time.monotonic()
            code = hub.stop()
            stop_s = time.monotonic() - began
        left = orphans(children, 2)
        for watcher in watchers:
            watcher.join(5)
        began = time.monotonic()
        hub.start()
        start_s = time.monotonic() - began
    return Stop(
        exit_code=code,
        stop_s=round(stop_s, 2),
        orphans=left,
        streams_ended=all(watcher.cut is not None for watcher in watchers),
        start_s=round(start_s, 2),
    )


def main() -> None:
    """Run everything at full length and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, as the last line")
    given = parser.parse_args()
    found: dict[str, msgspec.Struct] = {}

    def run(name: str, scenario: Callable[[Path], msgspec.Struct]) -> None:
        with open_folder() as folder:
            found[name] = scenario(folder)
        if not given.json:
            print(f"{name}: {found[name]}", flush=True)

    run("hub_killed", lambda folder: hub_killed(folder / "state", kills=20, apart_s=(0.3, 3.0)))
    run("database_killed", lambda folder: database_killed(folder / "state", kills=10))
    run("broker_killed_with_a_queue", lambda folder: broker_killed(folder, queued=20_000))
    if shutil.which("mosquitto"):
        run("mosquitto_restarted_with_a_queue", lambda folder: mosquitto_behind(folder, queued=20_000))
    if os.geteuid() == 0:
        with small_disk(450) as disk:
            run("disk_full", lambda _: disk_filled(disk, full_s=20))
    run("interrupted", lambda folder: interrupted(folder / "state", streams=20))
    if given.json:
        print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()
