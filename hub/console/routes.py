"""All routes that read what the pipeline believes, in one place: the hub and its tests serve the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from litestar.types import ControllerRouterHandler

from hub.console.dispatch import DrillControl, dispatch_routes
from hub.console.feeds import Feeds
from hub.console.hypotheses import hypothesis_routes
from hub.console.identity import identity_routes
from hub.console.inside import inside_routes
from hub.console.near import near_routes
from hub.console.ranges import range_routes
from hub.console.reads import read_routes
from hub.console.roster import roster_routes
from hub.console.watching import watching_routes
from hub.store.database import Database


def console_routes(
    database: Database, feeds: Feeds, now: Callable[[str], datetime], drill_of: Callable[[str], DrillControl | None]
) -> tuple[ControllerRouterHandler, ...]:
    """`now`: the clock of a site. `drill_of`: the drill of a site, where there is one."""
    return (
        *read_routes(database, feeds, now),
        *near_routes(database, now),
        *identity_routes(database, feeds),
        *roster_routes(database, feeds),
        *hypothesis_routes(database, feeds),
        *inside_routes(database, feeds, now),
        *watching_routes(feeds, now),
        *range_routes(database, feeds, now),
        *dispatch_routes(database, feeds, drill_of),
    )
