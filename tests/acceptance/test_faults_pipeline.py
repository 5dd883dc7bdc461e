"""kill -9 of the pipeline's process beside a running hub, and of the hub before it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import psutil

from tests import builders as a
from tests.acceptance.collared import enrol
from tests.acceptance.hub_process import HubProcess
from tests.acceptance.small_disk import open_folder

SITE = "leopard"


@contextmanager
def a_hub() -> Iterator[tuple[HubProcess, httpx.Client]]:
    """A hub with a site, and somebody who is logged in."""
    with open_folder() as folder, HubProcess(folder / "state") as hub:
        asyncio.run(enrol(hub.dsn))
        with closing(hub.client()) as client:
            hub.wait(lambda: lag_s(client) == 0, 20)
            yield hub, client


def pipeline_of(hub: HubProcess) -> psutil.Process:
    """The process that follows the log."""
    assert hub.process is not None
    children = psutil.Process(hub.process.pid).children()
    (found,) = (child for child in children if "hub.pipeline.process" in child.cmdline())
    return found


def lag_s(client: httpx.Client) -> float | None:
    """How old the oldest change is that the pipeline has not followed."""
    state = client.get(f"/api/v1/sites/{SITE}/health").raise_for_status().json()["pipeline"]
    return None if state is None else state["lag_s"]


def send(client: httpx.Client, minutes: int) -> None:
    """A fix of a phone that is on nobody."""
    body = [a.a_fix("phone-7", minutes=minutes)]
    client.post(f"/api/v1/sites/{SITE}/observations", json=body).raise_for_status()


def fixes_shown(client: httpx.Client) -> list[str]:
    """Times of the phone's last known places."""
    items = client.get(f"/api/v1/sites/{SITE}/subjects").raise_for_status().json()["items"]
    return [item["observed_at"] for item in items if item["device"] == "phone-7"]


def test_pipeline_killed__another_takes_over_where_it_stood_and_browsers_load_anew() -> None:
    with a_hub() as (hub, client), client.stream("GET", f"/api/v1/sites/{SITE}/live") as stream:
        lines = stream.iter_lines()
        first = pipeline_of(hub)
        send(client, 0)
        hub.wait(lambda: fixes_shown(client), 10)
        first.kill()
        send(client, 1)
        assert any(line == "event: reset" for line in lines), "the browser was not told"
        hub.wait(lambda: lag_s(client) == 0, 20)
        assert pipeline_of(hub).pid != first.pid
        assert hub.status() == 200
        assert fixes_shown(client)[0] == a.a_fix("phone-7", minutes=1)["observed_at"].replace("+00:00", "Z")


def test_hub_killed__its_pipeline_ends_with_it_and_shows_no_secret_while_it_lives() -> None:
    with a_hub() as (hub, _):
        pipeline = pipeline_of(hub)
        password = hub.dsn.split("@")[0].rsplit(":", 1)[-1]
        assert len(password) > 8
        assert password not in " ".join(pipeline.cmdline())
        assert all(password not in value for value in pipeline.environ().values())
        hub.kill()
        pipeline.wait(5)
