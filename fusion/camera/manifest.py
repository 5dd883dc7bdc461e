"""What a detector model is and how to talk to it, declared in TOML beside the model file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

DECODERS: Final = ("yolox",)
KEYS: Final = ("name", "sha256", "licence", "source", "decoder", "labels", "input", "thresholds")


class ManifestError(ValueError):
    """A manifest that cannot be used; the text names the key and what was expected."""


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """One detector: which bytes, what picture it takes, how its output is read, what it may be used for."""

    name: str
    sha256: str
    licence: str
    source: str
    decoder: Literal["yolox"]
    labels: tuple[str, ...]
    width_px: int
    height_px: int
    channels: Literal["rgb", "bgr"]
    scale: float
    """Multiplies the 0-255 values of a pixel: 1 where the model reads bytes, 1/255 where it reads fractions."""
    score: float
    """Boxes below this probability are not reported."""
    overlap: float
    """Of two boxes of one label that overlap by more than this (intersection over union) the better one stays."""


def parse_manifest(text: str) -> ModelManifest:
    """TOML -> manifest. Raises ManifestError for what is missing, unknown or out of range.

    Keys: name, sha256, licence, source, decoder, labels = [...]; [input] width_px, height_px, channels, scale;
    [thresholds] score, overlap.
    """
    try:
        table = cast("Mapping[str, object]", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"not TOML: {error}") from error
    _only(table, KEYS, "")
    picture, thresholds = _table(table, "input"), _table(table, "thresholds")
    _only(picture, ("width_px", "height_px", "channels", "scale"), "input.")
    _only(thresholds, ("score", "overlap"), "thresholds.")
    sha256 = _text(table, "sha256").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ManifestError("sha256: 64 hexadecimal digits were expected")
    if (decoder := _text(table, "decoder")) not in DECODERS:
        raise ManifestError(f"decoder: one of {', '.join(DECODERS)} was expected, not {decoder!r}")
    if (channels := _text(picture, "channels", "input.")) not in ("rgb", "bgr"):
        raise ManifestError(f"input.channels: rgb or bgr was expected, not {channels!r}")
    return ModelManifest(
        name=_text(table, "name"),
        sha256=sha256,
        licence=_text(table, "licence"),
        source=_text(table, "source"),
        decoder="yolox",
        labels=_labels(table),
        width_px=_side(picture, "width_px"),
        height_px=_side(picture, "height_px"),
        channels="bgr" if channels == "bgr" else "rgb",
        scale=_number(picture, "scale", "input.", 1.0),
        score=_number(thresholds, "score", "thresholds.", 1.0),
        overlap=_number(thresholds, "overlap", "thresholds.", 1.0),
    )


def _only(table: Mapping[str, object], keys: tuple[str, ...], at: str) -> None:
    if unknown := sorted(set(table) - set(keys)):
        raise ManifestError(f"{at}{unknown[0]}: no such key; known are {', '.join(keys)}")


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = table.get(key)
    if not isinstance(value, dict):
        raise ManifestError(f"[{key}]: the table is missing")
    return cast("Mapping[str, object]", value)


def _text(table: Mapping[str, object], key: str, at: str = "") -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise ManifestError(f"{at}{key}: a text was expected")
    return value


def _labels(table: Mapping[str, object]) -> tuple[str, ...]:
    values = table.get("labels")
    if not isinstance(values, list) or not values:
        raise ManifestError("labels: a list of texts was expected")
    labels = tuple(value for value in cast("list[object]", values) if isinstance(value, str) and value)
    if len(labels) != len(cast("list[object]", values)):
        raise ManifestError("labels: a list of texts was expected")
    return labels


def _side(table: Mapping[str, object], key: str) -> int:
    value = table.get(key)
    # The coarsest grid of the network has cells of 32 pixels.
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0 or value % 32:
        raise ManifestError(f"input.{key}: a multiple of 32 was expected, not {value!r}")
    return value


def _number(table: Mapping[str, object], key: str, at: str, most: float) -> float:
    value = table.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= most:
        raise ManifestError(f"{at}{key}: a number above 0 and not above {most:g} was expected, not {value!r}")
    return float(value)
