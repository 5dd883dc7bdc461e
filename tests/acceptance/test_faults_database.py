"""kill -9 of PostgreSQL below a running hub."""

from __future__ import annotations

from tests.acceptance.small_disk import open_folder
from tests.bench.faults import database_killed


def test_database_killed__the_hub_says_so_recovers_by_itself_and_nothing_is_lost() -> None:
    with open_folder() as folder:
        outage = database_killed(folder / "state", kills=1)
    assert outage.unready_after_s < 5
    assert "database" in outage.problem
    assert (outage.outcome.lost, outage.outcome.double) == (0, 0)
    assert outage.stream is None, "the browser's stream was cut"
    assert outage.frames_after > 0, "the pipeline stands still"
