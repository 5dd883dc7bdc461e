"""The models that a hub has: a folder `models` below the state folder, one folder a model, and which one is active.

`models/ID/manifest.toml` with the files it names; `models/active.json`: for each task the models in the order in which
they became active, the last one active now. Folders whose names begin with a point are work in progress.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from fusion.camera.manifest import TASKS, ManifestError, ModelManifest, Task
from hub.records.errors import Conflict, NotFound, Refused
from hub.see.folder import MANIFEST, read_manifest
from hub.see.golden import Verified, verify_folder

MOST_REMEMBERED: Final = 20


class Kept(NamedTuple):
    """One folder of the registry: its manifest, or what is wrong with it."""

    id: str
    manifest: ModelManifest | None
    problem: str
    active: bool


class Models:
    """The models below a state folder."""

    def __init__(self, state: Path) -> None:
        self.folder = state / "models"

    def kept(self) -> list[Kept]:
        """All of them, by id."""
        if not self.folder.is_dir():
            return []
        history = self._history()
        active = {ids[-1] for ids in history.values() if ids}
        found: list[Kept] = []
        for path in sorted(self.folder.iterdir()):
            if not path.is_dir() or path.name.startswith("."):
                continue
            manifest, problem = None, ""
            try:
                manifest = self._manifest(path)
            except (ManifestError, OSError) as error:
                problem = str(error)
            found.append(Kept(path.name, manifest, problem, path.name in active))
        return found

    def folder_of(self, id_: str) -> Path:
        """Where a model is; raises NotFound."""
        path = self.folder / id_
        if not id_ or id_.startswith(".") or "/" in id_ or not (path / MANIFEST).is_file():
            there = ", ".join(one.id for one in self.kept()) or "none; see `rosette models fetch`"
            raise NotFound(f"no model {id_!r} in {self.folder}; there are: {there}")
        return path

    def active(self, task: Task) -> str | None:
        """Id of the active model of a task, None where there is none, or its folder is gone."""
        ids = self._history().get(task, [])
        return ids[-1] if ids and (self.folder / ids[-1] / MANIFEST).is_file() else None

    def active_folder(self, task: Task) -> Path:
        """Folder of the active model of a task; raises NotFound."""
        if (id_ := self.active(task)) is None:
            raise NotFound(f"no model to {task} is active: see `rosette models list`, `rosette models activate`")
        return self.folder / id_

    def verify(self, id_: str) -> Verified:
        """Load it in a process of its own and look at its golden picture. Raises Refused with the reason."""
        path = self.folder_of(id_)
        try:
            self._manifest(path)
            return verify_folder(path)
        except ManifestError as error:
            raise Refused(f"{id_} does not verify: {error}") from error

    def activate(self, id_: str) -> tuple[Verified, str | None]:
        """Verify it and let it look from now on -> what was found, and the model that it takes over from."""
        verified = self.verify(id_)
        history = self._history()
        ids = history.setdefault(verified.task, [])
        before = ids[-1] if ids else None
        if before != id_:
            ids.append(id_)
            history[verified.task] = ids[-MOST_REMEMBERED:]
            self._write(history)
        return verified, before

    def rollback(self, task: Task) -> tuple[Verified, str]:
        """Back to the model that was active before -> what verifying it found, and the model that leaves."""
        history = self._history()
        ids = history.get(task, [])
        if len(ids) < 2:
            raise Refused(f"no model to {task} was active before this one" if ids else f"no model to {task} is active")
        verified = self.verify(ids[-2])
        leaves = ids.pop()
        self._write(history)
        return verified, leaves

    @contextlib.contextmanager
    def making(self, id_: str) -> Generator[Path, None, None]:
        """A new folder to fill; it gets its name when all in it is there, and vanishes when something goes wrong."""
        if (self.folder / id_).exists():
            raise Conflict(f"there is a model {id_!r} in {self.folder} already; remove its folder to fetch it again")
        new = self.folder / f".{id_}.{os.getpid()}"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        try:
            yield new
            new.rename(self.folder / id_)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    @staticmethod
    def _manifest(path: Path) -> ModelManifest:
        manifest = read_manifest(path)
        if manifest.id != path.name and not path.name.startswith("."):
            raise ManifestError(f"model.id: {path.name!r}, the name of its folder, was expected, not {manifest.id!r}")
        return manifest

    def _history(self) -> dict[Task, list[str]]:
        try:
            return msgspec.json.decode((self.folder / "active.json").read_bytes(), type=dict[Task, list[str]])
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError as error:
            raise Refused(f"{self.folder / 'active.json'}: {error}; one list of models for each of {TASKS}") from error

    def _write(self, history: dict[Task, list[str]]) -> None:
        new = self.folder / f".active.{os.getpid()}"
        with new.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(history), indent=2))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / "active.json")
