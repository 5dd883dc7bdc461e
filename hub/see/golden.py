"""Does a model do here what it did where it was packed? It is loaded beside the hub and looks at its golden picture."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from fusion.camera.manifest import ManifestError, Task
from hub.see.drawn import drawn
from hub.see.folder import read_manifest
from hub.see.looking import Looking
from hub.see.seen import Seen

TIMED: Final = 5
MOST_COMPARED: Final = 64


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the golden picture showed: boxes as (label, probability, x, y, width, height), or the vector's beginning."""

    boxes: list[tuple[str, float, float, float, float, float]] = []
    embedding: list[float] = []


class Verified(NamedTuple):
    """A model that can be used."""

    id: str
    task: Task
    golden: bool
    """A golden picture was there, and looked as expected."""
    ms: float
    """Processor time for one picture, the least of five."""
    budget_ms: float
    memory_mb: float


def verify_folder(folder: Path) -> Verified:
    """Load, look, compare. Raises ManifestError with what is wrong."""
    manifest = read_manifest(folder)
    golden = manifest.golden
    picture = (folder / golden.image).read_bytes() if golden and (folder / golden.image).is_file() else b""
    if golden and not picture:
        raise ManifestError(f"golden.image: {golden.image!r} is not in the model's folder")
    with Looking(folder) as looking:
        seen = looking.look(picture or drawn())
        if seen.state == "unreadable":
            raise ManifestError(f"golden.image: it could not be looked at: {seen.reason}")
        if golden:
            _compare(seen, _expected(folder / golden.expect), golden.atol)
        ms = min(looking.look(picture or drawn()).model_ms for _ in range(TIMED))
        return Verified(
            manifest.id, manifest.task, golden is not None, ms, manifest.runtime.budget_ms, looking.memory_mb
        )


def expectation(seen: Seen) -> Expected:
    """What was seen, in the form in which it is compared later."""
    boxes = [(one.label, one.probability, one.x, one.y, one.width, one.height) for one in seen.boxes]
    return Expected(boxes, seen.embedding[:MOST_COMPARED])


def _expected(path: Path) -> Expected:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Expected)
    except FileNotFoundError:
        raise ManifestError(f"golden.expect: {path.name!r} is not in the model's folder") from None
    except msgspec.MsgspecError as error:
        raise ManifestError(f"golden.expect: {path.name}: {error}") from error


def _compare(seen: Seen, expected: Expected, atol: float) -> None:
    found = expectation(seen)
    labels, wanted = [one[0] for one in found.boxes], [one[0] for one in expected.boxes]
    if labels != wanted:
        raise ManifestError(f"golden: {wanted[:6]} were expected in the golden picture, not {labels[:6]}")
    for mine, theirs in zip(found.boxes, expected.boxes, strict=True):
        apart = max(abs(a - b) for a, b in zip(mine[1:], theirs[1:], strict=True))
        if apart > atol:
            raise ManifestError(f"golden: {mine[0]} is {apart:.2g} from what was expected; at most {atol:g} is allowed")
    if len(found.embedding) != len(expected.embedding):
        raise ManifestError("golden: a vector of another length was expected")
    apart = max((abs(a - b) for a, b in zip(found.embedding, expected.embedding, strict=True)), default=0.0)
    if apart > atol:
        raise ManifestError(f"golden: the vector is {apart:.2g} from what was expected; at most {atol:g} is allowed")
