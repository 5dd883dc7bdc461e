"""EfficientNet-Lite as ONNX, built layer by layer from its weights, without torch.

Tan & Le 2019, arXiv 1905.11946, and the Lite variants of TensorFlow's tpu repository: no squeeze and excitation, ReLU6,
stem and head not scaled, "same" padding with the odd pixel at the right and bottom, batch norm (eps 1e-3) folded into
the convolutions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hub.records.errors import Refused

BLOCKS: Final = (
    # repeats, kernel, stride, expansion, channels out
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
DEPTH: Final = {"0": 1.0, "1": 1.1, "2": 1.2}
EPSILON: Final = 1e-3

Weights = Mapping[str, NDArray[Any]]


class _Graph:
    def __init__(self, weights: Weights, side_px: int) -> None:
        self.weights, self.side = weights, side_px
        self.nodes: list[Any] = []
        self.constants: list[Any] = [
            numpy_helper.from_array(np.array(value, dtype=np.float32), name)
            for name, value in (("low", 0), ("high", 6))
        ]

    def constant(self, name: str, array: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array, dtype=np.float32), name))
        return name

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def convolution(self, source: str, name: str, norm: str, *, stride: int = 1, group: int = 1, act: bool) -> str:
        """Convolution with its batch norm folded in, "same" padding, and ReLU6 where wanted."""
        kernel = self.weights[f"{name}.weight"].astype(np.float64)
        scale = self.weights[f"{norm}.weight"] / np.sqrt(
            self.weights[f"{norm}.running_var"].astype(np.float64) + EPSILON
        )
        shift = self.weights[f"{norm}.bias"] - self.weights[f"{norm}.running_mean"] * scale
        size = kernel.shape[2]
        out = math.ceil(self.side / stride)
        pad = max((out - 1) * stride + size - self.side, 0)
        self.side = out
        inputs = [source, self.constant(f"{name}.w", kernel * scale[:, None, None, None])]
        inputs.append(self.constant(f"{name}.b", shift))
        pads = [pad // 2, pad // 2, pad - pad // 2, pad - pad // 2]
        sizes = {"kernel_shape": [size, size], "strides": [stride, stride], "pads": pads, "group": group}
        found = self.add("Conv", inputs, f"{name}.conv", **sizes)
        return self.add("Clip", [found, "low", "high"], f"{name}.relu6") if act else found


def efficientnet_lite(weights: Weights, variant: str, side_px: int) -> bytes:
    """Weights of variant 0, 1 or 2 -> ONNX: `images` f4[1, 3, side, side], `logits` [1, 1000], `embedding` [1, 1280].

    Raises Refused when the weights are those of another network.
    """
    graph = _Graph(weights, side_px)
    try:
        last = graph.convolution("images", "_conv_stem", "_bn0", stride=2, act=True)
        number = 0
        for index, (repeats, _, stride, expansion, _) in enumerate(BLOCKS):
            scaled = index not in (0, len(BLOCKS) - 1)
            for repeat in range(math.ceil(repeats * DEPTH[variant]) if scaled else repeats):
                last = _block(
                    graph, last, f"_blocks.{number}", stride if repeat == 0 else 1, expansion, skip=repeat > 0
                )
                number += 1
        last = graph.convolution(last, "_conv_head", "_bn1", act=True)
        graph.add("GlobalAveragePool", [last], "pooled")
        graph.add("Flatten", ["pooled"], "embedding", axis=1)
        dense = [graph.constant("_fc.w", weights["_fc.weight"]), graph.constant("_fc.b", weights["_fc.bias"])]
        graph.add("Gemm", ["embedding", *dense], "logits", transB=1)
    except KeyError as error:
        raise Refused(f"no weights of EfficientNet-Lite{variant}: there is no {error}") from None
    if f"_blocks.{number}._depthwise_conv.weight" in weights:
        raise Refused(f"no weights of EfficientNet-Lite{variant}: there are more than {number} blocks")
    value = helper.make_tensor_value_info
    whole = helper.make_graph(
        graph.nodes,
        f"efficientnet-lite{variant}",
        [value("images", TensorProto.FLOAT, [1, 3, side_px, side_px])],
        [
            value("logits", TensorProto.FLOAT, [1, len(weights["_fc.bias"])]),
            value("embedding", TensorProto.FLOAT, [1, weights["_fc.weight"].shape[1]]),
        ],
        graph.constants,
    )
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="rosette")
    return model.SerializeToString()


def _block(graph: _Graph, source: str, name: str, stride: int, expansion: int, *, skip: bool) -> str:
    last = source
    if expansion != 1:
        last = graph.convolution(last, f"{name}._expand_conv", f"{name}._bn0", act=True)
    depth = f"{name}._depthwise_conv"
    channels = len(graph.weights[f"{depth}.weight"])
    last = graph.convolution(last, depth, f"{name}._bn1", stride=stride, group=channels, act=True)
    last = graph.convolution(last, f"{name}._project_conv", f"{name}._bn2", act=False)
    return graph.add("Add", [last, source], f"{name}.sum") if skip else last
