"""Connections, codecs, and the one place where errors of the database become errors of the hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from hub.records.errors import Conflict, DatabaseUnavailable, DiskFull, HubError

Connection = PoolConnectionProxy


class Database:
    """A pool whose failures speak the hub's language."""

    def __init__(self, pool: asyncpg.Pool, dsn: str) -> None:
        self.pool = pool
        self.dsn = dsn

    @classmethod
    async def connect(cls, dsn: str, *, most: int = 16) -> Database:
        """Open a pool; raises DatabaseUnavailable when the server does not answer."""
        with translated():
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=most,
                init=_codecs,
                reset=_nothing_to_reset,
                command_timeout=120,
                max_inactive_connection_lifetime=0,
            )
        assert pool is not None
        return cls(pool, dsn)

    async def close(self) -> None:
        """Give connections five seconds to finish, then cut them."""
        try:
            await asyncio.wait_for(self.pool.close(), 5)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self.pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """A connection outside a transaction."""
        with translated():
            async with self.pool.acquire(timeout=10) as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """A connection inside a transaction: commits on leaving, rolls back on an error."""
        async with self.connection() as connection, connection.transaction():
            yield connection


async def _nothing_to_reset(connection: asyncpg.pool.PoolConnectionProxy) -> None:
    # The hub leaves nothing in a session, and asyncpg's own reset is one more round trip for every commit.
    del connection


async def _codecs(connection: asyncpg.Connection) -> None:
    # jsonb travels as bytes: \x01 is the version of its binary form
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=lambda v: b"\x01" + _json(v), decoder=lambda v: v[1:]
    )


def _json(value: Any) -> bytes:
    return value if isinstance(value, bytes) else msgspec.json.encode(value)


class translated:  # noqa: N801 - reads as a statement: `with translated():`
    """Turns asyncpg's and the socket's errors into the hub's."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is not None and (translation := translate(error)) is not None:
            raise translation from error


def translate(error: BaseException) -> HubError | None:
    """What this failure means, or None when it is a bug or not the database's."""
    match error:
        case asyncpg.DiskFullError():
            return DiskFull(str(error))
        case asyncpg.UniqueViolationError() | asyncpg.ExclusionViolationError():
            return Conflict(str(getattr(error, "detail", None) or error))
        case (
            asyncpg.PostgresConnectionError()
            | asyncpg.OperatorInterventionError()
            | asyncpg.InsufficientResourcesError()
            | asyncpg.PostgresSystemError()
            | asyncpg.TransactionRollbackError()
            | asyncpg.IdleInTransactionSessionTimeoutError()
            | asyncpg.InterfaceError()
            | asyncpg.InternalClientError()
            | OSError()
        ):
            # TimeoutError is an OSError since Python 3.11
            return DatabaseUnavailable(f"{type(error).__name__}: {error}")
        case _:
            return None


def storable(value: str) -> str:
    """What the database takes as text: without NUL, which becomes a sign for it, and without half characters."""
    return value.replace("\x00", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()
