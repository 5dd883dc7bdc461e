"""From a device's publish to the browsers that watch: a whole hub process, many open live streams, in one run.

python -m tests.bench.live --json prints one JSON object as its last line. Every fix is awaited at every client; latency
is counted from its time in the sender's schedule. Frames are made every 100 ms, so 50 ms of the median are meant.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from hub.embedded.start import dsn_file
from hub.store.database import Database
from tests.acceptance.hub_process import HubProcess
from tests.bench import ground, ingest, mqtt_load
from tests.bench.mqtt_load import Load

PATH = f"/api/v1/sites/{ingest.SITE}/live"
# A fix that is later than this is not news.
LATEST_S = 3.0


async def a_reserve(dsn: str, devices: int, animals: int) -> None:
    """The site of the ingest benchmark, in the database of a running hub."""
    database = await Database.connect(dsn, most=1)
    try:
        await ingest.a_reserve(database, devices, animals)
    finally:
        await database.close()


def a_round(hub: HubProcess, asked: argparse.Namespace, number: int) -> dict[str, Any]:
    """Open the streams, warm up, send, and ask the clients what came."""
    with closing(hub.client()) as browser:
        hub.wait(lambda: browser.get(f"/api/v1/sites/{ingest.SITE}/subjects").status_code == 200, 30)
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    login = json.loads((hub.state / "broker" / "hub.json").read_text())
    load = Load(
        port=hub.mqtt_port,
        username=login["username"],
        password=login["password"],
        count=int(asked.rate * asked.seconds),
        rate=asked.rate,
        devices=asked.devices,
        site=ingest.SITE,
        run=f"run{number}",
    )
    arguments = [f"--port={hub.port}", f"--path={PATH}", f"--cookie={cookie}", f"--clients={asked.clients}"]
    clients = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.sse_clients", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert clients.stdout is not None
        if clients.stdout.readline().strip() != "ready":
            raise RuntimeError("the clients did not get their streams")
        warm = Load(**(vars(load) | {"run": f"warm{number}", "count": asked.devices}))
        asyncio.run(mqtt_load.send_elsewhere(warm))
        time.sleep(0.5)
        assert hub.process is not None
        cpu_s = ground.process_cpu_s(hub.process.pid)
        sent = asyncio.run(mqtt_load.send_elsewhere(load))
        cpu_s = ground.process_cpu_s(hub.process.pid) - cpu_s
        time.sleep(LATEST_S)
        output, _ = clients.communicate(f"{sent['began_ns']}\n", timeout=120)
    finally:
        clients.kill()
        clients.wait()
    figures = json.loads(output)
    expected = load.count * asked.clients
    return {
        "expected": expected,
        **figures,
        "delivered_share": figures["delivered"] / expected,
        "seconds": sent["seconds"],
        "hub_cpu_s": cpu_s,
        "hub_us_per_delivery": cpu_s / max(figures["delivered"], 1) * 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke test: the figures mean nothing")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--animals", type=int, default=100, help="how many of the devices are collars on animals")
    asked = parser.parse_args()
    if asked.quick:
        asked.rounds, asked.rate, asked.seconds, asked.clients, asked.devices, asked.animals = 1, 20.0, 1.0, 5, 20, 10
    out: dict[str, Any] = {
        "benchmark": "live",
        "machine": ground.machine(),
        "rounds": asked.rounds,
        "rate": asked.rate,
        "clients": asked.clients,
        "devices": asked.devices,
        "animals": asked.animals,
        "frame_ms": 100,
    }
    rounds: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="rosette-bench-") as name, HubProcess(Path(name) / "state") as hub:
        dsn = dsn_file(hub.state).read_text()
        asyncio.run(a_reserve(dsn, asked.devices, asked.animals))
        for number in range(asked.rounds):
            rounds.append(a_round(hub, asked, number))
            print(rounds[-1], file=sys.stderr)
    print(json.dumps(out | ground.medians(rounds)))


if __name__ == "__main__":
    main()
