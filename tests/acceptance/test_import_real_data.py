"""The walk through real recordings (docs/how-to/real-data.md), command by command, against what the files hold."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import asyncpg
import pytest
from click.testing import CliRunner

from hub.cli import main
from hub.commands.connect import connected
from hub.pipeline.line import Line
from hub.records.cursor import Cursor
from hub.records.ids import content_id
from hub.records.reference import Fence
from hub.settings import Settings
from hub.store import findings, log, observations, reference, tracks
from hub.store.database import Database
from tests.conftest import REPOSITORY
from tests.database import TEMPLATE, dsn_of

WALK = REPOSITORY / "docs" / "how-to" / "real-data.md"


def commands(word: str) -> list[list[str]]:
    """Command lines of the page that begin with `rosette <word>`, without `rosette`."""
    blocks = re.findall(r"```sh\n(.*?)```", WALK.read_text(), re.DOTALL)
    lines = [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]
    return [line for line in lines if line[0] == word]


class Reserve:
    """A database into which the walk's imports were made once."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder, self.settings = folder, Settings(database_url=dsn)
        self.first = self.run_imports()

    def rosette(self, *words: str) -> str:
        """Run a command in the folder that holds `data`; returns its standard output."""
        with pytest.MonkeyPatch.context() as here:
            here.chdir(self.folder)
            here.setenv("ROSETTE_DATABASE_URL", self.settings.database_url)
            result = CliRunner().invoke(main, list(words))
        assert result.exit_code == 0, result.output
        return result.stdout

    def run_imports(self) -> dict[str, dict[str, Any]]:
        """Summaries by file name."""
        told = [json.loads(self.rosette(*words, "--json")) for words in commands("import")]
        return {summary["name"]: summary for summaries in told for summary in summaries}

    def ask(self, question: Callable[[Database], Any]) -> Any:
        """Ask the store."""

        async def asked() -> Any:
            async with connected(self.settings) as database:
                return await question(database)

        return asyncio.run(asked())

    def stored(self, site: str) -> list[dict[str, Any]]:
        """All observations of a site."""
        return [json.loads(line) for line in self.rosette("export", "--site", site).splitlines()]


@pytest.fixture(scope="module")
def reserve(shared_data: Path, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reserve]:
    """All files of the walk, imported."""
    folder, name = tmp_path_factory.mktemp("walk"), f"t_{uuid4().hex}"
    (folder / "data").symlink_to(shared_data)
    asyncio.run(execute(postgres_server, f"create database {name} template {TEMPLATE}"))
    yield Reserve(folder, dsn_of(postgres_server, name))
    asyncio.run(execute(postgres_server, f"drop database {name} with (force)"))


async def execute(dsn: str, statement: str) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute(statement)
    await admin.close()


def table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, read without the hub."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def distinct(rows: list[dict[str, str]], *columns: str) -> int:
    """Rows that differ in some columns, by default in any."""
    return len({tuple(row[column] for column in columns or row) for row in rows})


def test_walk__imports_every_unique_record_of_every_file(reserve: Reserve, shared_data: Path) -> None:
    telemetry = shared_data / "telemetry"
    camera = shared_data / "camera" / "camtrap_dp_1.0.2_example"
    named = {row["mediaID"] for row in table(camera / "observations.csv")}
    gpx = ElementTree.parse(shared_data / "patrol" / "gpx" / "tsavo_garmin_patrol.gpx")
    points = [one for one in gpx.iter() if one.tag.rpartition("}")[2] in ("trkpt", "wpt", "rtept")]
    expected = {
        "jaguars": distinct(table(telemetry / "jaguar_gps_ctmm.csv")),
        "kruger": distinct(table(telemetry / "kruger_buffalo_gps_ctmm.csv.gz")),
        "assen": distinct(table(telemetry / "oystercatcher_gps_2019_movebank.csv.gz"), "event-id"),
        "albany": distinct(table(telemetry / "fisher_leroy_movebank.csv.gz"))
        + distinct(table(telemetry / "fisher_ricky_movebank.csv.gz"), "event.id"),
        "seals": distinct(table(telemetry / "bearded_seal_argos_ellipses.csv.gz")),
        "flanders": distinct(table(camera / "observations.csv"), "observationID")
        + sum(row["mediaID"] not in named for row in table(camera / "media.csv")),
        "hawaii": distinct(table(shared_data / "fires" / "firms_viirs_hawaii_2024.csv")),
        "tsavo": len(points),
    }

    async def counted(database: Database) -> dict[str, int]:
        return {site: sum(n for *_, n in await observations.counts(database, site)) for site in expected}

    assert reserve.ask(counted) == expected
    assert sum(summary["quarantined"] for summary in reserve.first.values()) == 0


