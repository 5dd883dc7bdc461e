from __future__ import annotations

import pytest

from fusion.camera.manifest import ManifestError
from fusion.camera.manifest_toml import parse_manifest

TEXT = """
[model]
id = "md1000-sorrel"
version = "1000.0"
task = "detect"
file = "model.onnx"
sha256 = "695E750A5D5754BB5A8D5325643B59282191A7E7A564E435A415FD3C578EAB14"
licence = "AGPL-3.0"
source = "a public model"
url = "https://models.example/sorrel"

[input]
name = "images"
width_px = 960
height_px = 640
layout = "NCHW"
color = "RGB"
dtype = "float32"
scale = 0.00392157
mean = 0
std = [1, 1, 2]
resize = "letterbox"
anchor = "center"
pad = 114

[output]
decoder = "yolov8"
boxes = "cxcywh"
nms_iou = 0.45
max_det = 50

[labels]
names = ["animal", "person", "jeep", "truck", "sky"]
map = { animal = "animal", 1 = "person", jeep = "vehicle", 3 = "vehicle" }

[thresholds]
keep = 0.05
show = 0.20
alert = { person = 0.5, vehicle = 0.4 }

[calibration]
method = "temperature"
t = 1.37
fitted_on = "park-2026-10"
n = 1800
ece = 0.021

[runtime]
threads = 1
budget_ms = 250
memory_mb = 600

[golden]
image = "golden.png"
expect = "golden.json"
atol = 0.002
"""


def test_manifest__is_read_whole() -> None:
    manifest = parse_manifest(TEXT)
    assert (manifest.id, manifest.version, manifest.task) == ("md1000-sorrel", "1000.0", "detect")
    assert manifest.sha256 == "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14"
    assert (manifest.input.width_px, manifest.input.height_px, manifest.input.color) == (960, 640, "RGB")
    assert (manifest.input.mean, manifest.input.std) == ((0.0, 0.0, 0.0), (1.0, 1.0, 2.0))
    assert (manifest.output.decoder, manifest.output.nms_iou, manifest.output.max_det) == ("yolov8", 0.45, 50)
    assert manifest.labels.groups == ("animal", "person", "vehicle")
    assert manifest.labels.group_of == (0, 1, 2, 2, -1)
    assert manifest.thresholds.alert == {"person": 0.5, "vehicle": 0.4}
    assert (manifest.calibration.t, manifest.calibration.n) == (1.37, 1800)
    assert manifest.runtime.memory_mb == 600
    assert manifest.golden is not None and manifest.golden.atol == 0.002


def test_manifest__labels_may_be_in_a_file_beside_it() -> None:
    text = TEXT.replace('names = ["animal", "person", "jeep", "truck", "sky"]', 'file = "labels.txt"')
    manifest = parse_manifest(text, {"labels.txt": "animal\nperson\n jeep \n\ntruck\nsky\n"}.__getitem__)
    assert manifest.labels.names == ("animal", "person", "jeep", "truck", "sky")


def test_manifest__what_is_left_out_has_a_default() -> None:
    short = TEXT.partition("[calibration]")[0]
    for line in (
        'layout = "NCHW"',
        'dtype = "float32"',
        "mean = 0",
        "std = [1, 1, 2]",
        'boxes = "cxcywh"',
        "pad = 114",
    ):
        short = short.replace(line, "")
    manifest = parse_manifest(short.replace("map = {", "#").replace("vehicle = 0.4", "jeep = 0.4"))
    assert manifest.calibration.method == "none"
    assert manifest.golden is None
    assert (manifest.input.layout, manifest.input.pad, manifest.output.boxes) == ("NCHW", 114, "cxcywh")


