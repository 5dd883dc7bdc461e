"""Sites, people, keys, errors and exit codes of the command line."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Rosette


@pytest.fixture
def reserve(rosette: Rosette) -> str:
    """A site."""
    rosette("site", "add", "reserve", "--centre", "30.5", "-2.5", "--time-zone", "Africa/Kigali")
    return "reserve"


def test_site__added_once_is_listed_and_added_twice_is_refused(rosette: Rosette, reserve: str) -> None:
    again = rosette("site", "add", reserve, "--centre", "1", "1", "--time-zone", "UTC")
    assert again.exit_code == 2
    assert again.stderr.startswith("rosette: there is a site 'reserve' already; ")
    (site,) = json.loads(rosette("site", "list", "--json").stdout)
    assert (site["id"], site["centre"], site["time_zone"]) == ("reserve", [30.5, -2.5], "Africa/Kigali")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("site", "add", "x", "--centre", "200", "1", "--time-zone", "UTC"), "LONGITUDE"),
        (("site", "add", "x", "--centre", "1", "1", "--time-zone", "Mars/Olympus"), "not a time zone"),
        (("site", "add", "Not A Key", "--centre", "1", "1", "--time-zone", "UTC"), "$.id"),
        (("user", "add", "a@b.c", "--name", "A", "--role", "reserve=king"), "ranger, dispatcher"),
        (("import", "movebank"), "which file"),
        (("import", "nowhere.csv", "--site", "reserve"), "no such file"),
        (("drill", "--speed", "2000"), "2000"),
        (("export", "--site", "reserve", "-o", "/nowhere/x.csv"), "there is no folder /nowhere"),
        (("export", "--site", "reserve", "-o", "/"), "is a folder"),
        (("drill", "generate", "--hours", "1", "-o", "/nowhere/x.jsonl"), "there is no folder /nowhere"),
    ],
)
def test_usage__is_explained_and_exits_with_2(rosette: Rosette, words: tuple[str, ...], said: str) -> None:
    result = rosette(*words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_user__can_be_added_with_roles_and_given_another_password(rosette: Rosette, reserve: str) -> None:
    added = rosette("user", "add", "ann@reserve.example", "--name", "Ann", "--role", f"{reserve}=ranger", "--generate")
    assert added.exit_code == 0
    assert len(added.stdout.split("password ")[1].strip()) == 24
    taken = rosette("user", "add", "ANN@reserve.example", "--name", "B", "--role", "*=admin", "--generate")
    assert taken.exit_code == 2
    changed = rosette("user", "password", "ann@reserve.example", given="correct horse\ncorrect horse\n")
    assert (changed.exit_code, "correct horse" in changed.stdout) == (0, False)
    (person,) = json.loads(rosette("user", "list", "--json").stdout)
    assert (person["email"], person["sites"], person["version"]) == ("ann@reserve.example", {reserve: "ranger"}, 2)


def test_user__whose_address_is_taken_is_refused_in_plain_words(rosette: Rosette, reserve: str) -> None:
    words = ("user", "add", "Bea@reserve.example", "--name", "Bea", "--role", f"{reserve}=ranger", "--generate")
    assert rosette(*words).exit_code == 0
    again = rosette(*(word.lower() for word in words))
    assert again.exit_code == 2
    assert again.stderr.startswith("rosette: somebody has the e-mail address bea@reserve.example already; ")


def test_user__with_a_short_password_or_at_no_site_is_refused(rosette: Rosette, reserve: str) -> None:
    short = rosette("user", "add", "c@d.e", "--name", "C", "--role", f"{reserve}=ranger", given="short\nshort\n")
    assert (short.exit_code, "at least" in short.stderr) == (2, True)
    nowhere = rosette("user", "add", "c@d.e", "--name", "C", "--role", "nowhere=ranger", "--generate")
    assert nowhere.exit_code == 2
    assert "no site 'nowhere'" in nowhere.stderr


def test_key__is_printed_once_and_only_for_a_site_that_there_is(rosette: Rosette, reserve: str) -> None:
    made = rosette("key", "add", "--site", reserve, "--name", "gateway", "--role", "ranger")
    assert made.exit_code == 0
    assert re.fullmatch(r"rst_[\w-]{43}\n", made.stdout)
    assert rosette("key", "add", "--site", "nowhere", "--name", "x", "--role", "ranger").exit_code == 2


def test_migrate__has_nothing_to_do_on_a_database_that_is_up_to_date(rosette: Rosette, reserve: str) -> None:
    assert rosette("migrate").stdout == "up to date\n"


def test_database__that_does_not_answer_exits_with_3(rosette: Rosette, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        monkeypatch.setenv("ROSETTE_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{port}/none")
        result = rosette("site", "list")
    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1
    assert "rosette doctor" in result.stderr


def test_settings__that_are_wrong_exit_with_2(rosette: Rosette, tmp_path: Path) -> None:
    file = tmp_path / "rosette.toml"
    file.write_text("port = 'eighty'")
    result = rosette("--settings", file, "site", "list")
    assert result.exit_code == 2
    assert "$.port" in result.stderr


def test_doctor__finds_a_fresh_installation_healthy(rosette: Rosette, reserve: str, tmp_path: Path) -> None:
    settings = tmp_path / "rosette.toml"
    settings.write_text("port = 0\nmqtt_port = 0\n")
    result = rosette("--settings", settings, "doctor", "--json")
    checks = {what: state for what, state, *_ in json.loads(result.stdout)}
    assert [what for what, state in checks.items() if state == "fail"] == []
    assert (checks["migrations"], checks[f"quarantine of {reserve}"]) == ("ok", "ok")
    assert result.exit_code == 0


def test_doctor__names_the_port_that_another_program_holds(rosette: Rosette, tmp_path: Path) -> None:
    settings = tmp_path / "rosette.toml"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings.write_text(f"port = {other.getsockname()[1]}\nmqtt_port = 0\n")
        result = rosette("--settings", settings, "doctor")
    assert result.exit_code == 1
    assert "ROSETTE_PORT" in result.stdout


def test_help__lists_every_command_with_what_it_does(rosette: Rosette) -> None:
    said = rosette("--help").stdout
    for name in ("run", "migrate", "import", "export", "replay", "rebuild", "drill", "doctor", "user", "site", "key"):
        assert f"\n  {name} " in said
