"""`rosette pictures`: pictures of memory cards → the hub."""

from __future__ import annotations

import asyncio
import getpass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import click
import msgspec

from hub.commands.connect import connected
from hub.commands.import_files import only_site
from hub.commands.terminal import bar, show_json, show_table
from hub.ingest.cameras.card import CardSummary, Listing, import_card, listing
from hub.media.key import open_vault
from hub.media.receive import Receiver
from hub.records.errors import InvalidReference, NotFound
from hub.records.reference import Deployment, Device
from hub.settings import Settings
from hub.store import access, deliveries, reference, sites
from hub.store.database import Database

SHOWN_REASONS = 5


@click.group("pictures")
def command() -> None:
    """Pictures of memory cards."""


@command.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--site", help="Site of the camera [default: default_site, or the only one there is].")
@click.option("--device", help="The camera whose card this is.")
@click.option("--deployment", type=click.UUID, help="Instead of --device: the stay of the camera, by its id.")
@click.option("--strict", is_flag=True, help="Exit with 4 when pictures were refused or could not be read.")
@click.option("--json", "as_json", is_flag=True, help="Summary for machines.")
@click.pass_context
def import_(
    context: click.Context,
    folder: Path,
    site: str | None,
    device: str | None,
    deployment: UUID | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Take all pictures of a card, or of any FOLDER, in bulk: what comes live goes first.

    What was interrupted goes on when it is repeated; pictures that are known are only read. Nothing on the card is
    changed.
    """
    if (device is None) == (deployment is None):
        raise click.UsageError("whose card is it? Say --device CAMERA or --deployment ID, one of them")
    try:
        card = listing(folder)
    except OSError as error:
        raise click.UsageError(f"{error.filename}: {error.strerror}") from None
    summary = asyncio.run(_import(context.obj, folder, card, site, device, deployment, quiet=as_json))
    if as_json:
        show_json(msgspec.to_builtins(summary))
    else:
        _show(summary)
    if strict and (summary.refused or summary.unreadable):
        context.exit(4)


async def _import(
    settings: Settings,
    folder: Path,
    card: Listing,
    site: str | None,
    device: str | None,
    deployment: UUID | None,
    *,
    quiet: bool,
) -> CardSummary:
    vault = open_vault(settings.folder, settings.media_key)
    async with connected(settings) as database:
        chosen = site or await only_site(database, settings)
        await sites.get(database, chosen)
        camera = await _camera(database, chosen, device, deployment)
        by = f"{getpass.getuser()} (rosette pictures)"
        with bar(quiet=quiet) as shown:
            task = shown.add_task(folder.name or "card", total=card.size, rows=0)
            summary = await import_card(
                Receiver(database, vault, now=lambda: datetime.now(UTC)),
                partial(deliveries.known_by_card, database, chosen, camera),
                card,
                folder,
                site=chosen,
                device=camera,
                by=by,
                now=lambda: datetime.now(UTC),
                progress=lambda done, files: shown.update(task, completed=done, rows=files),
            )
        counts = {"taken": summary.taken, "known": summary.known, "refused": summary.refused}
        await access.audit(database, chosen, by, "import pictures", device=camera, **counts)
        return summary


async def _camera(database: Database, site: str, device: str | None, deployment: UUID | None) -> str:
    """Key of the camera; says so where its pictures will have no place. Raises NotFound, InvalidReference."""
    records = await reference.everything(database, site, ("device", "deployment"))
    devices = {one.id: one for one in records if isinstance(one, Device)}
    if deployment is None:
        assert device is not None
        if not 0 < len(device) <= 200:
            raise InvalidReference("--device: 1 to 200 characters were expected")
        if device not in {one.key for one in devices.values()}:
            click.echo(
                f"{device!r} is no device at site {site} yet: its pictures have no place before it has a deployment",
                err=True,
            )
        return device
    stay = next((one for one in records if isinstance(one, Deployment) and one.id == deployment), None)
    if stay is None or stay.device not in devices:
        raise NotFound(f"no deployment {deployment} at site {site}")
    return devices[stay.device].key


def _show(summary: CardSummary) -> None:
    columns = ["card", "camera", "taken", "known", "refused", "not readable", "pictures/s"]
    counts = (summary.taken, summary.known, summary.refused, summary.unreadable)
    rate = f"{sum(counts) / summary.seconds:,.0f}" if summary.seconds else ""
    show_table(
        "Imported", columns, [[Path(summary.folder).name, summary.device, *(f"{one:,}" for one in counts), rate]]
    )
    for one in summary.reasons[:SHOWN_REASONS]:
        click.echo(f"{one.count:,} × {one.reason}; for example {one.example}")
    if (left := len(summary.reasons) - SHOWN_REASONS) > 0:
        click.echo(f"and {left} other reasons")
    if summary.left_out:
        kinds = ", ".join(f"{count:,} {ending}" for ending, count in sorted(summary.left_out.items()))
        click.echo(f"left out, because they are no JPEG, PNG, WebP or MP4 by their names: {kinds}")
