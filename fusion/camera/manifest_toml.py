"""TOML -> manifest. Every mistake is refused by a text that names the key, the value, and what was expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Final, cast, get_args

from fusion.camera.manifest import (
    DECODERS,
    GRID_PX,
    GRIDDED,
    TASK_OF,
    TASKS,
    Boxes,
    Calibration,
    DecoderName,
    Golden,
    Input,
    Labels,
    ManifestError,
    ModelManifest,
    Output,
    Runtime,
    Task,
    Thresholds,
)
from fusion.camera.sections import Section

ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
FORMS: Final[tuple[Boxes, ...]] = get_args(Boxes)
FORM_OF: Final[dict[DecoderName, Boxes]] = {"yolov10_e2e": "xyxy", "rtdetr": "xyxy", "ssd": "yxyx"}
MOST_SIDE_PX: Final = 4_096
MOST_BYTES: Final = 1_000_000


def no_files(name: str) -> str:
    """Reads nothing: for manifests that bring their labels themselves."""
    raise ManifestError(f"labels.file: {name!r} cannot be read here; give labels.names")


def parse_manifest(text: str, read: Callable[[str], str] = no_files) -> ModelManifest:
    """The manifest in a text; `read` gives the text of a file beside it (labels, one a line).

    Tables and keys: docs/how-to/bring-a-model.md. Raises ManifestError for what is missing, unknown or out of range.
    """
    if len(text) > MOST_BYTES:
        raise ManifestError(f"the manifest: at most {MOST_BYTES:,} characters were expected, not {len(text):,}")
    try:
        top = Section(cast("Mapping[str, object]", tomllib.loads(text)), "")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestError(f"the manifest: TOML was expected: {error}") from error
    model = top.section("model")
    id_ = model.text("id", most=64)
    if not ID.fullmatch(id_):
        raise model.wrong("id", "a name of small letters, digits and . _ -")
    task = model.one_of("task", TASKS)
    sha256 = model.text("sha256").lower()
    if not SHA256.fullmatch(sha256):
        raise model.wrong("sha256", "64 hexadecimal digits")
    output = _output(top.section("output"), task)
    labels = _labels(top.section("labels", needed=task != "embed"), task, read)
    manifest = ModelManifest(
        id=id_,
        version=model.text("version", most=64),
        task=task,
        file=model.file_name("file"),
        sha256=sha256,
        licence=model.text("licence"),
        source=model.text("source", most=2_000),
        url=model.text("url", "", most=2_000),
        input=_input(top.section("input"), output.decoder),
        output=output,
        labels=labels,
        thresholds=_thresholds(top.section("thresholds", needed=task == "detect"), labels.groups),
        calibration=read_calibration(top.section("calibration", needed=False)),
        runtime=_runtime(top.section("runtime", needed=False)),
        golden=_golden(top.section("golden", needed=False)),
    )
    model.close()
    top.close()
    return manifest


def _input(table: Section, decoder: DecoderName) -> Input:
    found = Input(
        name=table.text("name"),
        width_px=table.whole("width_px", 8, MOST_SIDE_PX),
        height_px=table.whole("height_px", 8, MOST_SIDE_PX),
        layout=table.one_of("layout", ("NCHW", "NHWC"), "NCHW"),
        color=table.one_of("color", ("RGB", "BGR")),
        dtype=table.one_of("dtype", ("float32", "uint8"), "float32"),
        scale=table.number("scale", 0.0, 1.0, 1.0),
        mean=table.triple("mean", (0.0, 0.0, 0.0)),
        std=table.triple("std", (1.0, 1.0, 1.0), positive=True),
        resize=table.one_of("resize", ("letterbox", "squash", "crop")),
        anchor=table.one_of("anchor", ("center", "top_left"), "center"),
        pad=table.whole("pad", 0, 255, 114),
        sizes=table.text("sizes", ""),
    )
    if decoder in GRIDDED:
        for key, side in (("width_px", found.width_px), ("height_px", found.height_px)):
            if side % GRID_PX:
                raise table.wrong(key, f"a multiple of {GRID_PX} for decoder {decoder}")
    if found.dtype == "uint8" and (found.scale, found.mean, found.std) != (1.0, (0.0,) * 3, (1.0,) * 3):
        raise table.wrong("dtype", "float32 where scale, mean or std change the values")
    if found.resize == "crop" and TASK_OF[decoder] == "detect":
        raise table.wrong("resize", "letterbox or squash for a detector, which must see the whole picture,")
    table.close()
    return found


def _output(table: Section, task: Task) -> Output:
    decoder = table.one_of("decoder", DECODERS)
    if TASK_OF[decoder] != task:
        fitting = ", ".join(name for name in DECODERS if TASK_OF[name] == task)
        raise table.wrong("decoder", f"one for task {task} ({fitting})")
    names = table.texts("names", ())
    if len(names) not in (wanted := {"rtdetr": (3,), "ssd": (3, 4)}.get(decoder, (0, 1))):
        raise table.wrong("names", f"{' or '.join(map(str, wanted))} names of outputs for decoder {decoder}")
    found = Output(
        decoder=decoder,
        names=names,
        boxes=table.one_of("boxes", FORMS, FORM_OF.get(decoder, "cxcywh")),
        unit=table.one_of("unit", ("pixels", "fraction"), "fraction" if decoder == "ssd" else "pixels"),
        nms_iou=table.number("nms_iou", 0.0, 1.0, 0.45),
        max_det=table.whole("max_det", 1, 1_000, 100),
        first_label=table.whole("first_label", 0, 1, 1 if decoder == "ssd" else 0),
        size=table.whole("size", 2, 100_000) if decoder == "embedding" else 0,
    )
    table.close()
    return found


def _labels(table: Section, task: Task, read: Callable[[str], str]) -> Labels:
    if task == "embed":
        table.close()
        return Labels()
    file = table.get("file")
    if file is None:
        names = table.texts("names")
    else:
        lines = [line.strip() for line in read(table.file_name("file")).splitlines()]
        names = tuple(line for line in lines if line)
        if not names or len(set(names)) != len(names):
            raise table.wrong("file", "a file with a different label on each line")
        if table.get("names") is not None:
            raise table.wrong("names", "either labels.names or labels.file")
    mapping: dict[str, str] = {}
    given = table.get("map")
    if given is None:
        mapping = {name: name for name in names}
    else:
        groups = table.section("map")
        for key, group in groups.items():
            name = names[int(key)] if key.isdecimal() and key not in names and int(key) < len(names) else key
            if name not in names:
                raise groups.wrong(key, f"a key that is one of the {len(names)} labels or a number below {len(names)}")
            if not isinstance(group, str) or not group.strip():
                raise groups.wrong(key, "the name of a group")
            mapping[name] = group
        if not mapping:
            raise table.wrong("map", "at least one label = group")
    order = tuple(dict.fromkeys(mapping[name] for name in names if name in mapping))
    table.close()
    return Labels(names, order, tuple(order.index(mapping[name]) if name in mapping else -1 for name in names))


def _thresholds(table: Section, groups: tuple[str, ...]) -> Thresholds:
    keep = table.number("keep", 0.0, 1.0, 0.05)
    show = table.number("show", 0.0, 1.0, max(0.2, keep))
    if show < keep:
        raise table.wrong("show", f"a number not below keep ({keep:g})")
    levels = table.section("alert", needed=False)
    alert: dict[str, float] = {}
    for group, _ in levels.items():
        if group not in groups:
            raise levels.wrong(group, f"a key that is one of the groups ({', '.join(groups[:8])})")
        alert[group] = levels.number(group, 0.0, 1.0)
        if alert[group] < show:
            raise levels.wrong(group, f"a number not below show ({show:g})")
    table.close()
    return Thresholds(keep, show, alert)


def read_calibration(table: Section) -> Calibration:
    """[calibration] of a manifest or of camera rules; an empty table leaves scores as they are."""
    if table.empty:
        return Calibration()
    method = table.one_of("method", ("none", "temperature", "isotonic"))
    found = Calibration(
        method=method,
        t=table.number("t", 0.0, 100.0) if method == "temperature" else 1.0,
        knots=table.pairs("knots") if method == "isotonic" else (),
        fitted_on=table.text("fitted_on", ""),
        n=table.whole("n", 0, 1_000_000_000, 0),
        ece=table.number("ece", -1e-9, 1.0, 0.0),
    )
    table.close()
    return found


def _runtime(table: Section) -> Runtime:
    found = Runtime(
        threads=table.whole("threads", 1, 64, 1),
        budget_ms=table.number("budget_ms", 0.0, 600_000.0, 1_000.0),
        memory_mb=table.whole("memory_mb", 64, 65_536, 1_024),
    )
    table.close()
    return found


def _golden(table: Section) -> Golden | None:
    if table.empty:
        return None
    found = Golden(table.file_name("image"), table.file_name("expect"), table.number("atol", 0.0, 1.0, 1e-3))
    table.close()
    return found
