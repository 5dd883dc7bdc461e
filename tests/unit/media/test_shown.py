"""What may be shown to whom, decided from looks, words and roles; and that pixelated is pixelated."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import cv2
import msgspec
import numpy as np
import pytest
from PIL import Image

from hub.media.shown import Sight, by_medium, may_be_shown, may_have_original, public_facts, sight_of
from hub.records.medium import Medium
from hub.records.observation import Detection, Sighting
from hub.records.person import Role
from hub.see.veiled import as_jpeg, veiled
from hub.store.observations import Seen
from hub.store.shown import Look
from tests.builders import NOON, an_id

ONE, SMALL = an_id("one"), an_id("small")


def a_medium(**given: Any) -> Medium:
    fields = {"id": ONE, "site": "leopard", "sha256": bytes(32), "kind": "jpeg", "bytes": 1, "received_at": NOON}
    return Medium(**(fields | {"looked_by": "model@2"} | given))


def a_look(
    *boxes: tuple[Any, ...], model: str = "model@2", of: UUID = ONE, groups: tuple[str, ...] = ("person",)
) -> Look:
    body = {
        "boxes": [dict(zip(("label", "probability", "x", "y", "width", "height"), box, strict=True)) for box in boxes]
    }
    levels = {"show": 0.4, "groups": groups}
    return Look(ONE, of, model, msgspec.json.encode(body), msgspec.json.encode(levels))


def said(kind: type[Detection | Sighting], **given: Any) -> Seen:
    observation = kind(device="cam", observed_at=NOON, **given)
    return Seen(an_id("said"), "cam", NOON, NOON, observation)


def test_sight__nobody_has_looked_so_nothing_may_be_shown() -> None:
    sight = sight_of(a_medium(), [], [])
    assert sight.persons is None and not may_be_shown(sight)
    assert not may_be_shown(sight_of(a_medium(), [a_look(groups=("animal",))], [])), "it cannot see persons"
    assert may_be_shown(sight_of(a_medium(), [a_look()], []))


def test_sight__every_model_and_every_copy_may_find_the_person() -> None:
    animal = ("animal", 0.9, 0.5, 0.5, 0.1, 0.1)
    older = a_look(("person", 0.21, 0.1, 0.1, 0.2, 0.6), model="model@1")
    copy = a_look(("person", 0.9, 0.4, 0.1, 0.2, 0.6), of=SMALL)
    faint = ("person", 0.19, 0.8, 0.8, 0.1, 0.1)
    sight = sight_of(a_medium(), [older, a_look(animal, faint), copy], [])
    assert sight.persons is True
    assert [box.label for box in sight.boxes] == ["animal"], "only the look that counts is told"
    assert sight.veils == ((0.1, 0.1, 0.2, 0.6), (0.4, 0.1, 0.2, 0.6))


def test_sight__of_a_vehicle_the_lower_half_is_hidden() -> None:
    sight = sight_of(a_medium(), [a_look(("vehicle", 0.9, 0.25, 0.5, 0.5, 0.25))], [])
    assert sight.veils == ((0.25, 0.625, 0.5, 0.125),) and sight.persons is False


def test_sight__a_person_that_somebody_reports_hides_where_it_is_said_or_all() -> None:
    boxed = said(Detection, label="person", bounding_box=(0.1, 0.2, 0.3, 0.4))
    assert sight_of(a_medium(), [a_look()], [boxed]).veils == ((0.1, 0.2, 0.3, 0.4),)
    told = sight_of(a_medium(), [a_look()], [said(Sighting, label="person")])
    assert told.persons is True and told.veils == ((0.0, 0.0, 1.0, 1.0),)


@pytest.mark.parametrize(
    ("persons", "alerted", "allowed"),
    [
        (False, False, {"dispatcher", "scientist", "admin"}),
        (True, False, set()),
        (True, True, {"dispatcher", "admin"}),
        (None, False, {"dispatcher", "admin"}),
    ],
)
def test_original__needs_a_role_and_with_persons_an_alert(
    persons: bool | None, alerted: bool, allowed: set[Role]
) -> None:
    roles: tuple[Role | None, ...] = ("ranger", "dispatcher", "scientist", "admin", None)
    assert {role for role in roles if may_have_original(role, Sight(persons=persons), alerted=alerted)} == allowed


def test_facts__without_place_and_serial_number() -> None:
    facts = {"Make": "Bushnell", "GPSLatitude": "43.1", "BodySerialNumber": "SN", "CameraOwnerName": "A. B."}
    assert public_facts(a_medium(facts=facts)) == {"Make": "Bushnell"}


def test_looks__are_told_apart_by_picture() -> None:
    assert list(by_medium([a_look()])) == [ONE]


@pytest.mark.parametrize("size", [(480, 640), (31, 47), (8, 8)])
def test_veiled__of_a_person_nothing_finer_than_an_eighth_is_left(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (*size, 3), dtype=np.uint8)
    part = (0.25, 0.25, 0.5, 0.5)
    hidden = veiled(pixels, [part])
    top, left, tall, wide = size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2
    box = hidden[top : top + tall, left : left + wide]
    assert len(np.unique(box.reshape(-1, 3), axis=0)) <= 64
    assert np.array_equal(hidden[0], pixels[0]), "the rest stays as it is"
    assert not np.array_equal(hidden, pixels)


@pytest.mark.parametrize("part", [(-1, -1, 3, 3), (0.95, 0.95, 0.5, 0.5), (0.5, 0.5, 0, 0), (2, 2, 1, 1)])
def test_veiled__parts_that_leave_the_picture_are_cut(part: tuple[float, float, float, float]) -> None:
    assert veiled(np.zeros((20, 30, 3), np.uint8), [part]).shape == (20, 30, 3)


def test_jpeg__is_no_wider_than_asked_and_says_nothing_of_the_camera() -> None:
    data = as_jpeg(np.zeros((100, 200, 3), np.uint8), [], 50, 80)
    image = Image.open(io.BytesIO(data))
    assert image.size == (50, 25) and not image.getexif()
    assert cv2.imdecode(np.frombuffer(as_jpeg(np.zeros((10, 20, 3), np.uint8), [], 0, 95), np.uint8), 1).shape == (
        10,
        20,
        3,
    )
