"""What a person sets is what the hub takes, or it says what it does not understand."""

from __future__ import annotations

import pytest

from hub.records.errors import Misconfigured
from hub.settings import read_settings


def test_setting__of_the_environment_is_read_and_other_variables_are_nobodys_business() -> None:
    settings = read_settings({"ROSETTE_PORT": "9000", "ROSETTE_DRILL": "true", "PORT": "1", "HOME": "/"})
    assert (settings.port, settings.drill) == (9000, True)


def test_setting__that_is_misspelt_is_refused_with_what_was_meant() -> None:
    with pytest.raises(Misconfigured, match="ROSETTE_DATABSE_URL is no setting: is ROSETTE_DATABASE_URL meant"):
        read_settings({"ROSETTE_DATABSE_URL": "postgresql://elsewhere/hub"})


def test_setting__that_is_like_no_other_is_refused_too() -> None:
    with pytest.raises(Misconfigured, match=r"ROSETTE_QQQQ is no setting; see"):
        read_settings({"ROSETTE_QQQQ": "1"})


def test_setting__value_that_cannot_be_is_refused_without_being_shown() -> None:
    with pytest.raises(Misconfigured, match="port"):
        read_settings({"ROSETTE_PORT": "-1"})
