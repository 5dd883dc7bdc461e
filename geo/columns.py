"""Columns of places and times out of a scientist's table: data frame, Arrow table or a mapping of arrays."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ticks = NDArray[Any]  # i8 or f8

# Ticks a second of numpy's times.
_PER_S = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_UNITS = tuple(_PER_S)


class Columns(NamedTuple):
    """Read-only columns of one length; `unit` is that of datetime64 ticks, or None for plain seconds."""

    longitude: Floats
    latitude: Floats
    time: Ticks
    unit: str | None


def columns_of(table: Any, longitude: str, latitude: str, time: str, where: str) -> Columns:
    """Columns of a table by name, without a copy where they are f8 (times: f8, i8 or datetime64) and contiguous.

    The table is a mapping of columns, or anything that speaks the Arrow C stream (that needs pyarrow). Datetimes are
    UTC; numbers are seconds. Raises KeyError for a missing column, TypeError or ValueError for one that cannot be read;
    `where` names the table in the text.
    """
    if not hasattr(table, "__getitem__") and hasattr(table, "__arrow_c_stream__"):
        table = import_module("pyarrow").table(table)
    x, y = _floats(_column(table, longitude, where), where), _floats(_column(table, latitude, where), where)
    t, unit = _ticks(_column(table, time, where), where, time)
    if not (x.ndim == y.ndim == t.ndim == 1 and len(x) == len(y) == len(t)):
        raise ValueError(f"{where}: the columns must be of one length, not {x.shape}, {y.shape}, {t.shape}")
    if len(x) >= 2**31:
        raise ValueError(f"{where}: {len(x)} rows are more than the 2,147,483,647 of one join")
    return Columns(sealed(x), sealed(y), sealed(t), unit)


def in_unit(columns: Columns, unit: str | None) -> Columns:
    """The same with times in ticks of a finer unit (or f8 seconds, where both sides are numbers of different kinds)."""
    if unit is None:
        return columns._replace(time=sealed(columns.time.astype(np.float64)))
    if columns.unit == unit:
        return columns
    return columns._replace(
        time=sealed(columns.time.view(f"M8[{columns.unit}]").astype(f"M8[{unit}]").view(np.int64)), unit=unit
    )


def alike(left: Columns, right: Columns) -> tuple[Columns, Columns]:
    """Both with times in the same ticks; raises TypeError if one has datetimes and the other numbers."""
    if (left.unit is None) != (right.unit is None):
        raise TypeError("the times of one table are datetimes, those of the other numbers: make both the same")
    if left.unit is None or right.unit is None:
        if left.time.dtype == right.time.dtype:
            return left, right
        return in_unit(left, None), in_unit(right, None)
    finer = max(left.unit, right.unit, key=_UNITS.index)
    return in_unit(left, finer), in_unit(right, finer)


def ticks_per_s(columns: Columns) -> int:
    """Ticks of a second in the column of times."""
    return 1 if columns.unit is None else _PER_S[columns.unit]


def span_ticks(columns: Columns, seconds: float) -> int | float:
    """A length of time in the ticks of a column: the last one within it, where ticks are whole."""
    if columns.time.dtype == np.float64:
        return float(seconds)
    ticks = seconds * ticks_per_s(columns)
    nearest = round(ticks)
    return nearest if abs(ticks - nearest) <= 1e-9 * max(1.0, abs(ticks)) else math.floor(ticks)


def _column(table: Any, name: str, where: str) -> Any:
    try:
        return table[name]
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise KeyError(f"{where} has no column {name!r}") from error
    except Exception as error:
        # Each library has an error of its own for this.
        if "notfound" in type(error).__name__.lower():
            raise KeyError(f"{where} has no column {name!r}") from error
        raise


def _array(column: Any) -> NDArray[Any]:
    return column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)


def _floats(column: Any, where: str) -> Floats:
    values = _array(column)
    if values.dtype.kind not in "fiuO":
        raise TypeError(f"{where}: degrees must be numbers, not {values.dtype}")
    return np.ascontiguousarray(values, np.float64)


def _ticks(column: Any, where: str, name: str) -> tuple[Ticks, str | None]:
    values = _array(column)
    if values.dtype.kind == "O":
        values = _from_objects(column, values, where, name)
    if values.dtype.kind == "M":
        unit = np.datetime_data(values.dtype)
        if unit[0] not in _PER_S or unit[1] != 1:
            values = values.astype("M8[s]")
        return np.ascontiguousarray(values).view(np.int64), np.datetime_data(values.dtype)[0]
    if values.dtype.kind in "iu":
        return np.ascontiguousarray(values, np.int64), None
    if values.dtype.kind == "f":
        return np.ascontiguousarray(values, np.float64), None
    raise TypeError(f"{where}: {name!r} must be datetimes or numbers of seconds, not {values.dtype}")


def _from_objects(column: Any, values: NDArray[Any], where: str, name: str) -> NDArray[Any]:
    """datetime64 of a column with time zones: pandas turns its own into UTC, Python's are turned here."""
    if hasattr(column, "dt") and hasattr(column, "to_numpy"):
        return column.to_numpy(dtype="M8[us]")
    return np.array([_naive_utc(value, where, name) for value in values], "M8[us]")


def _naive_utc(value: object, where: str, name: str) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"{where}: {name!r} holds {value!r}: datetimes need a zone")
    return value.astimezone(UTC).replace(tzinfo=None)


def sealed(values: NDArray[Any]) -> Any:
    """A read-only view: the kernels are compiled once, for columns that nobody writes to."""
    view = values.view()
    view.flags.writeable = False
    return view


def rows_of(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Read-only numbers of the rows that a mask holds."""
    return sealed(np.flatnonzero(mask).astype(np.int32))