MALFORMED = [
    ('id = "md1000-sorrel"', "", "model.id: missing; a text of 1 to 64 characters was expected"),
    ('"md1000-sorrel"', "7", "model.id: a text of 1 to 64 characters was expected, not 7"),
    ('"md1000-sorrel"', '"../etc"', "model.id: a name of small letters, digits and . _ - was expected, not '../etc'"),
    ('"1000.0"', "1000.0", "model.version: a text of 1 to 64 characters was expected, not 1000.0"),
    ('"detect"', '"guess"', "model.task: one of detect, classify, embed was expected, not 'guess'"),
    ('"detect"', '"classify"', "output.decoder: one for task classify (logits, probs) was expected, not 'yolov8'"),
    (
        '"model.onnx"',
        '"/etc/passwd"',
        "model.file: the plain name of a file beside the manifest was expected, not '/etc/",
    ),
    (
        '"model.onnx"',
        '"../model.onnx"',
        "model.file: the plain name of a file beside the manifest was expected, not '../",
    ),
    ("695E", "", "model.sha256: 64 hexadecimal digits was expected, not '750A5D"),
    ("695E", "69XE", "model.sha256: 64 hexadecimal digits was expected, not '69XE750A"),
    ('licence = "AGPL-3.0"', 'license = "AGPL-3.0"', "model.licence: missing; a text of 1 to 500 characters"),
    ('"a public model"', '" "', "model.source: a text of 1 to 2000 characters was expected, not ' '"),
    ('url = "https', 'web = "https', "model.web: no such key; known here are "),
    ("[model]", "[modell]", "model: missing; a table [model] was expected"),
    ('name = "images"', "", "input.name: missing; a text of 1 to 500 characters was expected"),
    ("width_px = 960", "width_px = 950", "input.width_px: a multiple of 32 for decoder yolov8 was expected, not 950"),
    ("width_px = 960", "width_px = 0", "input.width_px: a whole number from 8 to 4096 was expected, not 0"),
    ("height_px = 640", "height_px = true", "input.height_px: a whole number from 8 to 4096 was expected, not True"),
    ("height_px = 640", "height_px = 640.0", "input.height_px: a whole number from 8 to 4096 was expected, not 640.0"),
    ('"NCHW"', '"CHWN"', "input.layout: one of NCHW, NHWC was expected, not 'CHWN'"),
    ('"RGB"', '"cmyk"', "input.color: one of RGB, BGR was expected, not 'cmyk'"),
    ('color = "RGB"', "", "input.color: missing; one of RGB, BGR was expected"),
    ('"float32"', '"float16"', "input.dtype: one of float32, uint8 was expected, not 'float16'"),
    (
        '"float32"',
        '"uint8"',
        "input.dtype: float32 where scale, mean or std change the values was expected, not 'uint8'",
    ),
    ("scale = 0.00392157", "scale = 0", "input.scale: a number above 0 and not above 1 was expected, not 0"),
    ("scale = 0.00392157", "scale = 255", "input.scale: a number above 0 and not above 1 was expected, not 255"),
    ("scale = 0.00392157", "scale = nan", "input.scale: a number above 0 and not above 1 was expected, not nan"),
    ("mean = 0", "mean = [1, 2]", "input.mean: three numbers, one a channel was expected, not [1, 2]"),
    (
        "std = [1, 1, 2]",
        "std = [1, 0, 1]",
        "input.std: three positive numbers, one a channel was expected, not [1, 0, 1]",
    ),
    ('"letterbox"', '"stretch"', "input.resize: one of letterbox, squash, crop was expected, not 'stretch'"),
    (
        '"letterbox"',
        '"crop"',
        "input.resize: letterbox or squash for a detector, which must see the whole picture, was",
    ),
    ('"center"', '"middle"', "input.anchor: one of center, top_left was expected, not 'middle'"),
    ("pad = 114", "pad = 300", "input.pad: a whole number from 0 to 255 was expected, not 300"),
    ('"yolov8"', '"yolov7"', "output.decoder: one of yolox, yolov5, yolov8, yolov10_e2e, rtdetr, ssd, logits, probs,"),
    ('"yolov8"', '"rtdetr"', "output.names: missing; 3 names of outputs for decoder rtdetr was expected"),
    ('boxes = "cxcywh"', 'boxes = "xywh"', "output.boxes: one of cxcywh, xyxy, yxyx was expected, not 'xywh'"),
    ("nms_iou = 0.45", "nms_iou = 1.5", "output.nms_iou: a number above 0 and not above 1 was expected, not 1.5"),
    ("max_det = 50", "max_det = 0", "output.max_det: a whole number from 1 to 1000 was expected, not 0"),
    ("max_det = 50", "maxdet = 50", "output.maxdet: no such key; known here are decoder, names, boxes"),
    (
        '"animal", "person", "jeep"',
        '"animal", "animal", "jeep"',
        "labels.names: a list of different texts was expected",
    ),
    (
        '["animal", "person", "jeep", "truck", "sky"]',
        "[]",
        "labels.names: a list of different texts was expected, not []",
    ),
    ('names = ["animal", "person", "jeep", "truck", "sky"]', "", "labels.names: missing; a list of different texts"),
    (
        "jeep = ",
        "jep = ",
        "labels.map.jep: a key that is one of the 5 labels or a number below 5 was expected, not 'veh",
    ),
    ("3 = ", "9 = ", "labels.map.9: a key that is one of the 5 labels or a number below 5 was expected, not 'vehicle'"),
    ('3 = "vehicle"', "3 = 3", "labels.map.3: the name of a group was expected, not 3"),
    ("keep = 0.05", "keep = 0", "thresholds.keep: a number above 0 and not above 1 was expected, not 0"),
    ("show = 0.20", "show = 0.01", "thresholds.show: a number not below keep (0.05) was expected, not 0.01"),
    ("person = 0.5", "person = 1.5", "thresholds.alert.person: a number above 0 and not above 1 was expected, not 1.5"),
    ("person = 0.5", "person = 0.1", "thresholds.alert.person: a number not below show (0.2) was expected, not 0.1"),
    (
        "person = 0.5",
        "leopard = 0.5",
        "thresholds.alert.leopard: a key that is one of the groups (animal, person, vehi",
    ),
    ("[thresholds]", "[limits]", "thresholds: missing; a table [thresholds] was expected"),
    ('method = "temperature"', 'method = "platt"', "calibration.method: one of none, temperature, isotonic was expec"),
    ('method = "temperature"', "", "calibration.method: missing; one of none, temperature, isotonic was expected"),
    ("t = 1.37", "t = -1", "calibration.t: a number above 0 and not above 100 was expected, not -1"),
    (
        '"temperature"\nt = 1.37',
        '"isotonic"\nknots = [[0.5, 0.2], [0.1, 0.3]]',
        "calibration.knots: a list of at least two pairs [score, probability] from 0 to 1, both rising was expected",
    ),
    (
        '"temperature"',
        '"isotonic"\nknots = [[0, 0], [1, 1]]',
        "calibration.t: no such key; known here are method, knots",
    ),
    ("threads = 1", "threads = 0", "runtime.threads: a whole number from 1 to 64 was expected, not 0"),
    ("budget_ms = 250", 'budget_ms = "fast"', "runtime.budget_ms: a number above 0 and not above 600000 was expected"),
    ("memory_mb = 600", "memory_mb = 10", "runtime.memory_mb: a whole number from 64 to 65536 was expected, not 10"),
    ('image = "golden.png"', "", "golden.image: missing; the plain name of a file beside the manifest was expected"),
    ("atol = 0.002", "atol = inf", "golden.atol: a number above 0 and not above 1 was expected, not inf"),
    ("[golden]", "[gold]", "gold: no such key; known here are model, output, labels, input, thresholds, calibration"),
    ("[input]", "[input", "the manifest: TOML was expected: "),
    ("[input]", "input = 3\n[inputs]", "input: missing; a table [input] was expected"),
]


def test_manifest__the_table_of_mistakes_is_long_enough() -> None:
    assert len(MALFORMED) >= 50


@pytest.mark.parametrize(("was", "becomes", "says"), MALFORMED, ids=[f"{i:02}" for i in range(len(MALFORMED))])
def test_manifest__what_cannot_be_used_is_refused_by_key_value_and_expectation(
    was: str, becomes: str, says: str
) -> None:
    assert was in TEXT
    with pytest.raises(ManifestError) as refused:
        parse_manifest(TEXT.replace(was, becomes, 1))
    assert str(refused.value).startswith(says)
    assert len(str(refused.value)) < 400


def test_manifest__a_file_of_labels_is_refused_where_nothing_can_be_read_or_a_label_comes_twice() -> None:
    text = TEXT.replace('names = ["animal", "person", "jeep", "truck", "sky"]', 'file = "labels.txt"')
    with pytest.raises(ManifestError, match=r"labels\.file: 'labels.txt' cannot be read here"):
        parse_manifest(text)
    with pytest.raises(ManifestError, match=r"labels\.file: a file with a different label on each line was expected"):
        parse_manifest(text, lambda _: "animal\nanimal")
