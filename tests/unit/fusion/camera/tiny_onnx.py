"""Generated ONNX files of known output: each output is a fixed array times the brightest value of the picture."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fusion.camera.manifest import ModelManifest
from fusion.camera.manifest_toml import parse_manifest
from fusion.camera.model import Model

SIDE = 32
"""Of the picture that the tiny models take, in pixels."""


def brightest_times(
    outputs: dict[str, np.ndarray], *, shape: tuple[int, ...] = (1, 3, SIDE, SIDE), sizes: str = ""
) -> bytes:
    """Model bytes; input `images` f4[shape]. Whole numbers come out as int64, everything else as float32."""
    nodes = [helper.make_node("ReduceMax", ["images"], ["top"], keepdims=0)]
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)]
    weights, infos = [], []
    if sizes:
        inputs.append(helper.make_tensor_value_info(sizes, TensorProto.INT64, (1, 2)))
    for name, array in outputs.items():
        whole = np.issubdtype(array.dtype, np.integer)
        kind = TensorProto.INT64 if whole else TensorProto.FLOAT
        weights.append(numpy_helper.from_array(array.astype(np.int64 if whole else np.float32), f"{name}_fixed"))
        if whole:
            nodes.append(helper.make_node("Identity", [f"{name}_fixed"], [name]))
        else:
            nodes.append(helper.make_node("Mul", [f"{name}_fixed", "top"], [name]))
        infos.append(helper.make_tensor_value_info(name, kind, array.shape))
    graph = helper.make_graph(nodes, "tiny", inputs, infos, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def text_of(
    model: bytes,
    *,
    task: str,
    output: str,
    labels: tuple[str, ...] = ("animal", "person"),
    more: str = "",
    **given: Any,
) -> str:
    """A manifest for a tiny model."""
    picture = {
        "name": "images",
        "width_px": SIDE,
        "height_px": SIDE,
        "color": "RGB",
        "scale": 1 / 255,
        "resize": "letterbox",
        "anchor": "top_left",
    } | given
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in picture.items()]
    names = ", ".join(f'"{one}"' for one in labels)
    return "\n".join(
        [
            f'[model]\nid = "tiny"\nversion = "1"\ntask = "{task}"\nfile = "model.onnx"',
            f'sha256 = "{hashlib.sha256(model).hexdigest()}"\nlicence = "Apache-2.0"\nsource = "this test"',
            "[input]",
            *lines,
            f"[output]\n{output}",
            *([f"[labels]\nnames = [{names}]"] if task != "embed" else []),
            *(["[thresholds]\nkeep = 0.25"] if task == "detect" else []),
            more,
        ]
    )


def tiny(outputs: dict[str, np.ndarray], *, task: str, output: str, sizes: str = "", **given: Any) -> Model:
    """A loaded model that sees `outputs` in a white picture."""
    model = brightest_times(outputs, sizes=sizes)
    if sizes:
        given["sizes"] = sizes
    return Model(parse_manifest(text_of(model, task=task, output=output, **given)), model)


def manifest_of(task: str, output: str, **given: Any) -> ModelManifest:
    """A manifest whose model is never loaded."""
    return parse_manifest(text_of(b"", task=task, output=output, **given))


def white(height: int = SIDE, width: int = SIDE) -> np.ndarray:
    """A picture in which tiny models see what they see."""
    return np.full((height, width, 3), 255, dtype=np.uint8)
