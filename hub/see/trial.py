"""Models on trial: how long one takes, and where two differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from fusion.camera.manifest import ManifestError
from hub.media.kinds import MOST_PICTURE_BYTES
from hub.records.errors import Refused
from hub.see.drawn import drawn
from hub.see.folder import read_manifest
from hub.see.looking import Looking
from hub.see.seen import Seen

PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
REPEATS: Final = 20
GREAT: Final = 0.2
"""A difference of probabilities that is worth a look, where both models would show the same."""


def pictures_in(paths: Sequence[Path]) -> list[Path]:
    """Files as they are, and the pictures of folders, by name."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.suffix.lower() in PICTURES and one.is_file())
        else:
            found.append(path)
    return found


def look_at(looking: Looking, path: Path) -> Seen:
    """Look at a file; one that cannot be opened is unreadable like any other."""
    try:
        with path.open("rb") as file:
            # No more than is needed to see that it is too large.
            data = file.read(MOST_PICTURE_BYTES + 1)
    except OSError as error:
        return Seen(state="unreadable", reason=error.strerror or str(error))
    return looking.look(data)


def bench_folder(folder: Path, files: Sequence[Path]) -> dict[str, Any]:
    """Figures of one model over files, or over a drawn picture many times; milliseconds of processor time."""
    with _looking(folder) as looking:
        looking.look(drawn())
        seen = [look_at(looking, path) for path in files] or [looking.look(drawn()) for _ in range(REPEATS)]
    good = [one for one in seen if one.state != "unreadable"]
    if not good:
        raise Refused(f"none of the pictures could be looked at: {seen[0].reason}")
    decode, model = ([getattr(one, key) for one in good] for key in ("decode_ms", "model_ms"))
    mean = (sum(decode) + sum(model)) / len(good)
    return {
        "model": read_manifest(folder).id,
        "pictures": len(good),
        "unreadable": len(seen) - len(good),
        "decode_ms": sum(decode) / len(good),
        "model_ms": sum(model) / len(good),
        "model_ms_least": min(model),
        "pictures_per_s_per_core": 1_000 / mean,
        "budget_ms": read_manifest(folder).runtime.budget_ms,
        "memory_mb": looking.memory_mb,
    }


def shadow_folders(active: Path, candidate: Path, files: Sequence[Path]) -> dict[str, Any]:
    """Both look at each picture -> for each group how many both, or one alone, would show; and which these are."""
    sides = (read_manifest(active), read_manifest(candidate))
    groups: dict[str, dict[str, int]] = {}
    differences: list[dict[str, Any]] = []
    spent = [0.0, 0.0]
    read = 0
    with _looking(active) as first, _looking(candidate) as second:
        for path in files:
            seen = (look_at(first, path), look_at(second, path))
            for side, one in enumerate(seen):
                spent[side] += one.model_ms
            read += all(one.state != "unreadable" for one in seen)
            best = tuple(_best(one) for one in seen)
            for group in sorted(set(best[0]) | set(best[1])):
                levels = [one.get(group, 0.0) for one in best]
                shown = [level >= side.thresholds.show for level, side in zip(levels, sides, strict=True)]
                counts = groups.setdefault(group, {"both": 0, "only_active": 0, "only_candidate": 0})
                if any(shown):
                    counts["both" if all(shown) else "only_active" if shown[0] else "only_candidate"] += 1
                if shown[0] != shown[1] or (any(shown) and abs(levels[0] - levels[1]) >= GREAT):
                    differences.append({"file": path.name, "group": group, "active": levels[0], "candidate": levels[1]})
            for side, one in enumerate(seen):
                if one.state == "unreadable" and seen[1 - side].state != "unreadable":
                    differences.append(
                        {"file": f"{path.name}: {one.reason}", "group": "unreadable", "active": 0.0, "candidate": 0.0}
                    )
    return {
        "active": sides[0].id,
        "candidate": sides[1].id,
        "pictures": len(files),
        "unreadable": len(files) - read,
        "groups": groups,
        "differences": sorted(differences, key=lambda one: -abs(one["active"] - one["candidate"])),
        "active_ms": spent[0] / max(read, 1),
        "candidate_ms": spent[1] / max(read, 1),
    }


def _looking(folder: Path) -> Looking:
    try:
        return Looking(folder)
    except ManifestError as error:
        raise Refused(f"{folder.name} cannot be used: {error}") from error


def _best(seen: Seen) -> dict[str, float]:
    best: dict[str, float] = {}
    for box in seen.boxes:
        best[box.label] = max(best.get(box.label, 0.0), box.probability)
    return best
