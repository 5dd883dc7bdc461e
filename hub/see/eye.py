"""One pair of eyes: a process that looks with whatever model is active, and whose fault it is when that goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from fusion.camera.manifest import ManifestError
from hub.see.drawn import drawn
from hub.see.folder import read_manifest
from hub.see.looking import Died, Looking
from hub.see.observed import Levels, key_of, levels_of
from hub.see.registry import Models
from hub.see.seen import Seen


class Active(NamedTuple):
    """The detector that looks now. key: ``id@version``."""

    id: str
    key: str
    folder: Path
    levels: Levels


def active_detector(models: Models) -> Active | None:
    """The active detector, None where there is none. Raises ManifestError, HubError, OSError where it is damaged."""
    id_ = models.active("detect")
    if id_ is None:
        return None
    folder = models.folder_of(id_)
    manifest = read_manifest(folder)
    return Active(id_, key_of(manifest), folder, levels_of(manifest))


class Broken(Exception):
    """The model, or the machine, is at fault, not the picture: it is to be looked at later. The text says why."""


class Eye:
    """Looks at one picture at a time, from one thread; `close` may come from another one."""

    def __init__(self, start: Callable[[Path], Looking] = Looking) -> None:
        self._start = start
        self._looking: Looking | None = None
        self._model: Active | None = None
        self._ending = threading.Event()
        self._deaths = 0

    @property
    def deaths(self) -> int:
        """How many processes ended while they looked."""
        return self._deaths + (self._looking.deaths if self._looking else 0)

    def look(self, model: Active, data: bytes) -> Seen:
        """What this model sees in these bytes. Raises Broken.

        Whoever ends the process may be somebody else: a picture has a second try. After two deaths a drawn picture
        is looked at. If that goes well it was the picture.
        """
        looking = self._with(model)
        try:
            try:
                return looking.attempt(data)
            except Died:
                if self._ending.is_set():
                    raise Broken("the hub ends") from None
            try:
                return looking.attempt(data)
            except Died as second:
                self._control(looking, second)
                return Seen(state="unreadable", reason=str(second))
        except ManifestError as error:
            raise Broken(f"{model.id} cannot be loaded again: {error}") from error

    def close(self) -> None:
        """End the process; whoever is looking through it is told that it died."""
        self._ending.set()
        if self._looking is not None:
            self._looking.close()

    def _with(self, model: Active) -> Looking:
        if self._ending.is_set():
            raise Broken("the hub ends")
        if self._looking is not None and self._model == model:
            return self._looking
        if self._looking is not None:
            self._deaths += self._looking.deaths
            self._looking.close()
        self._looking = None
        try:
            self._looking, self._model = self._start(model.folder), model
        except (ManifestError, OSError) as error:
            raise Broken(f"{model.id} cannot be loaded: {error}") from error
        if self._ending.is_set():
            self._looking.close()
            raise Broken("the hub ends")
        return self._looking

    def _control(self, looking: Looking, death: Died) -> None:
        if self._ending.is_set():
            raise Broken("the hub ends")
        try:
            looking.attempt(drawn())
        except Died:
            raise Broken(f"its process dies of any picture: {death}") from death
