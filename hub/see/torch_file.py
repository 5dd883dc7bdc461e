"""Weights from a file that torch wrote before version 1.6, without torch and without running what is in it.

Such a file is three pickles (a magic number, a protocol, sizes of numbers), a pickle of the tensors as views of
storages, a pickle of the storages' keys, then each storage: a count as int64 and that many numbers. A pickle may name
anything to be called; here only what builds a table of tensors can be named.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from hub.records.errors import Refused

MAGIC: Final = 0x1950A86A20F9469CFC6C
KINDS: Final = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _View(NamedTuple):
    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Reader(pickle.Unpickler):
    def __init__(self, source: io.BytesIO) -> None:
        super().__init__(source)
        self.kinds: dict[str, np.dtype[Any]] = {}

    def find_class(self, module: str, name: str, /) -> Any:
        known: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _view,
            ("torch", "FloatStorage"): "FloatStorage",
            ("torch", "LongStorage"): "LongStorage",
        }
        if (module, name) not in known:
            raise Refused(f"the file of weights wants to call {module}.{name}: nothing of it was run")
        return known[module, name]

    def persistent_load(self, pid: Any, /) -> str:
        if not isinstance(pid, tuple) or len(cast("tuple[Any, ...]", pid)) < 5 or pid[0] != "storage":
            raise Refused("the file of weights is not of the form that torch wrote before version 1.6")
        self.kinds[str(pid[2])] = KINDS[pid[1]]
        return str(pid[2])


def _view(storage: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> _View:
    return _View(storage, offset, tuple(shape), tuple(strides))


def read_weights(data: bytes) -> dict[str, NDArray[Any]]:
    """Bytes -> arrays by name. Raises Refused for any other file, and for one that wants to call something."""
    source = io.BytesIO(data)
    reader: Callable[[], _Reader] = lambda: _Reader(source)  # noqa: E731 one pickle ends, the next begins
    try:
        if reader().load() != MAGIC:
            raise Refused("the file of weights is not of the form that torch wrote before version 1.6")
        reader().load()
        reader().load()
        tensors = reader()
        table = cast("dict[str, Any]", tensors.load())
        storages: dict[str, NDArray[Any]] = {}
        for key in cast("list[str]", reader().load()):
            count = int.from_bytes(source.read(8), "little")
            kind = tensors.kinds[key]
            storages[key] = np.frombuffer(source.read(count * kind.itemsize), dtype=kind, count=count)
        return {name: _array(storages[view.storage], view) for name, view in table.items() if isinstance(view, _View)}
    except Refused:
        raise
    except Exception as error:
        raise Refused(f"the file of weights cannot be read: {error}") from error


def _array(storage: NDArray[Any], view: _View) -> NDArray[Any]:
    last = view.offset + sum((side - 1) * step for side, step in zip(view.shape, view.strides, strict=True))
    if view.offset < 0 or min((0, *view.strides)) < 0 or min((1, *view.shape)) < 1 or last >= len(storage):
        raise Refused("the file of weights has a tensor that reaches beyond its storage")
    steps = [step * storage.itemsize for step in view.strides]
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(storage[view.offset :], view.shape, steps))
