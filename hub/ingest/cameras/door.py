"""What every door for pictures does: hand over, count, and say how it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from hub.media.receive import Picture, Taken

Outcome = Literal["taken", "known", "refused"]


class Takes(Protocol):
    """The only way in for pictures: `hub.media.receive.Receiver`."""

    async def take(self, picture: Picture, data: bytes) -> Taken:
        """Commit, or keep in quarantine; raises Unavailable when nothing was committed."""
        ...

    async def take_file(self, picture: Picture, path: Path) -> Taken:
        """The same for a file, which may be large."""
        ...


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one picture; `reason` of a refused one. Whatever it is, the hub has its bytes."""

    outcome: Outcome
    reason: str = ""


@dataclass
class DoorState:
    """How one door is. `problem` says what somebody should do; empty: nothing."""

    name: str
    connected: bool = False
    waiting: int = 0
    problem: str = ""
    counts: dict[Outcome, int] = field(default_factory=lambda: {"taken": 0, "known": 0, "refused": 0})

    async def hand_over(self, receiver: Takes, picture: Picture, data: bytes | Path) -> Handed:
        """Give a picture to the receiver; raises Unavailable: then nothing may be acknowledged."""
        if isinstance(data, Path):
            taken = await receiver.take_file(picture, data)
        else:
            taken = await receiver.take(picture, data)
        if taken.code:
            handed = Handed(outcome="refused", reason=f"{taken.code}: {taken.reason}")
        else:
            handed = Handed(outcome="known" if taken.duplicate else "taken")
        self.counts[handed.outcome] += 1
        return handed
