"""Slows down guessing: so many attempts per key and window, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from hub.records.errors import Throttled


class Throttle:
    """Counts attempts per key in this process. The oldest keys are forgotten when `most` are known."""

    def __init__(self, attempts: int = 5, window: timedelta = timedelta(minutes=15), most: int = 10_000) -> None:
        self._attempts = attempts
        self._window = window
        self._most = most
        self._known: OrderedDict[tuple[str, str], tuple[datetime, int]] = OrderedDict()

    def attempt(self, key: tuple[str, str], now: datetime) -> None:
        """Count an attempt before it is judged; raises Throttled (with `retry_after_s`) when there were too many."""
        began, count = self._known.pop(key, (now, 0))
        if now - began >= self._window:
            began, count = now, 0
        self._known[key] = (began, min(count + 1, self._attempts + 1))
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        if count >= self._attempts:
            seconds = max(1, round((began + self._window - now).total_seconds()))
            raise Throttled(f"Too many attempts; try again in {seconds} s.", retry_after_s=seconds)

    def forget(self, key: tuple[str, str]) -> None:
        """The attempt was good: start from nothing."""
        self._known.pop(key, None)
