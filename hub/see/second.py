"""The task of the hub that looks again where it pays: with the heavy detector, and with a classifier at cut-outs.

What it does follows from wishes (`hub.see.sequencing`): the light model has looked, and something is unsure, rare, or
to be named. The heavy model's answer and the light one's become one look, which counts from then on; what a classifier
says is kept beside it. The wish is fulfilled last, so a hub that was killed does it again, with the same outcome.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol
from uuid import UUID

import msgspec

from fusion.camera.cascade import joined
from fusion.camera.frame import ANIMAL, Area, FrameBox
from fusion.camera.manifest import ManifestError, Task
from fusion.camera.rules_toml import CameraRules
from hub.media.vault import Vault
from hub.records.errors import Gone, HubError
from hub.records.medium import Medium
from hub.see.folder import read_manifest
from hub.see.judged import rules_of
from hub.see.looking import Died, Looking
from hub.see.observed import Levels, key_of, levels_of
from hub.see.registry import Models
from hub.see.seen import Box, Crop, Seen
from hub.see.settling import Looked, Settler
from hub.store import judging, looks, media, second_looks, sites
from hub.store import sequences as store
from hub.store.database import Database
from hub.store.second_looks import Wished

LOGGER = logging.getLogger(__name__)
ASK_EVERY_S: Final = 1.0
MODEL_PAUSE_S: Final = 10.0
MOST_IN_HAND: Final = 16
CLASSIFY: Final = "classify"
JOINED: Final = "+"
HEAVY_S: Final = 120.0
"""A heavy model takes seconds a picture, on a slow machine many."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_seen = msgspec.json.Decoder(Seen).decode


class Eyes(Protocol):
    """What looks with one model, from one thread."""

    def attempt(self, data: bytes, boxes: Sequence[Area] = ()) -> Seen:
        """What is seen, in the whole picture or in boxes. Raises Died, ManifestError."""
        ...

    def close(self) -> None:
        """End."""
        ...


class _Model:
    """One model, loaded when it is first wanted, and again when another one has its place."""

    def __init__(self, models: Models, task: Task, open_: Callable[..., Eyes]) -> None:
        self._models, self._task, self._open = models, task, open_
        self._id = ""
        self._eyes: Eyes | None = None
        self.key = ""
        self.levels = Levels(0.2)

    def take(self, id_: str | None) -> Eyes | None:
        """The eyes of this model; None where no model is named. Raises HubError, ManifestError, OSError."""
        if id_ is None or not id_:
            return None
        if id_ == self._id and self._eyes is not None:
            return self._eyes
        self.close()
        folder = self._models.folder_of(id_)
        manifest = read_manifest(folder)
        if manifest.task != self._task:
            raise ManifestError(f"{id_} is there to {manifest.task}, not to {self._task}")
        self._eyes = self._open(folder, picture_s=HEAVY_S)
        self._id, self.key, self.levels = id_, key_of(manifest), levels_of(manifest)
        return self._eyes

    def close(self) -> None:
        if self._eyes is not None:
            self._eyes.close()
        self._id, self._eyes = "", None


