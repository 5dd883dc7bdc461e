"""The composition root: the one file that knows everyone."""

from __future__ import annotations

import asyncio
import gc
import signal
from contextlib import AsyncExitStack
from functools import partial

import uvloop
from prometheus_client import CollectorRegistry

from hub import housekeeping, logs
from hub.commands import announce
from hub.console.app import create_api
from hub.console.feeds import Feeds
from hub.console.parts import Parts
from hub.console.routes import console_routes
from hub.console.server import check_port, serve_http
from hub.dispatch.deliver import Deliverer
from hub.dispatch.push import Channel, Firebase
from hub.drill.run import Drill, site_clock
from hub.embedded.port import free_port
from hub.ingest.accept import Acceptor
from hub.ingest.again import Again
from hub.ingest.measures import IngestMeasures
from hub.ingest.mqtt import MqttDoor
from hub.ingest.upload import import_upload
from hub.metrics import HubMetrics
from hub.pictures import Pictures
from hub.pipeline.beside import Beside
from hub.see.registry import Models
from hub.servers import Tasks, open_broker, open_database
from hub.settings import Settings
from hub.state import HubVitals
from hub.supervise import run_all
from mobile_api.routes import ROUTES as MOBILE_ROUTES


def run(settings: Settings) -> None:
    """Run the hub until SIGINT or SIGTERM."""
    logs.set_up(settings.log_level)
    uvloop.run(serve(settings))


async def serve(settings: Settings) -> None:
    """Start everything in order, supervise it, and stop it in the opposite order."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    port = settings.port or free_port(settings.host)
    check_port(settings.host, port)
    async with AsyncExitStack() as stack:
        tasks: Tasks = {}
        database = await open_database(settings, stack, tasks)
        broker = await open_broker(settings, stack, tasks, database)
        await housekeeping.make_months_ahead(database)
        password = await announce.first_login(database)

        feeds = Feeds(database)
        pipeline = Beside(database, feeds.tell, log_level=settings.log_level)
        registry = CollectorRegistry()
        acceptor = Acceptor(database, default_site=settings.default_site, measures=IngestMeasures(registry))
        drill = None
        if settings.drill:
            drill = Drill(database, acceptor, seed=settings.drill_seed, speed=settings.drill_speed)
            await drill.prepare()
            tasks["drill"] = drill.run
        now = feeds.now = site_clock(drill)
        models = Models(settings.folder)
        pictures = Pictures(database, settings, acceptor, models, now)
        stack.callback(pictures.close)
        door = MqttDoor(broker, acceptor, now=lambda: now(""), pictures=pictures.mqtt)
        vitals = HubVitals(door, feeds, drill, pictures.seeing, pictures.doors)
        metrics = HubMetrics(registry, database=database, door=door, feeds=feeds, vitals=vitals)
        channels: dict[str, Channel] = {}
        if settings.firebase_credentials:
            channels["fcm"] = Firebase(settings.firebase_credentials)
        api = create_api(
            Parts(
                database=database,
                acceptor=acceptor,
                vitals=vitals,
                registry=registry,
                refresh=metrics.refresh,
                now=now,
                folder=settings.folder,
                import_file=partial(import_upload, acceptor, database),
                accept_again=Again(acceptor, pictures.receiver).accept,
                secure_cookies=settings.secure_cookies,
                handlers=(
                    *console_routes(database, feeds, now, lambda site: drill if site == Drill.site else None),
                    *pictures.handlers,
                    *MOBILE_ROUTES,
                ),
            )
        )
        stack.enter_context(housekeeping.kept(database))
        tls = {"certificate": settings.tls_certificate, "key": settings.tls_key}
        tasks |= pictures.tasks | {
            "pipeline": pipeline.run,
            "live": feeds.run,
            "mqtt": door.run,
            "outbox": Deliverer(database, channels, lambda: now("")).run,
            "http": partial(serve_http, api, settings.host, port, **tls, stop=stop),
        }
        announce.greet(settings, port, password, broker.port)
        # What is loaded by now stays: a full collection would look at all of it, and hold up everything meanwhile.
        gc.collect()
        gc.freeze()
        await run_all(tasks, stop)
