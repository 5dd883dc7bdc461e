"""Have pictures made ready to be shown by the process that may die of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from fusion.camera.frame import Area
from hub.records.errors import Gone
from hub.see.looking import Died, Looking
from hub.see.seen import Show

MOST_KEPT_BYTES: Final = 32 << 20
QUALITY: Final = 82
BEST_QUALITY: Final = 95
Key = tuple[bytes, tuple[Area, ...], int, int]


class Showing:
    """One process, and the pictures that it made last. Methods block: call them in a thread."""

    def __init__(self) -> None:
        self._looking = Looking()
        self._lock = threading.Lock()
        self._made = OrderedDict[Key, bytes]()
        self._size = 0

    def made(self, sha256: bytes, parts: Sequence[Area], width_px: int) -> bytes | None:
        """One that was made before, if it is remembered."""
        with self._lock:
            return self._made.get((sha256, tuple(parts), width_px, QUALITY))

    def make(self, sha256: bytes, data: bytes, parts: Sequence[Area], width_px: int) -> bytes:
        """A JPEG with these parts pixelated, no wider than `width_px`. Raises Gone where it cannot be read."""
        key = (sha256, tuple(parts), width_px, QUALITY)
        with self._lock:
            shown = self._ask(data, parts, width_px, QUALITY)
            if key not in self._made:
                self._made[key] = shown
                self._size += len(shown)
            while self._size > MOST_KEPT_BYTES:
                self._size -= len(self._made.popitem(last=False)[1])
        return shown

    def whole(self, data: bytes) -> bytes:
        """All of it, without what the camera wrote into it; it is not remembered. Raises Gone."""
        with self._lock:
            return self._ask(data, (), 0, BEST_QUALITY)

    def close(self) -> None:
        """End the process."""
        self._looking.close()

    def _ask(self, data: bytes, parts: Sequence[Area], width_px: int, quality: int) -> bytes:
        try:
            answer = self._looking.show(Show(data, list(parts), width_px, quality))
        except Died as death:
            raise Gone(f"it cannot be shown: {death}") from death
        if not answer.data:
            raise Gone(f"it cannot be shown: {answer.reason}")
        return answer.data
