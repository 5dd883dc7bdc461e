"""`rosette see`: what the active model sees in pictures."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from hub.commands.terminal import show_json, show_table
from hub.records.errors import NotFound
from hub.see.looking import Looking
from hub.see.registry import Models
from hub.see.seen import Seen
from hub.see.trial import look_at, pictures_in
from hub.settings import Settings


@click.command("see")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--model", help="Another model than the active detector.")
@click.option("--all", "everything", is_flag=True, help="Also what the model is too unsure of to be shown.")
@click.option(
    "--json", "as_json", is_flag=True, help="For machines: one object a picture, boxes as parts of its sides."
)
@click.pass_obj
def command(settings: Settings, files: tuple[Path, ...], model: str | None, everything: bool, as_json: bool) -> None:
    """Look at pictures, or at all in a folder. Whatever the files hold, each gets its line.

    Without a model it says whether they can be read. Nothing is stored.
    """
    models = Models(settings.folder)
    id_ = model or models.active("detect")
    folder = models.folder_of(id_) if id_ else None
    show = _shown_from(models, id_, everything)
    found: list[tuple[Path, Seen]] = []
    paths = [one for file in files for one in (pictures_in((file,)) if file.is_dir() else [file])]
    if not paths:
        raise NotFound("there are no pictures in there")
    with Looking(folder) as looking:
        for path in paths:
            seen = look_at(looking, path)
            shown = [box for box in seen.boxes if box.probability >= show]
            found.append((path, msgspec.structs.replace(seen, boxes=shown)))
    if as_json:
        show_json([{"file": str(path), **msgspec.to_builtins(seen)} for path, seen in found])
        return
    rows = [[path.name, seen.state, _said(seen, id_), f"{seen.decode_ms + seen.model_ms:.0f}"] for path, seen in found]
    if id_ is None:
        click.echo("No detector is active, pictures are only read: rosette models fetch, then activate.")
    show_table(f"Seen by {id_}" if id_ else "Read", ["picture", "", "what", "ms"], rows)


def _shown_from(models: Models, id_: str | None, everything: bool) -> float:
    if id_ is None or everything:
        return 0.0
    manifest = next((one.manifest for one in models.kept() if one.id == id_), None)
    return manifest.thresholds.show if manifest else 0.0


def _said(seen: Seen, id_: str | None) -> str:
    if seen.state == "unreadable":
        return seen.reason
    size = f"{seen.width_px} x {seen.height_px}"
    size += f", cut off: {seen.rows_kept:.0%} of its rows" if seen.rows_kept < 1 else ""
    if seen.state == "partial" and seen.rows_kept == 1:
        size += ", cut off"
    if id_ is None:
        return size
    if seen.embedding:
        return f"{size}: a vector of {len(seen.embedding)} numbers"
    named = [f"{one.label} {one.probability:.2f}" + _finer(one.label, one.named) for one in seen.boxes]
    return f"{size}: {', '.join(named) or 'nothing'}"


def _finer(label: str, named: str) -> str:
    return "" if named == label or named.startswith("number ") else f" ({named})"
