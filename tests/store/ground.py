"""A site with reference data in a test's database."""

from __future__ import annotations

from typing import Any

from hub.store import reference, sites
from hub.store.database import Database
from tests.builders import a_site

SITE = "leopard"


async def a_site_with(database: Database, *records: Any) -> None:
    """Found the site and write records."""
    async with database.transaction() as connection:
        await sites.put(connection, a_site(SITE))
    await write(database, *records)


async def write(database: Database, *records: Any) -> None:
    """New records."""
    async with database.transaction() as connection:
        for record in records:
            await reference.put(connection, record, expect=None, by="test")
