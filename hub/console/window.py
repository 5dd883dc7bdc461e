"""Parameters that bounded lists share: times with a zone, places in a list, and who is reading."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar.params import QueryParameter

from hub.console.access import Connection, caller_of
from hub.console.paging import parse_moment
from hub.records.errors import Malformed, NotFound
from hub.records.person import Caller, Role

At = Annotated[str | None, QueryParameter(name="at", max_length=40, description="Time, with zone.")]
Since = Annotated[str | None, QueryParameter(name="from", max_length=40, description="First time, with zone.")]
Until = Annotated[str | None, QueryParameter(name="to", max_length=40, description="Time after the last, with zone.")]

# Whoever means "ever" names a year at the end of the calendar, where nothing can be added or taken away any more.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def keyset(after: str | None) -> tuple[datetime, UUID] | None:
    """Place after which a page starts, from the `next` of the page before; raises Malformed."""
    parsed = parse_moment(after)
    try:
        return None if parsed is None else (parsed[0], UUID(parsed[1]))
    except ValueError:
        raise Malformed(f"after={after!r} is not a token of this list") from None


def instant(text: str | None, default: datetime, name: str) -> datetime:
    """A time parameter with a zone, brought into [EARLIEST, LATEST]; raises Malformed."""
    if not text:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{name}={text[:40]!r} is not a time: use 2026-11-23T09:00:00Z") from None
    if moment.tzinfo is None:
        raise Malformed(f"{name}={text[:40]!r} has no zone: add Z or +10:00 (a plus sign is %2B in a URL)")
    if EARLIEST < moment < LATEST:
        return moment.astimezone(UTC)
    return EARLIEST if moment <= EARLIEST else LATEST


def reader(connection: Connection, site: str) -> tuple[Caller, Role]:
    """Who reads, in which role; a site that is not the caller's is not found."""
    caller = caller_of(connection)
    role = caller.role_at(site)
    if role is None:
        raise NotFound(f"no site {site!r}")
    return caller, role


def window(since: str | None, until: str | None, now: datetime, default: timedelta) -> tuple[datetime, datetime]:
    """[from, to) of a request: to now, and from so long before, where they are not given; raises Malformed."""
    end = instant(until, now, "to")
    start = instant(since, end - default, "from")
    if start >= end:
        raise Malformed("from must be before to")
    return start, end
