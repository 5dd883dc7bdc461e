"""How tests are shared out to two workers: whatever starts whole hubs in one, all else in the other, file by file.

Marks of pytest-xdist cannot say it: with pytest 9.2 its `loadgroup` sets a field that is read no more, and shares out
single tests without a word, so that every file's hub is started twice.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

HUBS = "tests/acceptance/"


class SharedOut(LoadScopeScheduling):
    """Parts that stay together, in one worker, in their order."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return HUBS if file.startswith(HUBS) else file
