"""The whole HTTP side on a real database, with one caller of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from hub.console.app import create_api
from hub.console.feeds import Feeds
from hub.console.parts import WEB, Parts
from hub.console.passwords import Passwords
from hub.console.routes import console_routes
from hub.console.vitals import DetectorState, Door, DrillState, PipelineState
from hub.ingest.accept import Acceptor
from hub.ingest.again import Again
from hub.ingest.upload import import_upload
from hub.pictures import Pictures, routes_of
from hub.pipeline.line import Line, Told
from hub.records.ids import new_id
from hub.records.person import Person, Role
from hub.records.reference import Reference
from hub.see.registry import Models
from hub.settings import Settings
from hub.store import access, people, reference, sites
from hub.store.database import Database
from hub.throttle import Throttle
from mobile_api.routes import ROUTES as MOBILE_ROUTES
from tests.builders import NOON, a_site

PASSWORD = "correct horse battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
SITE = "leopard"
OTHER = "tundra"


class FakeVitals:
    """A hub in good health, unless a test says otherwise."""

    def __init__(self) -> None:
        self.connected = True

    def mqtt(self) -> Door:
        return Door(connected=self.connected, lag=0)

    def doors(self) -> dict[str, Door]:
        return {"ftps": Door(connected=False, lag=2)}

    def detector(self) -> DetectorState | None:
        return None

    async def pipeline(self, site: str) -> PipelineState | None:
        return PipelineState(lag_s=0.0, cursor="v1.x")

    async def drill(self, site: str) -> DrillState | None:
        return None


class FakeDrill:
    """A drill that only remembers its speed."""

    speed = 1.0

    async def set_speed(self, speed: float) -> DrillState:
        if not 0 <= speed <= 1000:
            raise ValueError(f"speed must be 0 to 1000, not {speed}")
        self.speed = speed
        return DrillState(speed=speed, clock=NOON)


class Clock:
    """The time, as the test says."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def __call__(self, site: str = "") -> datetime:
        return self.time

    def pass_by(self, **much: float) -> None:
        self.time += timedelta(**much)


