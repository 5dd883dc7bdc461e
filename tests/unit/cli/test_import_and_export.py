"""Files in, files out, and what happens in between."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.embedded.start import start_database
from hub.ingest import plausible, unpack
from hub.settings import Settings
from tests.unit.cli.conftest import Rosette

HEADER = "event-id,timestamp,location-long,location-lat,tag-local-identifier,individual-local-identifier\n"
GOOD = "".join(f"{n},2024-05-01 0{n}:00:00,{30 + n / 100},-2.5,T1,Nala\n" for n in range(6))
BAD = "7,yesterday,30.1,-2.5,T1,Nala\n8,2024-05-01 08:00:00,0,0,T1,Nala\n"


@pytest.fixture
def fixes(tmp_path: Path) -> Path:
    """Six fixes of one animal and two rows that cannot be."""
    file = tmp_path / "fixes.csv"
    file.write_text(HEADER + GOOD + BAD)
    return file


def imported(rosette: Rosette, *words: str | Path) -> dict[str, object]:
    result = rosette("import", "--json", *words)
    assert result.exit_code == 0, result.stderr
    (summary,) = json.loads(result.stdout)
    return summary


def test_import__makes_the_site_counts_every_row_and_says_why_some_are_in_quarantine(
    rosette: Rosette, fixes: Path
) -> None:
    result = rosette("import", fixes, "--site", "one", "--create-site", "--time-zone", "Africa/Kigali")
    assert result.exit_code == 0
    assert "around 30.025, -2.5" in result.stderr
    assert "'yesterday' is not a date and time" in result.stdout
    assert "place (0, 0)" in result.stdout
    again = imported(rosette, fixes, "--site", "one")
    assert (again["accepted"], again["duplicate"], again["quarantined"]) == (0, 6, 2)
    assert again["claims"] == {"applied": 0, "kept": 1, "conflicts": []}
    assert rosette("import", fixes, "--site", "one", "--strict").exit_code == 4


def test_import__undoes_gzip_and_reads_standard_input(rosette: Rosette, fixes: Path, tmp_path: Path) -> None:
    packed = tmp_path / "fixes.csv.gz"
    packed.write_bytes(gzip.compress(fixes.read_bytes()))
    first = imported(rosette, "movebank", packed, "--site", "packed", "--create-site")
    assert (first["dialect"], first["accepted"]) == ("movebank", 6)
    result = rosette("import", "-", "--site", "packed", "--json", given=fixes.read_bytes())
    assert json.loads(result.stdout)[0]["duplicate"] == 6


def test_import__of_a_file_that_was_cut_off_is_an_error_and_can_be_repeated(
    rosette: Rosette, fixes: Path, tmp_path: Path
) -> None:
    whole = gzip.compress(fixes.read_bytes())
    packed = tmp_path / "fixes.csv.gz"
    packed.write_bytes(whole[:-12])
    rosette("site", "add", "cut", "--centre", "30", "-2", "--time-zone", "UTC")
    result = rosette("import", packed, "--site", "cut")
    assert (result.exit_code, "cut off" in result.stderr) == (4, True)
    packed.write_bytes(whole)
    assert imported(rosette, packed, "--site", "cut")["accepted"] == 6


def test_import__refuses_a_gzip_bomb(rosette: Rosette, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "UNPACKED_AT_LEAST_BYTES", 1 << 20)
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(gzip.compress(HEADER.encode() + b"\n" * (8 << 20)))
    rosette("site", "add", "bomb", "--centre", "30", "-2", "--time-zone", "UTC")
    result = rosette("import", bomb, "--site", "bomb")
    assert (result.exit_code, "unpacks to more" in result.stderr) == (4, True)


def test_import__of_an_unknown_format_names_the_dialects(rosette: Rosette, tmp_path: Path) -> None:
    file = tmp_path / "poem.txt"
    file.write_text("Tyger Tyger, burning bright\n")
    rosette("site", "add", "poems", "--centre", "30", "-2", "--time-zone", "UTC")
    result = rosette("import", file, "--site", "poems")
    assert result.exit_code == 4
    assert "camtrap_dp" in result.stderr


def test_package__does_not_read_files_outside_of_its_folder(rosette: Rosette, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("deploymentID\n")
    folder = tmp_path / "package"
    folder.mkdir()
    resources = [{"name": name, "path": "../secret.csv"} for name in ("deployments", "media", "observations")]
    package = {"profile": "https://example.org/camtrap-dp-profile.json", "resources": resources}
    (folder / "datapackage.json").write_text(json.dumps(package))
    rosette("site", "add", "outside", "--centre", "30", "-2", "--time-zone", "UTC")
    result = rosette("import", folder, "--site", "outside")
    assert (result.exit_code, "../secret.csv is not in the archive" in result.stderr) == (4, True)


def test_claim__gives_way_to_what_is_there_and_is_reported(rosette: Rosette, fixes: Path, tmp_path: Path) -> None:
    imported(rosette, fixes, "--site", "claims", "--create-site")
    other = tmp_path / "reference.csv"
    other.write_text("tag-id,animal-id,deploy-on-date,deploy-off-date\nT1,Simba,2024-05-01 02:00,2024-05-02 00:00\n")
    told = imported(rosette, other, "--site", "claims")["claims"]
    assert isinstance(told, dict)
    assert (told["applied"], told["kept"]) == (0, 0)
    assert "'Simba'" in told["conflicts"][0] and "'Nala'" in told["conflicts"][0]


def test_claim__with_an_interval_narrows_what_an_import_guessed_and_only_once(
    rosette: Rosette, fixes: Path, tmp_path: Path
) -> None:
    imported(rosette, fixes, "--site", "narrow", "--create-site")
    other = tmp_path / "reference.csv"
    other.write_text(
        "tag-id,animal-id,deploy-on-date,deploy-off-date\n"
        "T1,Simba,2024-05-01 03:00,\nT1,Nala,2024-05-01 00:00,2024-05-01 03:00\n"
    )
    assert imported(rosette, other, "--site", "narrow")["claims"] == {"applied": 2, "kept": 0, "conflicts": []}
    assert imported(rosette, other, "--site", "narrow")["claims"] == {"applied": 0, "kept": 2, "conflicts": []}
    assert imported(rosette, fixes, "--site", "narrow")["claims"] == {"applied": 0, "kept": 1, "conflicts": []}
    rows = rosette("export", "--site", "narrow", "--format", "csv").stdout.splitlines()
    assert [row.split(",")[3] for row in rows[1:]] == ["Nala", "Nala", "Nala", "Simba", "Simba", "Simba"]


def test_export__as_jsonl_imports_again_to_the_same_ids(rosette: Rosette, fixes: Path, tmp_path: Path) -> None:
    imported(rosette, fixes, "--site", "round", "--create-site")
    file = tmp_path / "round.jsonl"
    assert "6 observations" in rosette("export", "--site", "round", "-o", file).stderr
    again = imported(rosette, file, "--site", "round")
    assert (again["dialect"], again["accepted"], again["duplicate"]) == ("envelope", 0, 6)
    assert imported(rosette, file, "--site", "elsewhere", "--create-site")["accepted"] == 6


def test_export__keeps_to_the_times_that_are_asked_for(rosette: Rosette, fixes: Path) -> None:
    imported(rosette, fixes, "--site", "times", "--create-site")
    words = ("export", "--site", "times", "--from", "2024-05-01T02:00Z", "--to", "2024-05-01T06:00+02:00")
    told = [json.loads(line)["observed_at"] for line in rosette(*words).stdout.splitlines()]
    assert told == ["2024-05-01T02:00:00Z", "2024-05-01T03:00:00Z"]


def test_export__as_movebank_is_read_as_movebank_and_as_geojson_is_geojson(
    rosette: Rosette, fixes: Path, tmp_path: Path
) -> None:
    imported(rosette, fixes, "--site", "formats", "--create-site")
    file = tmp_path / "again.csv"
    rosette("export", "--site", "formats", "--format", "movebank", "-o", file)
    assert imported(rosette, file, "--site", "formats2", "--create-site")["accepted"] == 6
    shape = json.loads(rosette("export", "--site", "formats", "--format", "geojson").stdout)
    assert shape["type"] == "FeatureCollection"
    assert [one["geometry"]["coordinates"] for one in shape["features"]][:2] == [[30.0, -2.5], [30.01, -2.5]]
    assert {one["properties"]["carrier"] for one in shape["features"]} == {"Nala"}
    empty = json.loads(rosette("export", "--site", "formats", "--format", "geojson", "--to", "1999-01-01").stdout)
    assert empty["features"] == []


def test_replay__of_tracks_gives_the_same_again(rosette: Rosette, fixes: Path) -> None:
    imported(rosette, fixes, "--site", "tracks", "--create-site")
    built = json.loads(rosette("replay", "tracks", "--site", "tracks", "--json").stdout)
    again = json.loads(rosette("replay", "tracks", "--site", "tracks", "--json").stdout)
    assert (built["equal"], again["equal"]) == (False, True)
    assert (built["tracks"], again["tracks"]) == (1, 1)
    assert again["after"] == built["after"]


def test_replay__says_whether_tracks_are_new_the_same_or_corrected(
    rosette: Rosette, fixes: Path, tmp_path: Path
) -> None:
    imported(rosette, fixes, "--site", "told", "--create-site")
    said = [rosette("replay", "tracks", "--site", "told").stdout.splitlines()[-1] for _ in range(2)]
    assert said == ["tracks: 1; built for the first time", "tracks: 1; equal: the log gives the same again"]
    later = tmp_path / "later.csv"
    later.write_text(HEADER + "9,2024-06-01 00:00:00,30.1,-2.5,T1,Nala\n")
    imported(rosette, later, "--site", "told")
    corrected = rosette("replay", "tracks", "--site", "told").stdout.splitlines()[-1]
    assert corrected == "tracks: 1; not equal: what was derived has been corrected"


def test_replay__of_quarantine_accepts_what_can_be_read_now(
    rosette: Rosette, fixes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(rosette, fixes, "--site", "again", "--create-site")
    lines = tmp_path / "late.jsonl"
    reading = {"kind": "reading", "device": "m1", "quantity": "rain", "observed_at": "1979-01-01T00:00:00Z"}
    lines.write_text(json.dumps(reading) + "\nnot JSON\n")
    assert imported(rosette, "envelope", lines, "--site", "again")["quarantined"] == 2
    told = json.loads(rosette("replay", "quarantine", "--site", "again", "--json").stdout)
    assert told == {"accepted": 0, "refused": 2, "of_files": 2}
    monkeypatch.setattr(plausible, "EARLIEST", datetime(1970, 1, 1, tzinfo=UTC))
    told = json.loads(rosette("replay", "quarantine", "--site", "again", "--json").stdout)
    assert told == {"accepted": 1, "refused": 1, "of_files": 2}
    told = json.loads(rosette("replay", "quarantine", "--site", "again", "--json").stdout)
    assert told == {"accepted": 0, "refused": 1, "of_files": 2}


async def test_command__works_on_the_database_of_a_running_hub_but_does_not_rebuild_below_it(
    rosette: Rosette, fixes: Path, state: Path
) -> None:
    async with start_database(Settings(state=str(state)).folder):
        result = await asyncio.to_thread(rosette, "import", fixes, "--site", "running", "--create-site")
        assert result.exit_code == 0
        refused = await asyncio.to_thread(rosette, "replay", "tracks", "--site", "running")
        assert (refused.exit_code, "stop it first" in refused.stderr) == (2, True)


def test_drill__generated_for_an_hour_can_be_imported(rosette: Rosette, tmp_path: Path) -> None:
    file = tmp_path / "hour.jsonl"
    words = ("drill", "generate", "--hours", "1", "--scale", "0.05", "--start", "2026-01-10T03:00:00", "-o", file)
    assert rosette(*words).exit_code == 0
    lines = len(file.read_bytes().splitlines())
    told = imported(rosette, file, "--site", "practice", "--create-site")
    assert lines > 50
    assert (told["accepted"] + told["duplicate"] + told["quarantined"]) == lines  # type: ignore[operator]
    assert told["accepted"] > 50  # type: ignore[operator]


def test_drill__that_was_never_begun_has_no_speed(rosette: Rosette) -> None:
    result = rosette("drill", "speed", "10")
    assert (result.exit_code, "no drill was begun" in result.stderr) == (2, True)
