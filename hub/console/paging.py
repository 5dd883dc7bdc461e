"""Lists come in pages; `next` is an opaque token for `after`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from hub.records.errors import Malformed

T = TypeVar("T")
U = TypeVar("U")
MOST = 1000

Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="Most items of one page.")]
After = Annotated[str | None, QueryParameter(max_length=200, description="`next` of the page before.")]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Items in order; `next` is null on the last page."""

    items: Sequence[T]
    next: str | None = None


def parse_id(after: str | None) -> UUID | None:
    """Token of a list in order of id; raises Malformed."""
    try:
        return None if after is None else UUID(after)
    except ValueError:
        raise Malformed(f"after={after!r} is not a token of this list") from None


def moment_token(at: datetime, last: object) -> str:
    """Token of a list in order of time."""
    return f"{at.isoformat().replace('+00:00', 'Z')}~{last}"


def parse_moment(after: str | None) -> tuple[datetime, str] | None:
    """(time, rest) of a token of a list in order of time; raises Malformed."""
    if after is None:
        return None
    moment, tilde, last = after.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not tilde:
        raise Malformed(f"after={after!r} is not a token of this list")
    return at, last


def counted_token(times: Sequence[datetime], *, full: bool) -> str | None:
    """Token of the last of these times, and how many items of it were given: an id would give a hidden place away."""
    if not full or not times:
        return None
    return moment_token(times[-1], sum(at == times[-1] for at in times))


def parse_counted(after: str | None) -> tuple[datetime | None, int]:
    """(time to go on from, how many of that time were given) of such a token; raises Malformed."""
    parsed = parse_moment(after)
    if parsed is None:
        return None, 0
    at, count = parsed
    if not (count.isascii() and count.isdigit() and len(count) < 6):
        raise Malformed(f"after ends in {count[:20]!r}: it is not a token of this list")
    return at, int(count)


def first_known(rows: Sequence[T], limit: int, asked: int, known: Callable[[T], U | None]) -> tuple[list[U], T | None]:
    """At most `limit` items of what a reader may know of rows, and the row after which the next page begins, if any.

    asked: so many rows were asked for, at most. known: the item of a row, None where it is withheld or not wanted.
    """
    items: list[U] = []
    looked_at = 0
    for row in rows:
        if len(items) == limit:
            break
        looked_at += 1
        if (item := known(row)) is not None:
            items.append(item)
    is_more = looked_at < len(rows) or len(rows) == asked
    return items, rows[looked_at - 1] if looked_at and is_more else None