class Hub:
    """What a test talks to."""

    def __init__(self, client: AsyncClient, database: Database, vitals: FakeVitals, clock: Clock) -> None:
        self.client = client
        self.database = database
        self.vitals = vitals
        self.clock = clock
        self.lines: dict[str, Line]
        self.feeds: Feeds
        self.drills: dict[str, FakeDrill]
        self.pictures: Pictures
        self.keys: dict[str, str] = {}
        self.person: Person | None = None

    async def as_(self, who: str, method: str, path: str, **given: Any) -> Response:
        """A request of a caller, by key. `nobody` has none."""
        headers = dict(given.pop("headers", {}))
        if who != "nobody":
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        return await self.client.request(method, path, headers=headers, **given)

    async def settle(self, site: str = SITE) -> None:
        """Let the pipeline follow all that was committed, and the live feed send it."""
        while await self.lines[site].step():
            pass
        await self.feeds.of(site).flush()

    async def keyed(self, name: str, site: str, role: Role, device: str | None = None) -> None:
        """Make a machine of that name."""
        secret = f"rst_{name}-{new_id()}"
        async with self.database.transaction() as connection:
            await access.add_key(connection, new_id(), secret, name=name, site=site, role=role, device=device)
        self.keys[name] = secret

    async def add_person(self, email: str, roles: dict[str, Role], **given: Any) -> Person:
        """Somebody whose password is PASSWORD."""
        person = Person(id=new_id(), email=email, name=given.pop("name", email), sites=roles, **given)
        async with self.database.transaction() as connection:
            await people.add(connection, person, CHEAP.hash(PASSWORD))
        return person

    async def login(self, email: str) -> dict[str, str]:
        """Log in; returns the CSRF header. The client keeps the cookie."""
        answer = await self.client.post("/api/v1/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return {"X-CSRF-Token": answer.json()["csrf"]}

    async def store(self, *records: Reference) -> None:
        """Reference data."""
        async with self.database.transaction() as connection:
            for record in records:
                await reference.put(connection, record, expect=None, by="test")

    async def edit(self, record: Reference, version: int) -> None:
        """Reference data, over a version that is there."""
        async with self.database.transaction() as connection:
            await reference.put(connection, record, expect=version, by="test")

    async def send(self, *observations: dict[str, Any], who: str = "dispatcher") -> dict[str, Any]:
        """Append; the receipt."""
        answer = await self.as_(who, "POST", f"/api/v1/sites/{SITE}/observations", json=list(observations))
        assert answer.status_code == 200, answer.text
        return answer.json()


class Present:
    """What belongs to the test that runs now. The application is made once, which takes a third of a second, and finds
    through here what is new for each test."""

    def __init__(self) -> None:
        self.database: Database
        self.acceptor: Acceptor
        self.feeds: Feeds
        self.vitals: FakeVitals
        self.clock: Clock
        self.throttle: Throttle
        self.drills: dict[str, FakeDrill]
        self.pictures: Pictures

    def begin(self, database: Database, folder: Path) -> None:
        """Another test."""
        self.database, self.acceptor, self.feeds = database, Acceptor(database), Feeds(database)
        self.vitals, self.clock, self.throttle, self.drills = FakeVitals(), Clock(), Throttle(), {}
        self.feeds.now = self.clock
        self.pictures = Pictures(database, Settings(state=str(folder)), self.acceptor, Models(folder), self.clock)


class Through:
    """Stands for one thing of the present test, by its name there."""

    def __init__(self, present: Present, name: str) -> None:
        self._present, self._meant = present, attrgetter(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._meant(self._present), name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._meant(self._present)(*given, **named)


@pytest.fixture(scope="session")
def present() -> Present:
    """What is new for each test."""
    return Present()


@pytest.fixture(scope="session")
def application(present: Present, tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    """The whole HTTP side, for the present test; a file whose tests edit the console makes its own."""
    return an_application(present, tmp_path_factory.mktemp("api"), WEB)


def an_application(present: Present, folder: Path, web: Path) -> Litestar:
    """The HTTP side with every route."""
    database: Any = Through(present, "database")
    feeds: Any = Through(present, "feeds")
    acceptor: Any = Through(present, "acceptor")
    clock: Any = Through(present, "clock")
    vitals: Any = Through(present, "vitals")
    throttle: Any = Through(present, "throttle")
    names = ("receiver", "uploads", "seeing", "second", "vault", "showing")
    parts = {name: Through(present, f"pictures.{name}") for name in names}
    pictures: Any = SimpleNamespace(**parts)
    return create_api(
        Parts(
            database=database,
            acceptor=acceptor,
            vitals=vitals,
            now=clock,
            wall=clock,
            folder=folder,
            import_file=partial(import_upload, acceptor, database),
            accept_again=Again(acceptor, parts["receiver"]).accept,
            web=web,
            handlers=(
                *console_routes(database, feeds, clock, lambda site: present.drills.get(site)),
                *routes_of(pictures, database, clock),
                *MOBILE_ROUTES,
            ),
            passwords=Passwords(CHEAP),
            throttle=throttle,
        )
    )


@pytest.fixture
async def hub(database: Database, tmp_path: Path, present: Present, application: Litestar) -> AsyncIterator[Hub]:
    """The application with two sites and a machine of every role at the first; `stranger` belongs to the second."""
    present.begin(database, tmp_path)
    feeds, lines = present.feeds, dict[str, Line]()
    async with database.transaction() as connection:
        await sites.put(connection, a_site(SITE))
        await sites.put(connection, a_site(OTHER))
    for site in (SITE, OTHER):
        line = lines[site] = Line(database, site, partial(feeds.tell, site))
        await line.start()
        feeds.tell(site, Told(cursor=line.cursor, is_start=True), line.world_now)
    # Litestar's own test client runs the application in another thread, where this database cannot be used.
    transport = ASGITransport(application, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://hub.test") as client:
        hub = Hub(client, database, present.vitals, present.clock)
        hub.lines, hub.feeds, hub.drills, hub.pictures = lines, feeds, present.drills, present.pictures
        for role in ("ranger", "dispatcher", "scientist", "admin"):
            await hub.keyed(role, SITE, role)
        await hub.keyed("stranger", OTHER, "admin")
        await hub.keyed("chief", "*", "admin")
        await hub.keyed("collar", SITE, "ranger", device="collar-1")
        yield hub
        hub.pictures.close()


def problem(answer: Response, status: int) -> dict[str, Any]:
    """The body of an answer that must be a problem of this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"] == f"/problems/{body['code']}"
    assert body["title"] and body["detail"]
    return body


def a_uuid() -> UUID:
    """A client's id."""
    return new_id()