class SecondLooks:
    """`run` looks until it is cancelled. `problem`: why wishes wait."""

    def __init__(
        self, database: Database, vault: Vault, models: Models, settler: Settler, *, eyes: Callable[..., Eyes] = Looking
    ) -> None:
        self._database = database
        self._vault = vault
        self._models = models
        self._settler = settler
        self._heavy = _Model(models, "detect", eyes)
        self._classifier = _Model(models, "classify", eyes)
        self._wished = asyncio.Event()
        self._put_back: set[UUID] = set()
        self.problem = ""

    def wish(self) -> None:
        """There may be something to do."""
        self._wished.set()

    async def run(self) -> None:
        """Look again. Raises Unavailable when the database does not answer: run it again."""
        threads = ThreadPoolExecutor(1, thread_name_prefix="second-look")
        try:
            while True:
                self._wished.clear()
                if not await self.step(threads):
                    try:
                        await asyncio.wait_for(self._wished.wait(), ASK_EVERY_S if not self.problem else MODEL_PAUSE_S)
                    except TimeoutError:
                        continue
        finally:
            self._heavy.close()
            self._classifier.close()
            threads.shutdown(wait=False, cancel_futures=True)

    async def step(self, threads: ThreadPoolExecutor) -> bool:
        """Some wishes -> was any fulfilled? What cannot be now is put back, and does not hold up the others."""
        wishes = await second_looks.waiting(self._database, MOST_IN_HAND, in_hand=self._put_back)
        if not wishes:
            self._put_back.clear()
        fulfilled = False
        for wished in wishes:
            rules = rules_of((await judging.newest(self._database, wished.site)).text)
            medium = await media.get(self._database, wished.site, wished.medium)
            if medium.looked_by != wished.looked_by or medium.state == "erased":
                async with self._database.transaction() as connection:
                    await second_looks.done(connection, wished, "another look counts by now, or the picture is erased")
            elif (problem := await self._fulfil(wished, medium, rules, threads)) is not None:
                self.problem = problem
                self._put_back.add(wished.medium)
                continue
            fulfilled = True
        return fulfilled

    async def _fulfil(
        self, wished: Wished, medium: Medium, rules: CameraRules, threads: ThreadPoolExecutor
    ) -> str | None:
        """None, or why it cannot be done now."""
        loop = asyncio.get_running_loop()
        wants_heavy = wished.reason != CLASSIFY
        try:
            heavy = await loop.run_in_executor(threads, self._heavy.take, rules.limits.model if wants_heavy else None)
            classifier = await loop.run_in_executor(threads, self._classifier.take, self._models.active("classify"))
        except (HubError, ManifestError, OSError) as error:
            return f"second looks wait: {error}"
        if wants_heavy and heavy is None:
            return "second looks wait: the site names no heavy model any more"
        if not wants_heavy and classifier is None:
            return "animals wait for their names: no classifier is active"
        self.problem = ""
        found = await looks.of(self._database, wished.site, wished.medium)
        light = next(one for one in found if one.model == wished.looked_by)
        seen, problem = _seen(light.body), ""
        before: Seen = seen
        crops: list[Crop] = []
        try:
            data = await loop.run_in_executor(threads, self._vault.open, medium.sha256)
            if heavy is not None:
                again = await loop.run_in_executor(threads, heavy.attempt, data)
                async with self._database.transaction() as connection:
                    await second_looks.add(connection, wished, self._heavy.key, wished.reason, _encode(again))
                if again.state != "unreadable":
                    seen = joined_seen(seen, again, rules)
            areas = [
                area_of(one) for one in seen.boxes if one.label == ANIMAL and one.probability >= rules.limits.blank
            ]
            if classifier is not None and areas:
                crops = (await loop.run_in_executor(threads, classifier.attempt, data, areas)).crops
        except (Died, Gone, ManifestError) as error:
            # The light look stands; what a second one would say is not known, and is not asked for ever.
            problem = str(error) or type(error).__name__
            LOGGER.warning("no second look at %s: %s", medium.id, problem)
        if crops:
            async with self._database.transaction() as connection:
                await second_looks.add(connection, wished, self._classifier.key, CLASSIFY, _encode(crops))
        if seen is not before:
            site = await sites.get(self._database, wished.site)
            levels = msgspec.json.decode(light.thresholds, type=Levels)
            key = f"{wished.looked_by}{JOINED}{self._heavy.key}"
            await self._settler.settle([Looked(medium, key, seen, levels)], {site.id: site})
        async with self._database.transaction() as connection:
            await second_looks.done(connection, wished, problem)
            await store.again(connection, [medium.id])
        return None


def area_of(box: Box) -> Area:
    """Left, top, width, height."""
    return (box.x, box.y, box.width, box.height)


def joined_seen(light: Seen, heavy: Seen, rules: CameraRules) -> Seen:
    """The light model's look with the boxes of both, as one answer (`fusion.camera.cascade.joined`)."""
    names: dict[Area, str] = {area_of(box): box.named for box in (*light.boxes, *heavy.boxes)}
    boxes = joined(_boxes(light), _boxes(heavy), rules.limits)
    return msgspec.structs.replace(
        light,
        boxes=[Box(one.group, round(one.probability, 6), names.get(one.area, one.group), *one.area) for one in boxes],
        model_ms=light.model_ms + heavy.model_ms,
    )


def _boxes(seen: Seen) -> list[FrameBox]:
    return [FrameBox(box.label, min(box.probability, 1.0), area_of(box)) for box in seen.boxes]