def test_walk__claims_make_carriers_without_a_conflict(reserve: Reserve, shared_data: Path) -> None:
    assert [conflict for told in reserve.first.values() for conflict in told["claims"]["conflicts"]] == []
    rows = table(shared_data / "telemetry" / "oystercatcher_reference_data.csv")

    async def known(database: Database) -> tuple[set[str], int]:
        records = await reference.everything(database, "assen", ("individual", "deployment"))
        return {one.name for one in records if hasattr(one, "name")}, sum(hasattr(one, "carrier") for one in records)

    assert reserve.ask(known) == ({row["animal-id"] for row in rows}, len(rows))


def test_walk__repeated_changes_nothing(reserve: Reserve) -> None:
    sites = {words[words.index("--site") + 1] for words in commands("import")}

    async def heads(database: Database) -> dict[str, Cursor]:
        return {site: await log.head(database, site) for site in sites}

    before = reserve.ask(heads)
    for name, summary in reserve.run_imports().items():
        first = reserve.first[name]
        assert summary["accepted"] == 0, name
        assert summary["duplicate"] == first["accepted"] + first["duplicate"], name
        assert summary["claims"]["applied"] == 0, name
    assert reserve.ask(heads) == before


def test_walk__keeps_failed_fixes_without_a_place(reserve: Reserve, shared_data: Path) -> None:
    failed = 0
    for name in ("fisher_leroy_movebank.csv.gz", "fisher_ricky_movebank.csv.gz"):
        for row in table(shared_data / "telemetry" / name):
            said = {key.replace(".", "-").replace(":", "-"): value for key, value in row.items()}
            failed += said["location-long"] in ("", "NA") or said["eobs-status"] in ("B", "C", "D")
    stored = reserve.stored("albany")
    assert sum("failed_fix" in one.get("flags", ()) for one in stored) == failed > 0
    assert all("longitude" not in one for one in stored if "failed_fix" in one.get("flags", ()))


def test_walk__keeps_marked_outliers_with_their_place(reserve: Reserve, shared_data: Path) -> None:
    rows = table(shared_data / "telemetry" / "oystercatcher_gps_2019_movebank.csv.gz")
    marked = {
        row["event-id"] for row in rows if "true" in (row["import-marked-outlier"], row["manually-marked-outlier"])
    }
    marked |= {row["event-id"] for row in rows if row["visible"] == "false"}
    stored = [one for one in reserve.stored("assen") if "marked_outlier" in one.get("flags", ())]
    assert {one["source_id"] for one in stored} == marked != set()
    assert all("longitude" in one for one in stored)


def test_walk__keeps_error_ellipses_as_they_were_stated(reserve: Reserve, shared_data: Path) -> None:
    rows = table(shared_data / "telemetry" / "bearded_seal_argos_ellipses.csv.gz")
    stated = {
        tuple(float(row[f"error_{part}"]) for part in ("semimajor_axis", "semiminor_axis", "ellipse_orientation"))
        for row in rows
        if row["error_semimajor_axis"] not in ("", "NA")
    }
    ellipses = [one["ellipse"] for one in reserve.stored("seals") if "ellipse" in one]
    assert {(one["semi_major_m"], one["semi_minor_m"], one["orientation_deg"]) for one in ellipses} == stated


