"""What a model is and how to talk to it: which bytes, what picture it takes, how its output is read, what it is for.

A manifest is written in TOML beside the model file and read by `fusion.camera.manifest_toml`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Task = Literal["detect", "classify", "embed"]
DecoderName = Literal[
    "yolox", "yolov5", "yolov8", "yolov10_e2e", "rtdetr", "ssd", "logits", "probs", "embedding"
]  # fmt: skip
Resize = Literal["letterbox", "squash", "crop"]
Anchor = Literal["center", "top_left"]
Boxes = Literal["cxcywh", "xyxy", "yxyx"]
Unit = Literal["pixels", "fraction"]

TASKS: Final[tuple[Task, ...]] = get_args(Task)
DECODERS: Final[tuple[DecoderName, ...]] = get_args(DecoderName)
TASK_OF: Final[dict[DecoderName, Task]] = {
    "yolox": "detect",
    "yolov5": "detect",
    "yolov8": "detect",
    "yolov10_e2e": "detect",
    "rtdetr": "detect",
    "ssd": "detect",
    "logits": "classify",
    "probs": "classify",
    "embedding": "embed",
}
"""A decoder does one kind of work; a manifest that says another is refused."""
GRID_PX: Final = 32
"""The coarsest grid of the YOLO families has cells of this many pixels: a picture's sides must be multiples of it."""
GRIDDED: Final[tuple[DecoderName, ...]] = ("yolox", "yolov5", "yolov8", "yolov10_e2e")


class ManifestError(ValueError):
    """A manifest, model or camera rules that cannot be used; the text names the key, the value, what was expected."""


@dataclass(frozen=True, slots=True)
class Input:
    """The tensor that the model takes: (pixel * scale - mean) / std, channel by channel in the model's order."""

    name: str
    width_px: int
    height_px: int
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    color: Literal["RGB", "BGR"] = "RGB"
    dtype: Literal["float32", "uint8"] = "float32"
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    resize: Resize = "letterbox"
    anchor: Anchor = "center"
    pad: int = 114
    sizes: str = ""
    """Name of a second input, int64[1, 2], that is told the width and height of the picture (RT-DETR)."""


@dataclass(frozen=True, slots=True)
class Output:
    """How what comes out is read. `names` picks outputs of the graph, in the order that the decoder wants them."""

    decoder: DecoderName
    names: tuple[str, ...] = ()
    boxes: Boxes = "cxcywh"
    unit: Unit = "pixels"
    nms_iou: float = 0.45
    max_det: int = 100
    first_label: int = 0
    """What the first label is called where a model answers with numbers of labels: 1 in TensorFlow's detectors."""
    size: int = 0
    """Length of an embedding."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The model's labels in its order, and the group that each counts as. A label without a group is masked."""

    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    group_of: tuple[int, ...] = ()
    """Index into groups for each name; -1 masks it."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities, after calibration: below `keep` nothing is recorded, below `show` nothing is shown."""

    keep: float = 0.05
    show: float = 0.2
    alert: dict[str, float] = field(default_factory=dict)
    """From which probability on a group may raise an alert; a group that is not named raises none."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What makes a model's scores come true. Of `temperature` only t counts, of `isotonic` only the knots."""

    method: Literal["none", "temperature", "isotonic"] = "none"
    t: float = 1.0
    knots: tuple[tuple[float, float], ...] = ()
    """Score and probability, both rising; between knots a straight line."""
    fitted_on: str = ""
    n: int = 0
    ece: float = 0.0


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the model may take. More than `budget_ms` per picture is a warning, more than `memory_mb` ends it."""

    threads: int = 1
    budget_ms: float = 1_000.0
    memory_mb: int = 1_024


@dataclass(frozen=True, slots=True)
class Golden:
    """A picture beside the model and what the model saw in it where it was packed."""

    image: str
    expect: str
    atol: float = 1e-3


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """One model, whole."""

    id: str
    version: str
    task: Task
    file: str
    sha256: str
    licence: str
    source: str
    url: str
    input: Input
    output: Output
    labels: Labels
    thresholds: Thresholds
    calibration: Calibration
    runtime: Runtime
    golden: Golden | None
