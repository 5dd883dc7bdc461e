from __future__ import annotations

import pytest

from fusion.camera.manifest import ManifestError, parse_manifest

TEXT = """
name = "yolox-nano"
sha256 = "695E750A5D5754BB5A8D5325643B59282191A7E7A564E435A415FD3C578EAB14"
licence = "Apache-2.0"
source = "a public model"
decoder = "yolox"
labels = ["animal", "person", "vehicle"]

[input]
width_px = 416
height_px = 320
channels = "bgr"
scale = 1.0

[thresholds]
score = 0.3
overlap = 0.45
"""


def test_manifest__is_read_whole() -> None:
    manifest = parse_manifest(TEXT)
    assert manifest.name == "yolox-nano"
    assert manifest.sha256 == "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14"
    assert (manifest.width_px, manifest.height_px, manifest.channels, manifest.scale) == (416, 320, "bgr", 1.0)
    assert manifest.labels == ("animal", "person", "vehicle")
    assert (manifest.score, manifest.overlap) == (0.3, 0.45)


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ('name = "yolox-nano"', "", "^name: a text was expected"),
        ('"yolox-nano"', "7", "^name: a text was expected"),
        ("695E", "", "^sha256: 64 hexadecimal"),
        ('"yolox"', '"magic"', "^decoder: one of yolox"),
        ('["animal", "person", "vehicle"]', "[]", "^labels: a list of texts"),
        ('"person"', "3", "^labels: a list of texts"),
        ("width_px = 416", "width_px = 400", r"^input\.width_px: a multiple of 32"),
        ("height_px = 320", "height_px = true", r"^input\.height_px: a multiple of 32"),
        ('"bgr"', '"cmyk"', r"^input\.channels: rgb or bgr"),
        ("scale = 1.0", "scale = 0", r"^input\.scale: a number above 0"),
        ("score = 0.3", "score = 1.3", r"^thresholds\.score: a number above 0 and not above 1"),
        ("overlap", "overlapp", r"^thresholds\.overlapp: no such key"),
        ("[thresholds]", "[limits]", "^limits: no such key"),
        ("score = 0.3", "score = nan", r"^thresholds\.score: a number"),
        ("[input]", "[input", "^not TOML"),
    ],
)
def test_manifest__what_cannot_be_used_is_named(was: str, becomes: str, says: str) -> None:
    with pytest.raises(ManifestError, match=says):
        parse_manifest(TEXT.replace(was, becomes, 1))


def test_manifest__without_a_table_is_refused() -> None:
    with pytest.raises(ManifestError, match=r"\[thresholds\]: the table is missing"):
        parse_manifest(TEXT.partition("[thresholds]")[0])
