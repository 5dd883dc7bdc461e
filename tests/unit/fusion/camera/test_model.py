from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fusion.camera.calibrate import calibrated
from fusion.camera.manifest import Calibration, ManifestError
from fusion.camera.manifest_toml import parse_manifest
from fusion.camera.model import Model
from tests.unit.fusion.camera.tiny_onnx import SIDE, brightest_times, text_of, tiny, white

TWO = np.array([[[12, 12, 16, 8, 1, 0.6, 0.0], [12, 12, 16, 8, 1, 0.5, 0.4]]], np.float32)
YOLOV5 = 'decoder = "yolov5"'


def test_detect__gives_the_best_box_of_each_label_the_most_probable_first() -> None:
    found = tiny({"out": TWO}, task="detect", output=YOLOV5).detect(white())
    assert [(one.label, round(one.probability, 3)) for one in found] == [("animal", 0.6), ("person", 0.4)]
    assert (found[0].left_px, found[0].top_px, found[0].right_px, found[0].bottom_px) == pytest.approx((4, 8, 20, 16))


def test_detect__a_black_picture_shows_nothing() -> None:
    assert tiny({"out": TWO}, task="detect", output=YOLOV5).detect(np.zeros((32, 32, 3), np.uint8)) == []


def test_detect__labels_of_one_group_add_up_and_masked_ones_are_never_seen() -> None:
    rows = np.array([[[16, 16, 8, 8, 1, 0.2, 0.2, 0.9], [8, 8, 8, 8, 1, 0, 0, 0.9]]], np.float32)
    model = brightest_times({"out": rows})
    text = text_of(model, task="detect", output=YOLOV5, labels=("bird", "dog", "airplane"))
    text = text.replace("[thresholds]", '[labels.map]\nbird = "animal"\ndog = "animal"\n[thresholds]')
    (found,) = Model(parse_manifest(text), model).detect(white())
    assert (found.label, found.named, round(found.probability, 5)) == ("animal", "bird", 0.4)


def test_detect__a_model_that_sees_something_everywhere_is_cut_to_what_the_manifest_wants() -> None:
    rows = np.random.default_rng(0).uniform(0, 1, (1, 6000, 7)).astype(np.float32)
    rows[:, :, :2] *= SIDE
    found = tiny({"out": rows}, task="detect", output=YOLOV5 + "\nmax_det = 7").detect(white())
    assert len(found) == 7
    assert [one.probability for one in found] == sorted((one.probability for one in found), reverse=True)


def test_detect__boxes_that_are_no_numbers_are_left_out() -> None:
    rows = np.array(
        [[[np.nan, 1, 4, 4, 1, 0.9, 0], [16, 16, 0, 4, 1, 0.9, 0], [16, 16, 4, 4, 1, np.nan, 0]]], np.float32
    )
    assert tiny({"out": rows}, task="detect", output=YOLOV5).detect(white()) == []


def test_classify__gives_groups_with_their_sums() -> None:
    scores = np.log(np.array([[0.5, 0.3, 0.2]], np.float32))
    model = brightest_times({"out": scores})
    text = text_of(model, task="classify", output='decoder = "logits"', labels=("fox", "sky", "wolf"))
    text += '\n[labels.map]\nfox = "canidae"\nwolf = "canidae"\nsky = "blank"\n'
    found = Model(parse_manifest(text), model).classify(white())
    assert [(one.label, round(one.probability, 4)) for one in found] == [("canidae", 0.7), ("blank", 0.3)]


def test_embed__pictures_become_directions() -> None:
    model = tiny({"out": np.array([[3.0, 4.0]], np.float32)}, task="embed", output='decoder = "embedding"\nsize = 2')
    np.testing.assert_allclose(model.embed(white()), [0.6, 0.8], rtol=1e-6)
    with pytest.raises(ValueError, match="is there to embed, not to detect"):
        model.detect(white())


def test_calibration__temperature_divides_log_odds_and_isotonic_goes_from_knot_to_knot() -> None:
    scores = np.array([[0.5, 0.9]], np.float32)
    odds = np.log(0.9 / 0.1) / 2
    np.testing.assert_allclose(
        calibrated(scores, Calibration("temperature", t=2.0)), [[0.5, 1 / (1 + np.exp(-odds))]], rtol=1e-5
    )
    knots = ((0.0, 0.0), (0.5, 0.2), (1.0, 0.6))
    np.testing.assert_allclose(calibrated(scores, Calibration("isotonic", knots=knots)), [[0.2, 0.52]], rtol=1e-5)
    assert calibrated(scores, Calibration()) is scores


def test_model__bytes_that_the_manifest_does_not_name_are_refused() -> None:
    model = brightest_times({"out": TWO})
    manifest = parse_manifest(text_of(model, task="detect", output=YOLOV5))
    with pytest.raises(ManifestError, match=r"model\.sha256: the model's bytes have [0-9a-f]{64}, the manifest names"):
        Model(manifest, model + b"\x00")


@pytest.mark.parametrize(
    ("given", "output", "says"),
    [
        ({"name": "image"}, YOLOV5, "input.name: the model takes images; the manifest names image"),
        ({"width_px": 64}, YOLOV5, "input: the model takes [1, 3, 32, 32], the manifest says [1, 3, 32, 64]"),
        ({"layout": "NHWC"}, YOLOV5, "input: the model takes [1, 3, 32, 32], the manifest says [1, 32, 32, 3]"),
        ({"sizes": "shape"}, YOLOV5, "input.name: the model takes images; the manifest names images, shape"),
        (
            {"dtype": "uint8", "scale": 1.0},
            YOLOV5,
            "input.dtype: the model takes tensor(float), the manifest says uint8",
        ),
        ({}, YOLOV5 + '\nnames = ["boxes"]', "output.names: the model gives out; it has no 'boxes'"),
        (
            {},
            'decoder = "yolov8"',
            "output: decoder yolov8 expects [1, 6, n]: 4 and 2 labels; the model gives [1, 2, 7]",
        ),
        (
            {"labels": ("a", "b", "c")},
            YOLOV5,
            "output: decoder yolov5 expects [1, n, 8]: 5 and 3 labels; the model gives",
        ),
    ],
)
def test_model__a_graph_that_is_not_the_one_described_is_refused(given: dict, output: str, says: str) -> None:
    model = brightest_times({"out": TWO})
    with pytest.raises(ManifestError) as refused:
        Model(parse_manifest(text_of(model, task="detect", output=output, **given)), model)
    assert str(refused.value).startswith(says)


def test_model__of_several_outputs_one_must_be_named() -> None:
    model = brightest_times({"out": TWO, "more": TWO})
    manifest = parse_manifest(text_of(model, task="detect", output=YOLOV5))
    with pytest.raises(ManifestError, match=r"output\.names: the model gives out, more; name the one that is meant"):
        Model(manifest, model)
    named = dataclasses.replace(manifest, output=dataclasses.replace(manifest.output, names=("more",)))
    assert len(Model(named, model).detect(white())) == 2


def test_model__what_is_no_onnx_is_refused_in_words() -> None:
    manifest = parse_manifest(text_of(b"PK", task="detect", output=YOLOV5))
    with pytest.raises(ManifestError, match=r"model\.file: onnxruntime cannot load it: "):
        Model(manifest, b"PK")
