"""`rosette import`: files → the log of a site."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from hub.commands.connect import connected
from hub.commands.site import zone
from hub.commands.terminal import bar, show_json, show_table
from hub.ingest.accept import Acceptor
from hub.ingest.dialects.table import TABLE
from hub.ingest.files import Summary, centre_of, import_file
from hub.records.errors import Misconfigured, Rejected
from hub.records.receipt import Receipt
from hub.records.site import Site
from hub.settings import Settings
from hub.store import sites
from hub.store.database import Database

SHOWN_REASONS = 5


@click.command("import")
@click.argument("words", nargs=-1, required=True, metavar="[DIALECT] FILE...")
@click.option("--site", help="Site that the files belong to [default: default_site, or the only one there is].")
@click.option("--create-site", is_flag=True, help="Make the site when it is missing, around the first places.")
@click.option("--time-zone", default="UTC", callback=zone, help="Time zone of a site made by --create-site.")
@click.option("--device", help="Device whose rows these are, where the files do not say.")
@click.option("--strict", is_flag=True, help="Exit with 4 when rows went to quarantine.")
@click.option("--json", "as_json", is_flag=True, help="Summary for machines.")
@click.pass_context
def command(
    context: click.Context,
    words: tuple[str, ...],
    site: str | None,
    create_site: bool,
    time_zone: str,
    device: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Append files to the log of a site. Repeating an import changes nothing.

    DIALECT is the format; without it the first bytes decide. Files may be gzipped; a Camtrap DP may be a zip, its
    folder or its datapackage.json; `-` is standard input.
    """
    dialect, files = _split(words)
    if create_site and site is None:
        raise click.UsageError("--create-site needs the name: --site NAME")
    settings: Settings = context.obj
    summaries = asyncio.run(
        _import(settings, site, dialect, files, time_zone if create_site else None, device, quiet=as_json)
    )
    if as_json:
        show_json([msgspec.to_builtins(summary) for summary in summaries])
    else:
        _show(summaries)
    if strict and any(summary.quarantined for summary in summaries):
        context.exit(4)


def _split(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """(dialect or None, files); `camtrap-dp` is `camtrap_dp`."""
    named = {name.replace("_", "-"): name for name in TABLE}.get(words[0].replace("_", "-"))
    if named is None or (len(words) == 1 and Path(words[0]).exists()):
        return None, list(words)
    if len(words) == 1:
        raise click.UsageError(f"which file? {words[0]} is a dialect")
    return named, list(words[1:])


async def _import(
    settings: Settings,
    site: str | None,
    dialect: str | None,
    files: Sequence[str],
    new_site_zone: str | None,
    device: str | None,
    *,
    quiet: bool,
) -> list[Summary]:
    for file in files:
        if file != "-" and not Path(file).exists():
            raise click.UsageError(f"{file}: no such file")
    async with connected(settings) as database:
        if site is not None and new_site_zone is not None:
            await _create_site(database, site, new_site_zone, dialect, files)
        chosen = site or await only_site(database, settings)
        acceptor = Acceptor(database)
        return [await _one(acceptor, database, chosen, file, dialect, device, quiet=quiet) for file in files]


async def _one(
    acceptor: Acceptor,
    database: Database,
    site: str,
    file: str,
    dialect: str | None,
    device: str | None,
    *,
    quiet: bool,
) -> Summary:
    path = Path(file)
    source = sys.stdin.buffer if file == "-" else path
    with bar(quiet=quiet) as shown:
        task = shown.add_task(path.name, total=None if file == "-" else _size(path), rows=0)

        def progress(taken: int, so_far: Receipt) -> None:
            rows = so_far.accepted + so_far.duplicate + so_far.quarantined
            shown.update(task, completed=taken, rows=rows)

        return await import_file(
            acceptor,
            database,
            site,
            source,
            dialect=dialect,
            name=path.name if file != "-" else "stdin",
            now=datetime.now(UTC),
            progress=progress,
            by=f"{getpass.getuser()} (rosette import)",
            device=device,
        )


def _size(path: Path) -> int:
    """Bytes to read; of a package, those of its tables."""
    if path.name == "datapackage.json":
        path = path.parent
    return sum(part.stat().st_size for part in path.glob("*.*")) if path.is_dir() else path.stat().st_size


async def _create_site(
    database: Database, site: str, time_zone: str, dialect: str | None, files: Sequence[str]
) -> None:
    if site in {known.id for known in await sites.everything(database)}:
        return
    if "-" in files:
        raise click.UsageError("--create-site looks into the files first, which standard input does not allow")
    now, centre = datetime.now(UTC), None
    for path in map(Path, files):
        centre = centre or await asyncio.to_thread(centre_of, path, dialect=dialect, name=path.name, now=now)
    if centre is None:
        raise Rejected("the files begin with no places to take a centre from: make the site with `rosette site add`")
    fields = {"id": site, "name": site, "time_zone": time_zone, "centre": centre}
    try:
        made = msgspec.convert(fields, Site)
    except msgspec.ValidationError as error:
        raise click.UsageError(f"--site {site}: {error}") from None
    async with database.transaction() as connection:
        await sites.put(connection, made)
    click.echo(f"made site {site} around {centre[0]}, {centre[1]} (longitude, latitude)", err=True)


async def only_site(database: Database, settings: Settings) -> str:
    """The site that is meant where none is said; raises Misconfigured."""
    if settings.default_site:
        return settings.default_site
    known = [site.id for site in await sites.everything(database) if not site.drill]
    if len(known) != 1:
        there = f"there are {', '.join(known)}" if known else "there is none yet (--create-site makes it)"
        raise Misconfigured(f"which site? Say --site NAME: {there}")
    return known[0]


def _show(summaries: Sequence[Summary]) -> None:
    rows = [
        [
            summary.name,
            summary.dialect,
            f"{summary.accepted:,}",
            f"{summary.duplicate:,}",
            f"{summary.quarantined:,}",
            f"{summary.rows / summary.seconds:,.0f}" if summary.seconds else "",
        ]
        for summary in summaries
    ]
    columns = ["file", "dialect", "accepted", "duplicate", "quarantined", "rows/s"]
    show_table("Imported", columns, rows)
    for summary in summaries:
        for reason in summary.reasons[:SHOWN_REASONS]:
            click.echo(f"{summary.name}: {reason.count:,} in quarantine, for example: {reason.example}")
        if (left := len(summary.reasons) - SHOWN_REASONS) > 0:
            click.echo(f"{summary.name}: and {left} other reasons")
        claims = summary.claims
        if told := claims.applied + claims.kept + len(claims.conflicts):
            click.echo(
                f"{summary.name}: {told:,} claims of who carried what: {claims.applied:,} applied, "
                f"{claims.kept:,} known already, {len(claims.conflicts):,} in conflict"
            )
        for conflict in claims.conflicts:
            click.echo(f"{summary.name}: kept what was there: {conflict}")