def test_walk__has_tracks_afterwards_and_rebuilding_them_gives_the_same(reserve: Reserve) -> None:
    for words in commands("replay"):
        reserve.rosette(*words)
        again = json.loads(reserve.rosette(*words, "--json"))
        assert again["equal"] is True
    stored = [one for one in reserve.stored("albany") if not {"failed_fix", "marked_outlier"} & {*one.get("flags", ())}]

    async def headers(database: Database) -> list[tracks.TrackVersion]:
        return await tracks.headers(database, "albany")

    built = reserve.ask(headers)
    assert {one.subject.kind for one in built} == {"individual"}
    assert (len(built), sum(one.points for one in built)) == (2, len(stored))


def test_walk__a_fence_across_a_track_is_crossed_as_often_as_fixes_clearly_change_sides(
    reserve: Reserve, shared_data: Path
) -> None:
    rows = table(shared_data / "telemetry" / "jaguar_gps_ctmm.csv")
    names = sorted({row["individual"] for row in rows})
    paths = {
        name: sorted((r["timestamp"], float(r["longitude"])) for r in rows if r["individual"] == name) for name in names
    }
    # The file states no errors: 30 m are assumed, 20 m on each axis. Further from the border than 18 of these, one fix
    # decides whatever came before; nearer, a change of sides may be an error, and is told only if more fixes say so.
    sure_deg = 18 * 20 / 100_000
    border = median(longitude for _, longitude in paths[names[0]]) + 1e-7
    changes = sum((a > border) != (b > border) for path in paths.values() for (_, a), (_, b) in pairwise(path))
    clear = {name: [x > border for _, x in path if abs(x - border) > sure_deg] for name, path in paths.items()}
    sure = sum(a != b for sides in clear.values() for a, b in pairwise(sides))
    ring = [[border, -25.0], [border + 5, -25.0], [border + 5, -15.0], [border, -15.0], [border, -25.0]]
    fence = Fence(
        id=content_id("fence", "east"),
        site="jaguars",
        name="east",
        geometry={"type": "Polygon", "coordinates": [ring]},
    )

    async def crossings(database: Database) -> list[str]:
        line = Line(database, "jaguars", lambda _told, _world: None)
        await line.start()
        async with database.transaction() as connection:
            await reference.put(connection, fence, expect=None, by="test")
        while await line.step():
            pass
        known = await reference.everything(database, "jaguars", ("individual",))
        headers = await tracks.headers(database, "jaguars")
        assert len(known) == len(headers) == len(names)
        found = [one for header in headers for one in await findings.of_subject(database, "jaguars", header.subject)]
        return [one.kind for one in found if one.kind in ("enter", "exit")]

    kinds = reserve.ask(crossings)
    assert 10 < sure <= len(kinds) <= changes
    assert abs(kinds.count("enter") - kinds.count("exit")) <= len(names)


@pytest.mark.parametrize("words", commands("export"), ids=lambda words: words[words.index("--format") + 1])
def test_walk__exports_are_files_that_are_complete(reserve: Reserve, words: list[str]) -> None:
    reserve.rosette(*words)
    written = reserve.folder / words[words.index("-o") + 1]
    counted = {
        "jsonl": lambda: len(written.read_text().splitlines()),
        "movebank": lambda: len(table(written)),
        "geojson": lambda: len(json.loads(written.read_text())["features"]),
    }
    assert counted[words[words.index("--format") + 1]]() == len(reserve.stored(words[words.index("--site") + 1]))
    assert not written.with_name(written.name + ".part").exists()


def test_walk__an_export_imported_at_the_same_site_is_known_already(reserve: Reserve) -> None:
    for site in ("jaguars", "albany", "seals", "flanders", "hawaii", "tsavo"):
        reserve.rosette("export", "--site", site, "-o", f"{site}.again.jsonl")
        (summary,) = json.loads(reserve.rosette("import", f"{site}.again.jsonl", "--site", site, "--json"))
        assert (summary["accepted"], summary["quarantined"]) == (0, 0), site
        assert summary["duplicate"] > 0
