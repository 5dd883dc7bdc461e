"""What a dialect is given and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, TypeVar

import msgspec

from hub.records.observation import AwareTime, Key, Observation
from hub.records.receipt import Bad, Decoded
from hub.records.reference import CarrierKind

T = TypeVar("T", bound=Observation)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where bytes came from. `device`: the device that the door knows already (from the topic, path or login)."""

    address: str
    received_at: datetime
    device: str | None = None


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A file says that a device was on a carrier (Movebank: tag on animal; Camtrap DP: camera at a place).

    Open ends are None. The importer turns claims into reference data where there is none yet.
    """

    device: Key
    device_kind: str
    carrier_kind: CarrierKind
    carrier: Key
    scientific_name: str = ""
    sex: str = "unknown"
    life_stage: str = ""
    longitude: float | None = None
    latitude: float | None = None
    uncertainty_m: float = 0.0
    valid_from: AwareTime | None = None
    valid_to: AwareTime | None = None
    attributes: dict[str, Any] = {}


Item = Decoded | Bad | Claim
DecodeMessage = Callable[[bytes, Source], list[Decoded | Bad]]
DecodeFile = Callable[[BinaryIO, Source], Iterator[Item]]


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the table. `message` reads one payload; `file` reads a stream of rows, lazily.

    `sniff`: from a file name and its first bytes, is this mine (True/False)?
    """

    name: str
    title: str
    message: DecodeMessage | None = None
    file: DecodeFile | None = None
    sniff: Callable[[str, bytes], bool] | None = None


def observe(kind: type[T], **fields: object) -> T:
    """Build and validate an observation; None fields are left out. Raises msgspec.ValidationError."""
    given = {name: value for name, value in fields.items() if value is not None}
    given["kind"] = kind.__struct_config__.tag
    return msgspec.convert(given, kind)


def decoded(raw: bytes, observations: Iterable[Observation]) -> list[Decoded | Bad]:
    """The same raw bytes behind each observation."""
    return [Decoded(observation=observation, raw=raw) for observation in observations]


def bad(raw: bytes, error: Exception | str, code: str = "malformed") -> Bad:
    """Quarantine entry with a reason that says what is wrong."""
    return Bad(raw=raw, code=code, reason=str(error)[:1000])
