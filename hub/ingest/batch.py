"""What arrivals became: rows for the log, and bad parts with their arrival."""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID

import msgspec

from hub.ingest import plausible
from hub.ingest.identity import as_said, encode, id_before, identify, is_redelivery
from hub.records.errors import IdConflict, Malformed, Rejected
from hub.records.observation import Detection, Observation, Observed, Reading, Sighting
from hub.records.receipt import Arrival, Bad, Decoded
from hub.store import log


class Batch:
    """`arrivals` in order; `rows` by id, `origin` says which arrival brought one; `repeated` what came twice in it."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.arrivals: list[Arrival] = []
        self.rows: dict[UUID, log.Row] = {}
        self.origin: dict[UUID, int] = {}
        self.bad: list[tuple[int, Arrival, Bad]] = []
        self.repeated: list[tuple[int, UUID]] = []
        # Rows without a time of their own, and the id that the same words have if they came a little earlier.
        self.before: dict[UUID, UUID] = {}

    def add(self, index: int, arrival: Arrival, part: Decoded | Bad) -> None:
        """Take one decoded part of arrival number `index`."""
        if isinstance(part, Bad):
            self.bad.append((index, arrival, part))
            return
        try:
            row = row_of(part.observation, part.raw, arrival)
        except Rejected as rejected:
            self.bad.append((index, arrival, Bad(raw=part.raw, code=rejected.code, reason=rejected.detail)))
            return
        if (earlier := self.rows.get(row.id)) is None:
            self.rows[row.id] = row
            self.origin[row.id] = index
            if (before := id_before(arrival.site, as_said(part.observation))) is not None:
                self.before[row.id] = before
        elif earlier.content == row.content:
            self.repeated.append((index, row.id))
        else:
            self.bad.append((index, arrival, conflict(row)))

    def absorb(self, times: dict[UUID, datetime]) -> None:
        """Leave out what repeats words of a little earlier, in this batch or, by `times`, in the log."""
        known = times | {key: row.observed_at for key, row in self.rows.items()}
        for key, before in sorted(self.before.items(), key=lambda pair: self.rows[pair[0]].observed_at):
            if is_redelivery(self.rows[key].observed_at, known.get(before)):
                del self.rows[key], known[key]
                self.repeated = [(index, before if other == key else other) for index, other in self.repeated]
                self.repeated.append((self.origin.pop(key), before))


def row_of(observation: Observation, raw: bytes, arrival: Arrival) -> log.Row:
    """Check an observation and lay it out as columns; raises Rejected."""
    plausible.check(observation, arrival.received_at, arrival.device)
    said = as_said(observation)
    body = encode(said)
    if b"\\u0000" in body and plausible.holds_nul(msgspec.to_builtins(observation)):
        raise Malformed("a text holds a NUL character, which no database text can")
    key, content = identify(arrival.site, said, body)
    clock = plausible.clock_flags(said, arrival.received_at, arrival.door)
    if (clock or said is not observation) and (noted := {*observation.flags, *clock} - {*said.flags}):
        body = encode(msgspec.structs.replace(said, flags=(*said.flags, *sorted(noted))))
    return log.Row(
        id=key,
        site_id=arrival.site,
        device=observation.device,
        kind=kind_of(observation),
        label=label_of(observation),
        observed_at=observation.observed_at,
        received_at=arrival.received_at,
        longitude=observation.longitude,
        latitude=observation.latitude,
        body=body,
        door=arrival.door,
        dialect=arrival.dialect,
        address=arrival.address,
        sender=arrival.sender,
        raw=raw,
        content=content,
    )


def kind_of(observation: Observed) -> str:
    """The tag of an observation on the wire."""
    return str(type(observation).__struct_config__.tag)


def label_of(observation: Observation) -> str | None:
    """What a detection or sighting is of, or what a reading measures."""
    match observation:
        case Detection() | Sighting():
            return observation.label
        case Reading():
            return observation.quantity
        case _:
            return None


def conflict(row: log.Row) -> Bad:
    """The part that says something else under an id that is known."""
    return Bad(
        raw=row.raw,
        code=IdConflict.code,
        reason=f"device {row.device!r} sent source_id again with another body (observation {row.id}); the first stands",
    )
