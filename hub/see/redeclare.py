"""A network of convolutions alone takes pictures of any size: declare another one in its ONNX file."""

from __future__ import annotations

import onnx

from hub.records.errors import Refused

STRIDES = (8, 16, 32)


def redeclared_yolox(model: bytes, width_px: int, height_px: int) -> bytes:
    """ONNX of a YOLOX -> the same with another size of picture and another count of cells. Raises Refused.

    Only declared shapes change; shapes between the layers are dropped, they follow from the input.
    """
    try:
        proto = onnx.ModelProto.FromString(model)
    except Exception as error:
        raise Refused(f"no ONNX file: {error}") from error
    if len(proto.graph.output) != 1 or not proto.graph.input:
        raise Refused("no YOLOX: one input and one output were expected")
    sides = proto.graph.input[0].type.tensor_type.shape.dim
    rows = proto.graph.output[0].type.tensor_type.shape.dim
    if len(sides) != 4 or len(rows) != 3:
        raise Refused("no YOLOX: an input [1, 3, h, w] and an output [1, n, 5 + labels] were expected")
    sides[2].dim_value, sides[3].dim_value = height_px, width_px
    rows[1].dim_value = sum((width_px // stride) * (height_px // stride) for stride in STRIDES)
    del proto.graph.value_info[:]
    return proto.SerializeToString()
