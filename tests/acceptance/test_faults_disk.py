"""The disk of the state folder is full."""

from __future__ import annotations

import os

import pytest

from tests.acceptance.small_disk import small_disk
from tests.bench.faults import disk_filled


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount the small disk that this test fills")
def test_disk_full__the_hub_says_so_acknowledges_nothing_and_goes_on_when_there_is_room() -> None:
    with small_disk(450) as disk:
        outage = disk_filled(disk, full_s=3)
    assert "disk" in outage.problem
    assert outage.acknowledged_meanwhile == 0
    assert (outage.outcome.lost, outage.outcome.double) == (0, 0)
    assert outage.stream is None, "the browser's stream was cut"
    assert outage.frames_after > 0, "the pipeline stands still"
