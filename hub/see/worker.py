"""The process that looks at pictures: `python -m hub.see.worker`. It has no login, no files, and a limit on memory.

Orders come in on standard input, replies go out on standard output: four bytes of length, then msgpack. Whatever it is
given, it answers; where it cannot, it dies, and `hub.see.looking` starts another one.
"""

from __future__ import annotations

import math
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

import cv2
import msgspec

from fusion.camera.crop import square_crop
from fusion.camera.frame import Area
from fusion.camera.manifest import ManifestError
from fusion.camera.model import Model
from hub.see.chips import chips
from hub.see.folder import read_folder
from hub.see.pixels import Picture, Unreadable, read_picture
from hub.see.quality import quality
from hub.see.seen import Answer, Box, Crop, Cut, Failed, Load, Order, Ready, Reply, Seen, Show, Shown
from hub.see.veiled import as_jpeg

MEMORY_MB: Final = 1_024
"""More than the process has when it starts: what the largest picture takes."""

_orders = msgspec.msgpack.Decoder(Order)
_replies = msgspec.msgpack.Encoder()


def main() -> None:
    """Answer until the hub closes the pipe."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # Libraries that print must not speak into the replies.
    os.dup2(2, 1)
    cv2.setNumThreads(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _limit_memory(MEMORY_MB)
    model: Model | None = None
    while (order := _read(source)) is not None:
        reply: Reply
        if isinstance(order, Load):
            model = None
            try:
                manifest, data = read_folder(Path(order.folder))
                _limit_memory(max(MEMORY_MB, manifest.runtime.memory_mb))
                model = Model(manifest, data)
                reply = Ready(manifest.id, _peak_mb())
            except ManifestError as error:
                reply = Failed(str(error))
            except MemoryError:
                reply = Failed("model.file: it needs more memory than runtime.memory_mb allows")
            except OSError as error:
                reply = Failed(f"{Path(error.filename or order.folder).name}: {error.strerror or error}")
        elif isinstance(order, Show):
            reply = show(order)
        elif isinstance(order, Cut):
            reply = chips(order)
        else:
            reply = Answer(look(order.data, model, order.boxes), _peak_mb())
        body = _replies.encode(reply)
        sink.write(len(body).to_bytes(4, "big") + body)
        sink.flush()


def look(data: bytes, model: Model | None, boxes_of: Sequence[Area] = ()) -> Seen:
    """Bytes -> what is seen in them, or in the boxes given, by a classifier. Never raises but what ends the process."""
    begin = time.process_time()
    try:
        # Cut-outs are small enough: they want all the pixels that there are.
        picture = read_picture(data, model.manifest.input if model and not boxes_of else None)
        measured = quality(picture.pixels)
    except Unreadable as reason:
        return Seen(state="unreadable", reason=str(reason))
    except MemoryError:
        return Seen(state="unreadable", reason="it needs more memory than a picture may")
    read = time.process_time()
    try:
        crops = _classified(picture, model, boxes_of) if model and boxes_of else []
        boxes, embedding = ([], []) if boxes_of else _ask(picture, model)
    except MemoryError:
        return Seen(state="unreadable", reason="the model needs more memory than runtime.memory_mb allows")
    except ManifestError as error:
        return Seen(state="unreadable", reason=f"the model failed: {error}")
    return Seen(
        state="partial" if picture.rows_kept < 1.0 else "seen",
        kind=picture.kind,
        width_px=picture.width_px,
        height_px=picture.height_px,
        rows_kept=round(picture.rows_kept, 4),
        boxes=boxes,
        embedding=embedding,
        crops=crops,
        facts=picture.facts,
        brightness=measured.brightness,
        sharpness=measured.sharpness,
        infrared=measured.infrared,
        perceptual_hash=measured.hash,
        decode_ms=round((read - begin) * 1e3, 3),
        model_ms=round((time.process_time() - read) * 1e3, 3),
    )


def _classified(picture: Picture, model: Model, boxes: Sequence[Area]) -> list[Crop]:
    if model.manifest.task != "classify":
        raise ManifestError(f"cut-outs are for a classifier; {model.manifest.id} is there to {model.manifest.task}")
    least, most = model.manifest.thresholds.keep, model.manifest.output.max_det
    found: list[Crop] = []
    for area in boxes:
        cut = square_crop(picture.pixels, area)
        named = model.classify(cut)[:most] if cut is not None else []
        found.append(Crop(area, [(one.label, one.probability) for one in named if one.probability >= least]))
    return found


def show(order: Show) -> Shown:
    """Bytes -> a JPEG that may be shown. Never raises but what ends the process."""
    try:
        picture = read_picture(order.data)
        return Shown(as_jpeg(picture.pixels, order.parts, order.width_px, order.quality))
    except Unreadable as reason:
        return Shown(reason=str(reason))
    except (MemoryError, ValueError) as error:
        return Shown(reason=str(error) or "it needs more memory than a picture may")


def _ask(picture: Picture, model: Model | None) -> tuple[list[Box], list[float]]:
    if model is None:
        return [], []
    match model.manifest.task:
        case "detect":
            height, width = picture.pixels.shape[:2]
            return [
                Box(
                    one.label,
                    one.probability,
                    one.named,
                    one.left_px / width,
                    one.top_px / height,
                    (one.right_px - one.left_px) / width,
                    (one.bottom_px - one.top_px) / height,
                )
                for one in model.detect(picture.pixels)
                if math.isfinite(one.left_px + one.top_px + one.right_px + one.bottom_px + one.probability)
            ], []
        case "classify":
            kept = model.classify(picture.pixels)[: model.manifest.output.max_det]
            least = model.manifest.thresholds.keep
            return [
                Box(one.label, one.probability, one.label, 0, 0, 1, 1) for one in kept if one.probability >= least
            ], []
        case "embed":
            return [], model.embed(picture.pixels).tolist()


def _read(source: BinaryIO) -> Order | None:
    head = source.read(4)
    if len(head) < 4:
        return None
    length = int.from_bytes(head, "big")
    return _orders.decode(source.read(length))


def _limit_memory(more_mb: int) -> None:
    """So much address space beyond what is taken now; without it a file of 1 KB may ask for terabytes."""
    if not sys.platform.startswith("linux"):
        return
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + (more_mb << 20), resource.getrlimit(resource.RLIMIT_AS)[1]))


def _peak_mb() -> float:
    if sys.platform.startswith("linux"):
        # Not getrusage: its maximum begins with that of the process that started this one.
        status = Path("/proc/self/status").read_text()
        return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), 1)


if __name__ == "__main__":
    main()
