"""A process looks at pictures; whatever they do to it, the hub gets an answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from fusion.camera.manifest import ManifestError
from fusion.camera.pattern import decode
from hub.see.looking import Looking
from hub.see.onnx_file import refuse_other_files
from hub.see.seen import Cut
from tests.unit.fusion.camera.tiny_onnx import brightest_times, text_of
from tests.unit.see.conftest import Make
from tests.unit.see.hostile import damaged, encoded, png_bomb, seeds

FUZZED = 1_000


def white(width: int = 64, height: int = 48) -> bytes:
    return encoded(np.full((height, width, 3), 255, np.uint8), "PNG")


def test_look__boxes_are_parts_of_the_picture_s_sides(make: Make) -> None:
    with Looking(make("one")) as looking:
        seen = looking.look(white(64, 64))
    (box,) = seen.boxes
    assert (seen.state, seen.width_px, box.label, round(box.probability, 5)) == ("seen", 64, "animal", 0.9)
    assert (box.x, box.y, box.width, box.height) == pytest.approx((0.25, 0, 0.5, 0.5), abs=1e-6)
    assert seen.model_ms > 0


def test_look__without_a_model_a_picture_is_only_read() -> None:
    with Looking() as looking:
        assert (looking.look(white()).boxes, looking.look(white()).width_px) == ([], 64)
        assert looking.look(b"GIF89a").reason.startswith("no JPEG, PNG or WebP")


def test_look__a_process_that_is_killed_is_replaced(make: Make) -> None:
    with Looking(make("one")) as looking:
        assert looking._process is not None
        os.kill(looking._process.pid, signal.SIGKILL)
        looking._process.wait()
        assert [box.label for box in looking.look(white()).boxes] == ["animal"]


def test_look__a_picture_that_takes_too_long_is_given_up_and_the_next_one_is_seen(make: Make) -> None:
    folder = make("one")
    with Looking(folder, picture_s=0.0) as looking:
        looking._patience_s = 0.0
        late = looking.look(white())
        assert (late.state, late.reason, looking.deaths) == ("unreadable", "it took too long", 1)
        looking._picture_s = 10.0
        assert looking.look(white()).state == "seen"


def test_look__a_picture_that_ends_the_process_is_unreadable_and_the_next_one_is_seen(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Looking(make("one")) as looking:
        assert looking._process is not None
        with monkeypatch.context() as patched:
            # It dies after the hub has made sure that it is there, as of a picture that crashes a decoder.
            patched.setattr(looking, "_ready", lambda: None)
            os.kill(looking._process.pid, signal.SIGKILL)
            seen = looking.look(white())
        assert (seen.state, looking.deaths) == ("unreadable", 1)
        assert seen.reason == "it ended the process that looked at it (SIGKILL)"
        assert looking.look(white()).state == "seen"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_look__a_hundred_megapixels_fit(make: Make, kind: str) -> None:
    row = np.random.default_rng(0).integers(0, 256, (1, 10_000, 3), dtype=np.uint8)
    large = encoded(
        np.repeat(row, 10_000, axis=0), kind, **({"compress_level": 1} if kind == "PNG" else {"quality": 30})
    )
    with Looking(make("one")) as looking:
        seen = looking.look(large)
        assert (seen.state, seen.reason, seen.width_px, looking.deaths) == ("seen", "", 10_000, 0)
        assert [box.label for box in seen.boxes] == ["animal"]
        assert looking.memory_mb < 1_000


def test_environment__passwords_are_not_handed_on(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROSETTE_DATABASE_URL", "postgresql://secret")
    with Looking() as looking:
        assert looking._process is None or looking._process.poll() is None
        looking.look(white())
        assert looking._process is not None
        environment = Path(f"/proc/{looking._process.pid}/environ").read_bytes()
    assert b"secret" not in environment
    assert b"PATH=" in environment


def test_load__a_model_that_asks_for_terabytes_ends_its_process_or_is_refused_and_nothing_else(make: Make) -> None:
    shape = numpy_helper.from_array(np.array([1 << 38], np.int64), "shape")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        helper.make_node("ReduceMax", ["images"], ["top"], keepdims=0),
        helper.make_node("Mul", ["huge", "top"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "greedy",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, 32, 32))],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [shape],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()
    with pytest.raises(ManifestError, match=r"model\.file: "):
        Looking(make("greedy", model=model))


def external(location: str) -> bytes:
    """A model whose weights are elsewhere."""
    weights = TensorProto(name="w", data_type=1, dims=[1, 1, 7], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", "0"), ("length", "28")):
        weights.external_data.add(key=key, value=value)
    model = onnx.ModelProto.FromString(brightest_times({"out": np.ones((1, 1, 7), np.float32)}))
    weights.name = model.graph.initializer[0].name
    model.graph.initializer[0].CopyFrom(weights)
    return model.SerializeToString()


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "weights.bin"])
def test_load__a_model_that_keeps_weights_in_other_files_is_refused(make: Make, location: str) -> None:
    folder = make("far", model=external(location))
    (folder / "weights.bin").write_bytes(bytes(28))
    with pytest.raises(ManifestError, match=rf"model\.file: it keeps weights in another file \(location {location}\)"):
        Looking(folder)


def test_other_files__are_found_within_graphs_within_nodes_and_what_is_no_protobuf_is_refused() -> None:
    inner = onnx.ModelProto.FromString(external("x")).graph
    node = helper.make_node("If", ["a"], ["b"], then_branch=inner, else_branch=inner)
    outer = helper.make_model(helper.make_graph([node], "outer", [], []))
    with pytest.raises(ManifestError, match="another file"):
        refuse_other_files(outer.SerializeToString())
    for data in (b"PK\x03\x04rest", b"\x3a\xff\xff\xff\xff\x0f", b"\xff" * 20):
        with pytest.raises(ManifestError, match=r"model\.file: no ONNX file"):
            refuse_other_files(data)


def test_load__a_link_out_of_the_folder_is_refused(make: Make, tmp_path: Path) -> None:
    folder = make("link")
    (tmp_path / "elsewhere.onnx").write_bytes((folder / "model.onnx").read_bytes())
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(ManifestError, match=r"model\.onnx: a file in the model's folder was expected, not a link"):
        Looking(folder)


def test_load__what_does_not_fit_the_manifest_is_said(make: Make) -> None:
    model = brightest_times({"out": np.zeros((1, 1, 9), np.float32)})
    text = text_of(model, task="detect", output='decoder = "yolov5"')
    with pytest.raises(ManifestError, match=r"output: decoder yolov5 expects \[1, n, 7\]"):
        Looking(make("odd", model=model, text=text))


def test_fuzz__a_thousand_damaged_files_end_no_process_and_get_an_answer_each(make: Make) -> None:
    """100,000 of them: python -m tests.bench.camera_fuzz."""
    random, files = np.random.default_rng(2026), seeds()
    answers = {"seen": 0, "partial": 0, "unreadable": 0}
    with Looking(make("one")) as looking:
        for _ in range(FUZZED):
            answers[looking.look(damaged(random, files)).state] += 1
        assert looking.look(png_bomb()).state == "unreadable"
        assert looking.deaths == 0
        assert looking.memory_mb < 700
    assert sum(answers.values()) == FUZZED
    assert min(answers.values()) > 20, answers


def test_prefixes__of_a_jpeg_each_get_an_answer() -> None:
    data = seeds()[0]
    with Looking() as looking:
        states = [looking.look(data[:length]).state for length in range(len(data) + 1)]
        assert looking.deaths == 0
    assert states[-1] == "seen"
    assert states.index("partial") > len(data) * 0.35
    assert set(states[: len(data) // 4]) == {"unreadable"}


def test_hub__loads_no_decoder_and_no_network_itself() -> None:
    """They are for the process that may die; in the hub they would only take memory."""
    code = (
        "import sys, hub.app; print(*sorted({'cv2', 'onnxruntime', 'onnx', 'fusion.camera.model'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_cut__gives_a_chip_or_a_reason_for_each_box_and_a_damaged_file_ends_nothing() -> None:
    rng = np.random.default_rng(3)
    spots = np.kron(rng.integers(0, 255, (24, 32, 1)), np.ones((10, 10, 3))).astype(np.uint8)
    with Looking() as looking:
        found = looking.cut(Cut(encoded(spots, "PNG"), [(0.1, 0.1, 0.8, 0.8), (0.5, 0.5, 0.01, 0.01)]))
        lost = looking.cut(Cut(b"GIF89a", [(0, 0, 1, 1)]))
        assert looking.deaths == 0
    good, small = found.chips
    pattern = decode(good.pattern)
    x, y = np.array(good.to_picture).reshape(2, 3) @ [pattern.width_px / 2, pattern.height_px / 2, 1]
    assert len(pattern) > 50 and (x, y) == pytest.approx((0.5, 0.5), abs=0.01)
    assert "smaller than 32 pixels" in small.reason and not small.pattern
    assert lost.chips == [] and lost.reason.startswith("no JPEG, PNG or WebP")
