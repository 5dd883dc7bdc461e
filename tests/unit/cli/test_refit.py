"""Commands that have a hub think again: `rosette refit`, `rosette models look-again`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from hub.see.registry import Models
from tests.store.pictures import a_detector
from tests.unit.cli.conftest import Rosette
from tests.unit.fusion.simulated import ANIMAL, walk


def test_refit__fits_the_animals_that_wear_collars(rosette: Rosette, tmp_path: Path) -> None:
    times = np.arange(120) * 7_200.0
    places = walk(times, ANIMAL, np.random.default_rng(1))
    start = datetime(2026, 5, 1, tzinfo=UTC)
    rows = [
        f"Amba,{(start + timedelta(seconds=t)).isoformat()},{131.4 + x / 81_000:.6f},{43.1 + y / 111_100:.6f}"
        for t, (x, y) in zip(times.tolist(), places.tolist(), strict=True)
    ]
    file = tmp_path / "amba.csv"
    file.write_text("\n".join(["individual,timestamp,longitude,latitude", *rows]))
    rosette("site", "add", "reserve", "--centre", "131.4", "43.1", "--time-zone", "Asia/Vladivostok")
    imported = rosette("import", "gpsplain", file, "--site", "reserve")
    assert imported.exit_code == 0, imported.stderr
    first, again = (rosette("refit", "--json") for _ in range(2))
    assert json.loads(first.stdout) == {"reserve": {"fitted": 1, "changed": 1, "reviews": 0}}, first.stderr
    assert json.loads(again.stdout) == {"reserve": {"fitted": 1, "changed": 0, "reviews": 0}}


def test_refit__of_a_site_that_is_not_there_is_refused(rosette: Rosette) -> None:
    result = rosette("refit", "--site", "atlantis")
    assert result.exit_code == 2
    assert "no site 'atlantis'" in result.stderr


def test_look_again__needs_a_detector_and_says_how_many_pictures_it_is_about(rosette: Rosette, state: Path) -> None:
    words = ("models", "look-again", "--site", "reserve", "--since", "2026-05-01", "--until", "2026-05-31")
    rosette("site", "add", "reserve", "--centre", "131.4", "43.1", "--time-zone", "Asia/Vladivostok")
    refused = rosette(*words)
    assert (refused.exit_code, "no detector is active" in refused.stderr) == (2, True)
    a_detector(Models(state), "one")
    assert rosette(*words).stdout == "0 pictures will be looked at again by one@1\n"
    checks = json.loads(rosette("doctor", "--json").stdout)
    assert ["pictures of reserve", "ok", "0 wait; 0 cannot be read", ""] in checks
