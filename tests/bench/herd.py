"""A large site with a history, written straight into the log: what the benchmarks of latency start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from hub.store import reference, sites
from hub.store.database import Database
from tests import builders as a

SITE = "herd"
SPECIES = "Panthera pardus orientalis"
PICTURES_OF = timedelta(days=28)


@dataclass(frozen=True, kw_only=True)
class Herd:
    """Animals with a home each, evenly over a square; the first `collared` wear a collar with a fix every `every_h`.

    Cameras stand evenly over the same square; `passages` are pictures of four weeks, up to a minute ago, of animals of
    the herd that live near; or of another species, of which nobody is known.
    """

    animals: int
    collared: int
    fixes: int
    every_h: float
    cameras: int = 0
    passages: int = 0
    species: str = SPECIES
    side_deg: float = 4.0

    def home(self, k: int) -> tuple[float, float]:
        """Longitude and latitude of animal k: a lattice with two irrational steps, the same every time."""
        x, y = (k * 0.6180339887498949) % 1.0, (k * 0.7548776662466927) % 1.0
        return a.CENTRE[0] + (x - 0.5) * self.side_deg, a.CENTRE[1] + (y - 0.5) * self.side_deg

    def camera_at(self, k: int) -> tuple[float, float]:
        """Longitude and latitude of camera k."""
        x, y = (k * 0.5698402909980532 + 0.3) % 1.0, (k * 0.8191725133961645 + 0.6) % 1.0
        return a.CENTRE[0] + (x - 0.5) * self.side_deg, a.CENTRE[1] + (y - 0.5) * self.side_deg


def collar(k: int) -> str:
    """Key of the collar of animal k."""
    return f"collar-{k:05d}"


def camera(k: int) -> str:
    """Key of camera k."""
    return f"camera-{k:05d}"


def name(k: int) -> str:
    """Name of animal k."""
    return f"A{k:05d}"


def records_of(herd: Herd) -> list[Any]:
    """Everything that people would have entered."""
    records: list[Any] = [a.a_fence(SITE, half_deg=0.2)]
    for k in range(herd.animals):
        records.append(animal := a.an_individual(SITE, name(k), sensitive=True))
        if k < herd.collared:
            records += [worn := a.a_device(SITE, collar(k)), a.a_deployment(worn, animal)]
    for k in range(herd.cameras):
        x, y = herd.camera_at(k)
        station = a.a_place(SITE, f"station {k}", longitude=x, latitude=y, uncertainty_m=30.0)
        records += [hung := a.a_device(SITE, camera(k), kind="camera"), station, a.a_deployment(hung, station)]
    return records


INSERT_REFERENCE = """
insert into reference (site_id, noun, id, version, deleted, valid, body, recorded_by)
select $1, noun, id, 1, false, tstzrange(null, null), body, 'bench'
from unnest($2::text[], $3::uuid[], $4::jsonb[]) as t (noun, id, body)"""

# Around its home within three kilometres, a new place with every fix.
INSERT_FIXES = """
insert into observation (id, site_id, device, kind, observed_at, received_at, longitude, latitude, body, door, dialect,
                         address, raw)
select gen_random_uuid(), $1, device, 'fix', at, at + interval '5 minutes', x, y,
       jsonb_build_object('kind', 'fix', 'device', device, 'observed_at', at, 'longitude', x, 'latitude', y,
                          'uncertainty_m', 12.0, 'source_id', device || n), 'mqtt', 'envelope', 'bench', ''
