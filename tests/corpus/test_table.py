"""The table of dialects."""

from __future__ import annotations

import pytest

from hub.ingest.dialects.table import TABLE, by_name, sniff
from hub.records.errors import UnknownTopic


def test_table__lists_every_dialect_under_its_own_name() -> None:
    assert set(TABLE) == {
        "argos",
        "camera_mail",
        "camtrap_dp",
        "envelope",
        "firms",
        "frigate",
        "gpsplain",
        "gpx",
        "megadetector",
        "movebank",
        "osmand",
        "owntracks",
        "things_stack",
    }
    assert all(dialect.name == name and dialect.title for name, dialect in TABLE.items())
    assert all(dialect.message or dialect.file for dialect in TABLE.values())


def test_by_name__knows_its_names_and_lists_them_otherwise() -> None:
    assert by_name("owntracks").name == "owntracks"
    with pytest.raises(UnknownTopic, match=r"'smoke' is not a dialect: use one of argos, .*things_stack"):
        by_name("smoke")


def test_sniff__of_bytes_that_are_nobodys_is_none() -> None:
    assert sniff("picture.jpg", b"\xff\xd8\xff\xe0") is None
