"""MegaDetector batch results (a JSON file): https://lila.science/megadetector-output-format.

Each detection above 0 is a Detection, a picture without any is a Reading ``image.empty``, a picture that could not be
read is refused with MegaDetector's reason. The format does not require times: a picture without one is refused, too
(run MegaDetector with ``--include_image_timestamp`` or ``--include_exif_data``). Cameras write local time without a
zone: it is taken as UTC and flagged ``no_time_zone``. The device is the first folder of the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import PureWindowsPath
from typing import Any, BinaryIO

import msgspec

from hub.ingest.dialects import vet
from hub.ingest.dialects.reading import Dialect, Item, Source, bad, observe
from hub.records.errors import Malformed
from hub.records.observation import Detection, Observation, Reading

EXIF_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) ")
Fields = dict[str, Any]
# A file that is something else is in quarantine only with its beginning.
KEPT_OF_FILE = 65_536


class _Found(msgspec.Struct):
    category: str
    conf: float
    bbox: tuple[float, float, float, float] | None = None
    classifications: list[tuple[str, float]] = []
    frame_number: int | None = None


class _Image(msgspec.Struct):
    file: str
    detections: list[_Found] | None = None
    failure: str | None = None
    datetime: str | None = None
    exif_metadata: Any = None
    frame_rate: float | None = None


class _Results(msgspec.Struct):
    images: list[msgspec.Raw]
    detection_categories: dict[str, str]
    info: Fields = {}
    classification_categories: dict[str, str] = {}
    classification_category_descriptions: dict[str, str] = {}


def read_file(stream: BinaryIO, source: Source) -> Iterator[Item]:
    """Pictures one after the other; the text of the file is held in memory, its pictures are decoded one by one."""
    body = stream.read()
    try:
        results = msgspec.json.decode(body, type=_Results)
        vet.sound([results.info, results.detection_categories, results.classification_categories])
        vet.sound(results.classification_category_descriptions)
    except (ValueError, RecursionError, Malformed) as error:
        yield bad(body[:KEPT_OF_FILE], f"not MegaDetector results: {error}")
        return
    for part in results.images:
        raw = bytes(part)
        yield from vet.attempt(raw, partial(_read, raw, results, source))


def _read(raw: bytes, results: _Results, source: Source) -> list[Observation]:
    vet.parsed(raw)
    image = msgspec.json.decode(raw, type=_Image)
    if image.failure or image.detections is None:
        raise Malformed(f"MegaDetector could not read {image.file}: {image.failure or 'no $.detections'}")
    path = PureWindowsPath(image.file)
    folders = path.parts[1:-1] if path.anchor else path.parts[:-1]
    device = source.device or (folders[0] if folders else None)
    if device is None:
        raise Malformed(f"no device: {image.file} in $.file is in no folder, which would name its camera")
    taken_at, flags = _taken_at(image)
    detector = results.info.get("detector")
    attributes: Fields = {} if detector is None else {"detector": detector}
    shared: Fields = {"device": device, "flags": flags}
    # The format says: a category that is not listed is no detection.
    known = results.detection_categories
    seen = [found for found in image.detections if found.conf > 0 and found.category in known]
    if not seen:
        attributes["media"] = image.file
        empty = observe(
            Reading, observed_at=taken_at, quantity="image.empty", value=True, attributes=attributes, **shared
        )
        return [empty]
    return [_detection(found, image, taken_at, results, attributes, shared) for found in seen]


def _detection(
    found: _Found, image: _Image, taken_at: datetime, results: _Results, attributes: Fields, shared: Fields
) -> Detection:
    names = results.classification_categories
    classified = [[names.get(key, key), probability] for key, probability in found.classifications]
    if classified:
        attributes = attributes | {"classifications": classified}
    if found.frame_number is not None:
        attributes = attributes | {"frame_number": found.frame_number}
        if image.frame_rate is not None and image.frame_rate > 0:
            taken_at = _later(taken_at, found.frame_number / image.frame_rate)
    best = found.classifications[0][0] if found.classifications else ""
    return observe(
        Detection,
        observed_at=taken_at,
        label=results.detection_categories[found.category],
        probability=found.conf,
        scientific_name=_scientific_name(results.classification_category_descriptions.get(best, "")),
        media=image.file,
        bounding_box=found.bbox,
        attributes=attributes,
        **shared,
    )


def _scientific_name(description: str) -> str | None:
    """Binomial of SpeciesNet's ``id;class;order;family;genus;species;common name``; other descriptions have none."""
    parts = description.split(";")
    if len(parts) != 7 or not parts[4] or not parts[5]:
        return None
    return f"{parts[4].capitalize()} {parts[5]}"


def _taken_at(image: _Image) -> tuple[datetime, tuple[str, ...]]:
    told: object = image.datetime
    if not told and isinstance(image.exif_metadata, dict):
        told = image.exif_metadata.get("DateTimeOriginal") or image.exif_metadata.get("DateTime")
    if not isinstance(told, str) or not told.strip():
        raise Malformed(
            f"no time: {image.file} has no $.datetime; run MegaDetector with --include_image_timestamp "
            "or --include_exif_data, or add datetime"
        )
    time = vet.instant(EXIF_TIME.sub(r"\1-\2-\3 ", told, count=1), "$.datetime")
    zoned = told.rstrip().endswith("Z") or re.search(r"[+-]\d\d:?\d\d$", told.rstrip())
    return time, () if zoned else ("no_time_zone",)


def _later(time: datetime, seconds: float) -> datetime:
    try:
        return time + timedelta(seconds=seconds)
    except OverflowError:
        raise Malformed("a frame beyond the end of time in $.detections[…].frame_number") from None


def _sniff(file_name: str, head: bytes) -> bool:
    return b'"detection_categories"' in head or (b'"images"' in head and b'"detections"' in head)


DIALECT = Dialect(name="megadetector", title="MegaDetector results", file=read_file, sniff=_sniff)
