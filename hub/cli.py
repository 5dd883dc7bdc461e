"""`rosette`: the command line. One command a file in `hub/commands`, imported when it is called."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import click

from hub.embedded.ground import EmbeddedStartFailed
from hub.records.errors import (
    BrokerUnavailable,
    DatabaseUnavailable,
    DiskFull,
    HubError,
    Misconfigured,
    NotFound,
    Refused,
    Rejected,
    Unavailable,
)
from hub.settings import read_settings

MODULES = {
    "run": "run",
    "migrate": "migrate",
    "import": "import_files",
    "export": "export",
    "replay": "replay",
    "rebuild": "rebuild",
    "refit": "refit",
    "drill": "drill",
    "doctor": "doctor",
    "models": "models",
    "see": "see",
    "judging": "judging",
    "pictures": "pictures",
    "user": "user",
    "site": "site",
    "key": "key",
}
# Most specific first: (kind, exit code, what to do).
ADVICE: tuple[tuple[type[HubError], int, str], ...] = (
    (DatabaseUnavailable, 3, "look at `rosette doctor`, then try again"),
    (DiskFull, 3, "free some room below the state folder, then try again"),
    (BrokerUnavailable, 3, "look at `rosette doctor`, then try again"),
    (Unavailable, 3, "try again later"),
    (Misconfigured, 2, "correct the settings (docs/reference/settings.md)"),
    (NotFound, 2, "see what there is with `rosette site list`, `rosette user list`"),
    (Refused, 2, "nothing was changed"),
    (Rejected, 4, "nothing more was read; correct the input and repeat, what is in the log stays as it is"),
)


class Commands(click.Group):
    """Loads a command's file when the command is needed, and turns the hub's errors into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            return None
        return importlib.import_module(f"hub.commands.{MODULES[cmd_name]}").command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except EmbeddedStartFailed as failure:
            click.echo(f"rosette: {failure}", err=True)
            ctx.exit(3)
        except HubError as error:
            code, advice = next(((code, text) for kind, code, text in ADVICE if isinstance(error, kind)), (1, ""))
            click.echo(f"rosette: {error.detail}; {advice}" if advice else f"rosette: {error.detail}", err=True)
            ctx.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--settings", type=click.Path(path_type=Path), help="TOML file of settings [default: rosette.toml].")
@click.pass_context
def main(context: click.Context, settings: Path | None) -> None:
    """Monitoring hub of a protected area.

    Settings come from rosette.toml and from the environment (ROSETTE_STATE, ROSETTE_DATABASE_URL …), which wins.
    Without a database of your own, commands use the embedded one below the state folder: the running hub's if there is
    one, else started for as long as the command takes.
    """
    context.obj = read_settings(os.environ, settings)


if __name__ == "__main__":
    main()
