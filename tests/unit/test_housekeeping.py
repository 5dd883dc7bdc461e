"""Jobs that keep the house."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub import housekeeping
from hub.pipeline import process
from hub.pipeline.refit import refit_every_site
from hub.pipeline.world import World
from hub.store import parameters, sites
from hub.store.database import Database
from tests import builders as a


async def test_jobs__run_within_an_hour_of_the_start_and_then_at_their_intervals(database: Database) -> None:
    jobs = {job.id: job for job in housekeeping.schedule(database, (*housekeeping.JOBS, *process.JOBS)).get_jobs()}
    assert set(jobs) == {"make_months_ahead", "refit_movement", "recalibrate"}
    assert jobs["refit_movement"].trigger.interval == timedelta(hours=24)
    assert all(job.next_run_time <= datetime.now(UTC) + timedelta(hours=1) for job in jobs.values())


async def test_fitting__is_the_work_of_the_pipelines_process_not_of_the_one_with_the_doors() -> None:
    assert [name for name, _, _ in housekeeping.JOBS] == ["make_months_ahead"]
    assert [name for name, _, _ in process.JOBS] == ["refit_movement", "recalibrate"]


async def test_kept__jobs_run_only_inside(database: Database) -> None:
    with housekeeping.kept(database):
        pass


async def test_refit__sites_without_collars_are_left_as_they_are(database: Database) -> None:
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site("empty"))
    await refit_every_site(database)
    assert await parameters.everything(database, "empty") == []
    assert World(a.a_site("empty"), []).movements.digest == ""
