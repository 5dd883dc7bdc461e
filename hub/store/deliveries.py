"""By which ways pictures came, asked for many at a time."""

from __future__ import annotations

from collections.abc import Sequence

from hub.store.database import Database

BY_CARD = """
select m.sha256 from medium m
where m.site_id = $1 and m.sha256 = any($2::bytea[]) and exists (
    select from medium_delivery d where d.medium_id = m.id and d.door = 'card' and d.device = $3)"""


async def known_by_card(database: Database, site: str, device: str, hashes: Sequence[bytes]) -> set[bytes]:
    """Which of these SHA-256 a card of the device brought already."""
    async with database.connection() as connection:
        return {row["sha256"] for row in await connection.fetch(BY_CARD, site, list(hashes), device)}
