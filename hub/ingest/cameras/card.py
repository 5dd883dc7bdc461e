"""A memory card, or any folder of pictures: all of it into the hub, in bulk, as often as somebody likes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hub.ingest.cameras.door import DoorState, Takes
from hub.media.receive import Picture

ENDINGS: Final = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".webp", ".mp4"})
# Two such portions are in memory: one is read from the card while the other is committed.
PORTION_FILES: Final = 32
PORTION_BYTES: Final = 48 << 20
MOST_IN_MEMORY: Final = 25 << 20
MOST_REASONS: Final = 1_000


class CardFile(NamedTuple):
    """A file of the card."""

    path: Path
    address: str
    size: int


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What is on a card. `left_out`: other files, by the ending of their names."""

    files: tuple[CardFile, ...]
    left_out: dict[str, int]

    @property
    def size(self) -> int:
        """Bytes of all pictures."""
        return sum(file.size for file in self.files)


class CardReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why files were refused: how many, and the first of them."""

    reason: str
    count: int
    example: str


class CardSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a card: `taken` + `known` + `refused` + `unreadable` = its pictures.

    refused: kept in quarantine. unreadable: the card did not give them; nothing of them is kept.
    """

    folder: str
    site: str
    device: str
    taken: int
    known: int
    refused: int
    unreadable: int
    left_out: dict[str, int]
    reasons: tuple[CardReason, ...]
    seconds: float


class _Read(NamedTuple):
    file: CardFile
    sha256: bytes
    data: bytes | None


Known = Callable[[Sequence[bytes]], Awaitable[set[bytes]]]
"""Which of these SHA-256 came by a card of this device already?"""


def listing(folder: Path) -> Listing:
    """Pictures below a folder in the order of their names; links are not followed. Raises OSError."""
    files: list[CardFile] = []
    left_out: Counter[str] = Counter()

    def failed(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=failed):
        folders.sort()
        for name in sorted(names):
            path = Path(parent) / name
            ending = path.suffix.lower()
            if path.is_symlink() or name.startswith(".") or ending not in ENDINGS:
                left_out["link" if path.is_symlink() else ending or "without ending"] += 1
                continue
            address = str(path.relative_to(folder)).encode("utf-8", "replace").decode()
            files.append(CardFile(path, address, path.stat().st_size))
    return Listing(files=tuple(files), left_out=dict(left_out))


async def import_card(
    receiver: Takes,
    known: Known,
    card: Listing,
    folder: Path,
    *,
    site: str,
    device: str,
    by: str,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None],
) -> CardSummary:
    """Take every picture that is not known yet. progress: bytes and files done so far.

    Raises Unavailable: what was taken until then is known the next time.
    """
    began = time.monotonic()
    state = DoorState("card")
    reasons: dict[str, tuple[int, str]] = {}
    unreadable = done_bytes = done_files = 0

    def refuse(reason: str, file: CardFile) -> None:
        if reason in reasons or len(reasons) < MOST_REASONS:
            count, example = reasons.get(reason, (0, file.address))
            reasons[reason] = (count + 1, example)

    portions = _portions(card.files)
    ahead = asyncio.create_task(asyncio.to_thread(_read, next(portions, ())))
    try:
        while portion := await asyncio.shield(ahead):
            ahead = asyncio.create_task(asyncio.to_thread(_read, next(portions, ())))
            there = await known([one.sha256 for one in portion if one.sha256])
            for one in portion:
                if not one.sha256:
                    unreadable += 1
                    refuse("the card does not give it", one.file)
                elif one.sha256 in there:
                    state.counts["known"] += 1
                else:
                    picture = Picture(
                        site=site,
                        device=device,
                        door="card",
                        address=one.file.address,
                        sender=by,
                        live=False,
                        received_at=now(),
                        name=one.file.path.name.encode("utf-8", "replace").decode(),
                    )
                    handed = await state.hand_over(receiver, picture, one.file.path if one.data is None else one.data)
                    if handed.outcome == "refused":
                        refuse(handed.reason, one.file)
                done_bytes, done_files = done_bytes + one.file.size, done_files + 1
                progress(done_bytes, done_files)
    finally:
        # The thread reads from the card, which may be taken out next.
        await asyncio.wait([ahead])
    most_first = sorted(reasons.items(), key=lambda item: (-item[1][0], item[0]))
    return CardSummary(
        folder=str(folder),
        site=site,
        device=device,
        taken=state.counts["taken"],
        known=state.counts["known"],
        refused=state.counts["refused"],
        unreadable=unreadable,
        left_out=card.left_out,
        reasons=tuple(CardReason(reason=r, count=count, example=example) for r, (count, example) in most_first),
        seconds=round(time.monotonic() - began, 3),
    )


def _portions(files: Sequence[CardFile]) -> Iterator[tuple[CardFile, ...]]:
    portion: list[CardFile] = []
    size = 0
    for file in files:
        held = file.size if file.size <= MOST_IN_MEMORY else 0
        if portion and (len(portion) == PORTION_FILES or size + held > PORTION_BYTES):
            yield tuple(portion)
            portion, size = [], 0
        portion.append(file)
        size += held
    if portion:
        yield tuple(portion)


def _read(files: Sequence[CardFile]) -> list[_Read]:
    """Bytes and SHA-256, in the order given; of a file that cannot be read the hash is empty."""
    found: list[_Read] = []
    for file in files:
        try:
            if file.size <= MOST_IN_MEMORY:
                data = file.path.read_bytes()
                found.append(_Read(file, hashlib.sha256(data).digest(), data))
            else:
                with file.path.open("rb") as opened:
                    found.append(_Read(file, hashlib.file_digest(opened, "sha256").digest(), None))
        except OSError:
            found.append(_Read(file, b"", None))
    return found
