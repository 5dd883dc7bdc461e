"""Rosette's own JSON: one observation, a list of them, or ``{"observations": […]}``.

An observation is the tagged union of `hub/records/observation.py` (`kind`: ``fix``, ``detection``, ``sighting``,
``reading``). `device` may be left out where the door knows it (topic or login). `json_schema` describes all of it.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

import msgspec

from hub.ingest.dialects import vet
from hub.ingest.dialects.reading import Dialect, Source, bad
from hub.records.errors import Malformed
from hub.records.observation import Observation
from hub.records.receipt import Bad, Decoded

_observation: msgspec.json.Decoder[Observation] = msgspec.json.Decoder(Observation)


class _Batch(msgspec.Struct):
    observations: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


_batch = msgspec.json.Decoder(_Batch)


def read_message(body: bytes, source: Source) -> list[Decoded | Bad]:
    """Each element on its own: a bad one does not spoil the others."""
    try:
        # The usual message is one whole observation: one decode, no copy.
        return [Decoded(observation=_vetted(_observation.decode(body), source), raw=body)]
    except (ValueError, RecursionError, Malformed):
        pass
    try:
        elements = _elements(body)
    except Malformed as error:
        return [bad(body, error)]
    return [_element(raw, source) for raw in elements]


def _elements(body: bytes) -> list[bytes]:
    if body.lstrip()[:1] != b"{":
        return vet.members(body)
    try:
        observations = _batch.decode(body).observations
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None
    return [body] if observations is msgspec.UNSET else [bytes(raw) for raw in observations]


def _element(raw: bytes, source: Source) -> Decoded | Bad:
    try:
        fields = vet.fields(raw)
        if source.device is not None:
            fields.setdefault("device", source.device)
        return Decoded(observation=_vetted(msgspec.convert(fields, Observation), source), raw=raw)
    except (Malformed, msgspec.ValidationError) as error:
        return bad(raw, error)


def _vetted(observation: Any, source: Source) -> Observation:
    """The observation in UTC, if it can be stored and if it is about the device that sent it."""
    # All at once first: a path is only made for what is wrong.
    if not vet.is_sound(msgspec.structs.astuple(observation)):
        for name in observation.__struct_fields__:
            vet.sound(getattr(observation, name), f"$.{name}")
    if source.device is not None and observation.device != source.device:
        raise Malformed(f"$.device is {observation.device!r}, but the sender is {source.device!r}")
    if observation.observed_at.tzinfo is UTC:
        return observation
    try:
        return msgspec.structs.replace(observation, observed_at=observation.observed_at.astimezone(UTC))
    except OverflowError:
        raise Malformed("a time outside the years 1 to 9999 in $.observed_at") from None


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a message in this dialect."""
    (one,), components = msgspec.json.schema_components((Observation,), ref_template="#/$defs/{name}")
    several: dict[str, Any] = {"type": "array", "items": one, "description": "Each element is judged on its own."}
    wrapped: dict[str, Any] = {"type": "object", "required": ["observations"], "properties": {"observations": several}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rosette observation message",
        "description": (__doc__ or "").strip(),
        "anyOf": [one, several, wrapped],
        "$defs": components,
    }


DIALECT = Dialect(name="envelope", title="Rosette observations (JSON)", message=read_message)
