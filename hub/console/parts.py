"""What the HTTP side is given by whoever starts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from litestar import Request
from litestar.di import NamedDependency
from prometheus_client import CollectorRegistry

from hub.console.passwords import Passwords
from hub.console.vitals import Vitals
from hub.ingest.accept import Acceptor
from hub.records.receipt import Arrival, Receipt
from hub.store.database import Database
from hub.throttle import Throttle

WEB = Path(__file__).resolve().parents[2] / "web"


class ImportFile(Protocol):
    """Reads a file on disk into the log; `dialect` None: recognise it. Raises Rejected, Unavailable."""

    def __call__(
        self, path: Path, *, site: str, name: str, dialect: str | None, received_at: datetime, sender: str
    ) -> Awaitable[Receipt]: ...


def wall_clock() -> datetime:
    """Time of this machine, in UTC."""
    return datetime.now(UTC)


async def _up_to_date() -> None:
    """Counters and histograms always are."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything that handlers may use.

    now: the clock of a site (a drill has its own). wall: real time, for sessions. `folder`: the state folder, for
    uploads on their way. accept_again: what waits in quarantine. `handlers`: routes that others bring (live feed,
    reads, trackers). `refresh`: brings what is registered with `registry` up to date before it is read.
    """

    database: Database
    acceptor: Acceptor
    vitals: Vitals
    now: Callable[[str], datetime]
    folder: Path
    import_file: ImportFile
    accept_again: Callable[[Sequence[Arrival]], Awaitable[list[Receipt]]]
    wall: Callable[[], datetime] = wall_clock
    secure_cookies: bool = False
    web: Path = WEB
    handlers: Sequence[Any] = ()
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    refresh: Callable[[], Awaitable[None]] = _up_to_date
    passwords: Passwords = field(default_factory=Passwords)
    throttle: Throttle = field(default_factory=Throttle)


# How handlers name what they are called with.
Call: TypeAlias = Request[Any, Any, Any]
Given: TypeAlias = NamedDependency[Parts]


def parts_of(app: Any) -> Parts:
    """The parts of a running application, for middleware and guards."""
    return app.state["parts"]
