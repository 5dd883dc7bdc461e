"""The database and the broker: those that the settings name, or embedded ones that live and end with this hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

from hub.embedded.start import device_users, revive, start_broker, start_database, watch_room
from hub.ingest.mqtt import Broker, parse_broker
from hub.settings import Settings
from hub.store import log
from hub.store.database import Database
from hub.store.migrate import migrate

Tasks = dict[str, Callable[[], Awaitable[None]]]


async def open_database(settings: Settings, stack: AsyncExitStack, tasks: Tasks) -> Database:
    """Connected and migrated. Raises Misconfigured or DatabaseUnavailable."""
    dsn = settings.database_url
    if not dsn:
        dsn, postgres = await stack.enter_async_context(start_database(settings.folder))
        tasks["postgres"] = partial(revive, postgres)
    database = await Database.connect(dsn)
    stack.push_async_callback(database.close)
    await migrate(database)
    await log.settle_after_restore(database)
    return database


async def open_broker(settings: Settings, stack: AsyncExitStack, tasks: Tasks, database: Database) -> Broker:
    """Where the broker is and how the hub logs in there. Raises Misconfigured."""
    if settings.broker_url:
        return parse_broker(settings.broker_url)
    broker = await stack.enter_async_context(
        start_broker(settings.folder, host=settings.mqtt_host, port=settings.mqtt_port, durable=settings.durable)
    )
    tasks |= {
        "broker": partial(revive, broker),
        "broker's room": partial(watch_room, broker),
        "device users": partial(device_users, broker, database, settings.default_site),
    }
    return Broker(
        host=broker.host,
        port=broker.port,
        username=broker.hub_username,
        password=broker.hub_password,
        client_id=broker.hub_client_id,
    )
