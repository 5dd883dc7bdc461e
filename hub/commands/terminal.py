"""What commands show: results on standard output, progress on standard error and only to people."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text


def show_json(value: Any) -> None:
    """One JSON document for machines."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def show_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table for people; numbers are best given as text with separators."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def destination(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Callback of an option that names a file to be written, or `-`: found out before the work, not after it."""
    folder = Path(value).absolute().parent
    if value != "-" and Path(value).is_dir():
        raise click.BadParameter(f"{value} is a folder: name a file in it")
    if value != "-" and not folder.is_dir():
        raise click.BadParameter(f"there is no folder {folder}")
    if value != "-" and not os.access(folder, os.W_OK):
        raise click.BadParameter(f"nothing may be written in {folder}")
    return value


class _Rate(ProgressColumn):
    """Rows done, and rows per second."""

    def render(self, task: Task) -> Text:
        rows = int(task.fields.get("rows", 0))
        elapsed = task.finished_time or task.elapsed or 0.0
        return Text(f"{rows:,} ({rows / elapsed:,.0f}/s)" if elapsed else f"{rows:,}")


def bar(*, quiet: bool = False) -> Progress:
    """A progress bar whose tasks have a field `rows`; silent where nobody looks."""
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
    )
