"""Models of known output in a folder of the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hub.see.registry import Models
from tests.unit.fusion.camera.tiny_onnx import brightest_times, text_of

Make = Callable[..., Path]


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path)


@pytest.fixture
def make(models: Models) -> Make:
    """Puts a tiny detector into the registry: it sees one animal in the upper half of any bright picture."""

    def call(id_: str, probability: float = 0.9, *, text: str = "", model: bytes = b"", more: str = "") -> Path:
        rows = np.array([[[16, 8, 16, 16, 1, probability, 0]]], np.float32)
        model = model or brightest_times({"out": rows})
        folder = models.folder / id_
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(model)
        text = text or text_of(model, task="detect", output='decoder = "yolov5"', more=more)
        (folder / "manifest.toml").write_text(text.replace('id = "tiny"', f'id = "{id_}"'))
        return folder

    return call
