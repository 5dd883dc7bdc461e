"""A broker that ends while it holds a queue for a hub that is down."""

from __future__ import annotations

import shutil

import pytest

from tests.acceptance.small_disk import open_folder
from tests.bench.faults import broker_killed, mosquitto_behind


def test_broker_killed_with_a_queue__nothing_acknowledged_is_lost() -> None:
    with open_folder() as folder:
        outcome = broker_killed(folder, queued=2_000)
    assert outcome.acknowledged > 2_000
    assert (outcome.lost, outcome.double) == (0, 0)


@pytest.mark.skipif(shutil.which("mosquitto") is None, reason="mosquitto is not installed")
def test_mosquitto_restarted_with_a_queue__nothing_acknowledged_is_lost() -> None:
    with open_folder() as folder:
        outcome = mosquitto_behind(folder, queued=2_000)
    assert outcome.acknowledged > 2_000
    assert (outcome.lost, outcome.double) == (0, 0)
