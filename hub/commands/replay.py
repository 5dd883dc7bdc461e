"""`rosette replay`: quarantine again through the door, and derived tables again from the log."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import click
import msgspec

from hub.commands.connect import connected
from hub.commands.terminal import bar, show_json
from hub.ingest.accept import Acceptor
from hub.ingest.again import Again
from hub.ingest.dialects.table import TABLE
from hub.media.key import open_vault
from hub.media.receive import Receiver
from hub.records.receipt import Arrival
from hub.records.reference import Individual, Reference
from hub.settings import Settings
from hub.store import alerts, findings, proposals, quarantine, reference, sites, tracks
from hub.store.database import Database

BATCH = 100
PAGE = 10_000
# Digest of a site of which nothing has been derived yet.
NOTHING = hashlib.sha256(msgspec.json.encode([]) * 2).hexdigest()
EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of quarantine: in the log now, refused again, or rows of files (import those files again)."""

    accepted: int
    refused: int
    of_files: int


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """`before` and `after` are hashes over all tracks, proposals, standing findings and alerts of the site.

    differing: names of the animals whose track or shares of sightings came out otherwise.
    """

    tracks: int
    before: str
    after: str
    differing: list[str]

    @property
    def equal(self) -> bool:
        """Did the log give the same again?"""
        return self.before == self.after


@click.group("replay")
def command() -> None:
    """Give quarantine another chance, or build derived tables again from the log."""


@command.command("quarantine")
@click.option("--site", required=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def replay_quarantine(settings: Settings, site: str, as_json: bool) -> None:
    """Accept again what waits in quarantine, after a dialect or a setting was corrected."""
    result = asyncio.run(_quarantine(settings, site, quiet=as_json))
    if as_json:
        show_json(result)
        return
    click.echo(f"{result.accepted:,} accepted, {result.refused:,} refused again")
    if result.of_files:
        click.echo(f"{result.of_files:,} are rows of files: import those files again")


async def _quarantine(settings: Settings, site: str, *, quiet: bool) -> Replayed:
    async with connected(settings) as database:
        waiting = await quarantine.waiting(database, site)
        vault = open_vault(settings.folder, settings.media_key)
        receiver = Receiver(database, vault, now=lambda: datetime.now(UTC))
        again = Again(Acceptor(database, default_site=settings.default_site), receiver)
        accepted = of_files = 0
        with bar(quiet=quiet) as shown:
            task = shown.add_task("quarantine", total=len(waiting), rows=0)
            for first in range(0, len(waiting), BATCH):
                entries = waiting[first : first + BATCH]
                arrivals = [await quarantine.arrival(database, site, entry) for entry in entries]
                ready = [pair for pair in zip(entries, arrivals, strict=True) if not _is_row_of_file(pair[1])]
                of_files += len(arrivals) - len(ready)
                receipts = await again.accept([arrival for _, arrival in ready])
                for (entry, _), receipt in zip(ready, receipts, strict=True):
                    if not receipt.quarantined:
                        await quarantine.mark_replayed(database, site, entry)
                        accepted += 1
                shown.update(task, advance=len(entries), rows=first + len(entries))
    return Replayed(accepted=accepted, refused=len(waiting) - accepted - of_files, of_files=of_files)


def _is_row_of_file(arrival: Arrival) -> bool:
    """A row of a table means nothing without its header."""
    return arrival.door == "file" and (arrival.dialect not in TABLE or TABLE[arrival.dialect].message is None)


@command.command("tracks")
@click.option("--site", required=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def replay_tracks(settings: Settings, site: str, as_json: bool) -> None:
    """Drop what is derived and build it again from the log: tracks, proposals, findings, alerts. The hub must not run.

    What people did with alerts stays. The digests before and after say whether anything differs.
    """
    result = asyncio.run(_tracks(settings, site, quiet=as_json))
    if as_json:
        show_json(msgspec.to_builtins(result) | {"equal": result.equal})
        return
    click.echo(f"before {result.before}")
    click.echo(f"after  {result.after}")
    if result.equal:
        what = "equal: the log gives the same again"
    elif result.before == NOTHING:
        what = "built for the first time"
    else:
        what = "not equal: what was derived has been corrected"
    for name in () if result.before == NOTHING else result.differing:
        click.echo(f"differs: {name}")
    click.echo(f"tracks: {result.tracks:,}; {what}")


async def _tracks(settings: Settings, site: str, *, quiet: bool) -> Rebuilt:
    # Imported late: it compiles or loads the kernels.
    from hub.pipeline.line import Line, Told
    from hub.pipeline.propose import propose_all
    from hub.pipeline.world import World

    async with connected(settings, without_hub=True) as database:
        await sites.get(database, site)
        before, stood = await _digest(database, site), await _by_subject(database, site)
        with bar(quiet=quiet) as shown:
            task = shown.add_task(f"tracks of {site}", total=None, rows=0)
            done = 0

            def tell(told: Told, _world: World) -> None:
                nonlocal done
                done += len(told.positions)
                shown.update(task, rows=done)

            async with database.transaction() as connection:
                await tracks.forget(connection, site)
                await proposals.forget(connection, site)
            line = Line(database, site, tell)
            await line.rebuild()
            weighing = shown.add_task(f"sightings of {site}, month by month", total=None, rows=0)
            await propose_all(
                database, site, lambda months, of: shown.update(weighing, completed=months, total=of, rows=months)
            )
            while await line.step():
                pass
        # A segment of a track is named by its subject and its month.
        built = {segment.rpartition("/")[0] for segment in await tracks.digest(database, site)}
        made = await _by_subject(database, site)
        names = _names(await reference.everything(database, site, ("individual",)))
        differing = sorted(
            {names.get(key, key) for key in stood.keys() | made.keys() if stood.get(key) != made.get(key)}
        )
        return Rebuilt(tracks=len(built), before=before, after=await _digest(database, site), differing=differing)


def _names(records: Sequence[Reference]) -> dict[str, str]:
    """Names of individuals by their ids as text."""
    return {str(one.id): one.name for one in records if isinstance(one, Individual)}


async def _by_subject(database: Database, site: str) -> dict[str, list[tuple[str, str]]]:
    """What is stored of each individual's track and shares, as hashes."""
    found: dict[str, list[tuple[str, str]]] = {}
    for segment, digest in sorted((await tracks.digest(database, site)).items()):
        _, subject, month = segment.split("/")
        found.setdefault(subject, []).append((month, digest))
    for subject, digest in (await proposals.digest(database, site))[1].items():
        found.setdefault(subject, []).append(("shares", digest))
    return found


async def _digest(database: Database, site: str) -> str:
    """SHA-256 over every stored segment, standing finding and standing alert, in a fixed order."""
    weighed = await proposals.digest(database, site)
    digest = hashlib.sha256(msgspec.json.encode(sorted((await tracks.digest(database, site)).items())))
    if any(weighed):
        digest.update(msgspec.json.encode([sorted(one.items()) for one in weighed]))
    after: tuple[datetime, UUID] | None = None
    while found := await findings.page(
        database, site, since=EARLIEST, until=LATEST, fence=None, subject=None, after=after, limit=PAGE
    ):
        digest.update(msgspec.json.encode(found))
        after = (found[-1].crossed_at, found[-1].id)
    standing = await alerts.standing(database, site)
    digest.update(msgspec.json.encode([(one.id, one.severity, one.occurred_at) for one in standing]))
    return digest.hexdigest()