from (select device, n, home_x + 0.03 * sin(1.3 * n + home_x) + 0.003 * random() as x,
             home_y + 0.02 * cos(0.7 * n + home_y) + 0.003 * random() as y,
             $5::timestamptz - n * $6::interval as at
      from unnest($2::text[], $3::float8[], $4::float8[]) as animal (device, home_x, home_y),
           generate_series(1, $7::int) as n) walked"""


async def settle_herd(database: Database, herd: Herd, until: datetime) -> None:
    """Write reference data and fixes up to `until`; the database must be empty but for its tables."""
    async with database.transaction() as connection:
        await sites.put(connection, a.a_site(SITE))
        records = records_of(herd)
        omit = ("id", "site", "version", "recorded_at")
        bodies = [{k: v for k, v in msgspec.to_builtins(one).items() if k not in omit} for one in records]
        nouns = [reference.noun_of(one) for one in records]
        await connection.execute(INSERT_REFERENCE, SITE, nouns, [one.id for one in records], bodies)
    every = timedelta(hours=herd.every_h)
    moment = until - max(every * herd.fixes, PICTURES_OF)
    async with database.transaction() as connection:
        while moment < until + timedelta(days=31):
            await connection.execute("select ensure_observation_month($1)", moment)
            moment += timedelta(days=27)
    for first in range(0, herd.collared, 500):
        part = range(first, min(first + 500, herd.collared))
        homes = [herd.home(k) for k in part]
        async with database.transaction() as connection:
            x, y = ([home[axis] for home in homes] for axis in (0, 1))
            arguments = ([collar(k) for k in part], x, y, until, every, herd.fixes)
            await connection.execute(INSERT_FIXES, SITE, *arguments, timeout=600)
    if herd.passages:
        await _pictures(database, herd, until)
    await told_to_the_log(database)


INSERT_CHANGES = """
insert into change_log (site_id, noun, id, at) select site_id, 'observation', id, observed_at from observation"""


async def told_to_the_log(database: Database) -> None:
    """Everything stored enters the change log; then statistics, as a server in service has them."""
    async with database.connection() as connection:
        await connection.execute(INSERT_CHANGES, timeout=600)
        await connection.execute("analyze", timeout=600)


INSERT_PICTURES = """
insert into observation (id, site_id, device, kind, label, observed_at, received_at, body, door, dialect, address, raw)
select gen_random_uuid(), $1, device, 'detection', 'animal', at, at + interval '1 minute', body, 'mqtt', 'envelope',
       'bench', ''
from unnest($2::text[], $3::timestamptz[], $4::jsonb[]) as t (device, at, body)"""


async def _pictures(database: Database, herd: Herd, until: datetime) -> None:
    near = nearest_animals(herd)
    rows = [
        picture(herd, near, k, until - PICTURES_OF * (1.0 - (k + 1) / herd.passages) - timedelta(minutes=1))
        for k in range(herd.passages)
    ]
    async with database.transaction() as connection:
        devices, times = [one["device"] for one in rows], [datetime.fromisoformat(one["observed_at"]) for one in rows]
        await connection.execute(INSERT_PICTURES, SITE, devices, times, rows, timeout=600)


def nearest_animals(herd: Herd, most: int = 4) -> list[list[int]]:
    """Of every camera the animals whose homes are nearest."""
    homes = [herd.home(k) for k in range(herd.animals)]
    found: list[list[int]] = []
    for c in range(herd.cameras):
        x, y = herd.camera_at(c)
        ordered = sorted(range(herd.animals), key=lambda k: (homes[k][0] - x) ** 2 + (homes[k][1] - y) ** 2)
        found.append(ordered[:most])
    return found


def camera_of(herd: Herd, k: int) -> int:
    """Which camera takes picture k."""
    return (k * 7919) % herd.cameras


def shown_by(herd: Herd, near: Sequence[Sequence[int]], k: int) -> int:
    """Which animal picture k shows in truth."""
    lives_there = near[camera_of(herd, k)]
    return lives_there[k % len(lives_there)]


def picture(herd: Herd, near: Sequence[Sequence[int]], k: int, at: datetime) -> dict[str, Any]:
    """A picture as a camera sends it: one of the nearest passed, and a recogniser says whom it looks like."""
    c = camera_of(herd, k)
    seen = {
        "kind": "detection",
        "device": camera(c),
        "observed_at": at.astimezone(UTC).isoformat(),
        "label": "animal",
        "scientific_name": herd.species,
        "source_id": f"{k}-{at.timestamp():.3f}",
    }
    if herd.species != SPECIES:
        return seen
    shown = shown_by(herd, near, k)
    likely = {(shown + 37 * step + k) % herd.animals: -1.0 - 0.2 * step for step in range(1, 8)} | {shown: 11.0}
    return seen | {"resembles": [{"individual": name(who), "log_ratio": ratio} for who, ratio in likely.items()]}
