"""MegaDetector results: picture by picture, and the published example."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.ingest.dialects import table
from hub.ingest.dialects.megadetector import DIALECT, read_file
from hub.ingest.dialects.reading import Item, Source
from hub.records.observation import Detection, Reading
from hub.records.receipt import Bad, Decoded

RECEIVED = datetime(2025, 6, 15, 16, 0, tzinfo=UTC)


def read(results: object, device: str | None = None) -> list[Item]:
    body = results if isinstance(results, bytes) else msgspec.json.encode(results)
    return list(read_file(io.BytesIO(body), Source(address="results.json", received_at=RECEIVED, device=device)))


def results(*images: object) -> dict[str, Any]:
    return {"info": {}, "detection_categories": {"1": "animal"}, "images": list(images)}


def image(**change: object) -> dict[str, Any]:
    found = {"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.2, 0.2]}
    return {"file": "cam-4/a.jpg", "datetime": "2025:06:15 03:10:11", "detections": [found]} | change


def test_bad_picture__spoils_only_itself() -> None:
    before, bad, after = read(results(image(), image(file=5), image()))
    assert isinstance(before, Decoded) and isinstance(after, Decoded)
    assert isinstance(bad, Bad) and "$.file" in bad.reason


def test_picture_without_a_time__is_refused_and_told_what_to_do() -> None:
    (item,) = read(results(image(datetime=None)))
    assert isinstance(item, Bad) and item.code == "malformed"
    assert "datetime" in item.reason and "--include_exif" in item.reason


@pytest.mark.parametrize(
    ("file", "device"),
    [
        ("cam-4/a.jpg", "cam-4"),
        ("cam-4\\DCIM\\a.jpg", "cam-4"),
        ("C:\\cam-4\\a.jpg", "cam-4"),
        ("/cam-4/100/a.jpg", "cam-4"),
    ],
)
def test_device__is_the_first_folder(file: str, device: str) -> None:
    (item,) = read(results(image(file=file)))
    assert isinstance(item, Decoded) and item.observation.device == device


def test_device__of_the_import_wins_over_the_folder() -> None:
    (item,) = read(results(image(file="a.jpg")), device="cam-9")
    assert isinstance(item, Decoded) and item.observation.device == "cam-9"


def test_picture_with_detections_at_0_only__is_empty() -> None:
    (item,) = read(results(image(detections=[{"category": "1", "conf": 0, "bbox": [0, 0, 0, 0]}])))
    assert isinstance(item, Decoded) and isinstance(item.observation, Reading)
    assert item.observation.quantity == "image.empty"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not MegaDetector results"),
        (b"[" * 100_000, "not MegaDetector results"),
        (b'{"images":[],"detection_categories":{"1":"a\\u0000"}}', "NUL character"),
        (results(image(file="cam\0/a.jpg")), "NUL character in $.file"),
        (results(image(datetime="soon")), "not a time in $.datetime"),
        (results(image(detections=[{"category": "1", "conf": 2}])), "$.probability"),
        (results(image(detections=None)), "could not read"),
    ],
)
def test_bad_results__are_refused_with_what_and_where(body: object, reason: str) -> None:
    (item,) = read(body)
    assert isinstance(item, Bad) and reason in item.reason


def test_published_example__has_no_times_until_they_are_added(shared_data: Path) -> None:
    published = msgspec.json.decode((shared_data / "wire/camera_ai/megadetector_batch_format.json").read_bytes())
    example = published[0]["payload"]
    refused = read(example)
    assert len(refused) == 5
    assert all(isinstance(item, Bad) for item in refused)
    for picture in example["images"]:
        picture["datetime"] = "2026:05:26 19:00:00"
    *taken, failed = read(example)
    observations = [item.observation for item in taken if isinstance(item, Decoded)]
    found = [each for each in observations if isinstance(each, Detection)]
    empty = [each for each in observations if isinstance(each, Reading)]
    assert [each.label for each in found] == ["animal", "animal", "person", "person"]
    assert found[0].attributes["classifications"][0] == ["bear", 0.901]
    assert (found[3].observed_at - found[2].observed_at).total_seconds() == 1
    assert [each.quantity for each in empty] == ["image.empty", "image.empty"]
    assert isinstance(failed, Bad) and "Failure image access" in failed.reason


def test_table__recognises_results_by_their_first_bytes() -> None:
    assert table.sniff("results.json", msgspec.json.encode(results(image()))) is DIALECT
