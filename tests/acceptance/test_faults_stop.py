"""Ctrl-C, and the start after it."""

from __future__ import annotations

from tests.acceptance.small_disk import open_folder
from tests.bench.faults import interrupted


def test_interrupted__a_busy_hub_ends_cleanly_and_starts_again() -> None:
    with open_folder() as folder:
        stop = interrupted(folder / "state", streams=2)
    assert stop.exit_code == 0
    assert stop.stop_s < 15
    assert stop.orphans == ()
    assert stop.streams_ended
    assert stop.start_s < 10
