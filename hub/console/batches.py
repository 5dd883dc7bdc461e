"""A large envelope as several that the log takes one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from hub.ingest.accept import LARGEST_MESSAGE
from hub.records.receipt import Receipt

# Decoding this much takes some tens of milliseconds, during which nothing else is answered.
BATCH_BYTES = LARGEST_MESSAGE // 2


class _Envelope(msgspec.Struct):
    observations: list[msgspec.Raw]


_list = msgspec.json.Decoder(list[msgspec.Raw])
_envelope = msgspec.json.Decoder(_Envelope)


def batches_of(body: bytes) -> Iterator[bytes]:
    """The same observations in arrays of about half a megabyte; a body that cannot be split comes back whole."""
    if len(body) <= BATCH_BYTES:
        yield body
        return
    try:
        elements = _list.decode(body) if body.lstrip()[:1] == b"[" else _envelope.decode(body).observations
    except (ValueError, RecursionError):
        yield body
        return
    waiting: list[bytes] = []
    size = 0
    for element in map(bytes, elements):
        if waiting and size + len(element) > BATCH_BYTES:
            yield b"[" + b",".join(waiting) + b"]"
            waiting, size = [], 0
        waiting.append(element)
        size += len(element) + 1
    if waiting:
        yield b"[" + b",".join(waiting) + b"]"


def total(receipts: Iterable[Receipt]) -> Receipt:
    """One receipt for all."""
    every = list(receipts)
    return Receipt(
        accepted=sum(one.accepted for one in every),
        duplicate=sum(one.duplicate for one in every),
        quarantined=sum(one.quarantined for one in every),
        ids=tuple(observation for one in every for observation in one.ids),
        problems=tuple(problem for one in every for problem in one.problems),
    )
