"""kill -9 of the hub under load."""

from __future__ import annotations

from tests.acceptance.small_disk import open_folder
from tests.bench.faults import hub_killed


def test_hub_killed__every_acknowledged_message_is_in_the_log_once_and_no_child_survives() -> None:
    with open_folder() as folder:
        outcome = hub_killed(folder / "state", kills=4, apart_s=(0.2, 1.0))
    assert outcome.acknowledged > 2_000
    assert (outcome.lost, outcome.double) == (0, 0)
    assert outcome.orphans == ()
    assert max(outcome.recovery_s) < 10
