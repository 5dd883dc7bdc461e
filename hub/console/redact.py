"""Keeps secrets out of logs: simple trackers send their key in the address."""

from __future__ import annotations

import re

_SECRET = re.compile(r"(/osmand/)[^/?]+|([?&](?:key|token|password)=)[^&]*", re.IGNORECASE)


def redacted(target: str) -> str:
    """A path, or path and query, without the keys it may hold, on one line."""
    hidden = _SECRET.sub(lambda found: (found[1] or found[2]) + "***", target)
    return hidden.encode("unicode_escape").decode()
