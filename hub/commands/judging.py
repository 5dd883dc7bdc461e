"""`rosette judging`: how a site's pictures become sequences, and how far the machine is trusted."""

from __future__ import annotations

import asyncio
import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from hub.commands.connect import connected
from hub.commands.terminal import show_json, show_table
from hub.records.sequence import JudgingText
from hub.see.audited import AuditFigures, checked_of, figures
from hub.see.judged import example_text, own_text, rules_of
from hub.settings import Settings
from hub.store import judging, sequence_review, sites

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST = 20_000


@click.group("judging")
def command() -> None:
    """Rules, species lists and limits by which pictures are judged; the blind audit."""


@command.command("show")
@click.argument("site")
@click.option("--own", is_flag=True, help="What the hub says where a site says nothing.")
@click.option("--example", is_flag=True, help="A park's list, to begin with.")
@click.pass_obj
def show(settings: Settings, site: str, own: bool, example: bool) -> None:
    """The text that holds at a site."""
    if own or example:
        click.echo(own_text() if own else example_text())
        return
    one = asyncio.run(_newest(settings, site))
    click.echo(f"# version {one.version}" + (f", by {one.written_by}" if one.version else ": the hub's own holds"))
    click.echo(one.text)


@command.command("check")
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Would this text be taken? Nothing is changed."""
    rules = rules_of(_read(file))
    park = rules.judging.park
    click.echo(
        f"{file.name}: {len(rules.judging.rules)} rules, {len(park.species)} species, {len(park.targets)} targets"
    )


@command.command("set")
@click.argument("site")
@click.argument("file", type=FILE)
@click.pass_obj
def set_text(settings: Settings, site: str, file: Path) -> None:
    """Judge a site's pictures by this text from now on, and all that were seen before anew."""
    text = _read(file)
    rules_of(text)
    version = asyncio.run(_write(settings, site, text))
    click.echo(f"site {site} is judged by version {version}; a running hub computes its sequences anew")


@command.command("audit")
@click.argument("site")
@click.option("--days", type=click.IntRange(1, 3_650), default=365, show_default=True, help="Blind looks of so long.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def audit(settings: Settings, site: str, days: int, as_json: bool) -> None:
    """How often the machine is right where people looked blindly, and from where on it needs nobody."""
    found = asyncio.run(_audit(settings, site, days))
    if as_json:
        show_json(found)
        return
    rows = [
        [
            one.label,
            "" if one.precision.share is None else f"{one.precision.share:.3f}",
            f"{one.precision.low:.3f} to {one.precision.high:.3f} of {one.precision.of:,}",
            "" if one.recall.share is None else f"{one.recall.share:.3f} of {one.recall.of:,}",
            "everything is looked at" if one.accept_from is None else f"{one.accept_from:.2f}",
        ]
        for one in found.labels
    ]
    show_table(
        f"{found.sequences:,} sequences were looked at blindly; calibration error {found.calibration_error:.3f}",
        ["label", "precision", "95 %", "recall", "needs nobody from"],
        rows,
    )
    if found.knots:
        click.echo("A calibration for the site's text, fitted on them:\n")
        click.echo(f'[calibration]\nmethod = "isotonic"\nknots = {[list(knot) for knot in found.knots]}')
        click.echo(f"n = {found.answers}")


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except UnicodeDecodeError:
        raise click.UsageError(f"{file.name}: UTF-8 was expected") from None


async def _newest(settings: Settings, site: str) -> JudgingText:
    async with connected(settings) as database:
        await sites.get(database, site)
        return await judging.newest(database, site)


async def _write(settings: Settings, site: str, text: str) -> int:
    async with connected(settings) as database:
        await sites.get(database, site)
        async with database.transaction() as connection:
            return await judging.write(connection, site, text, getpass.getuser(), None)


async def _audit(settings: Settings, site: str, days: int) -> AuditFigures:
    async with connected(settings) as database:
        await sites.get(database, site)
        rules = rules_of((await judging.newest(database, site)).text)
        since = datetime.now(UTC) - timedelta(days=days)
        blind = await sequence_review.blind(database, site, since, MOST)
        checked = checked_of(blind, rules.judging.taxonomy)
        return figures(len(blind), checked, rules.auditing.wanted, rules.judging.taxonomy)
