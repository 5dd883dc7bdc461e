"""What a fence of the records asks of `geo`."""

from __future__ import annotations

from hub.pipeline.guard import boxes_of_change, rules_of
from tests import builders as a

SITE = "amur"


def test_rules__a_band_is_taken_over_and_none_is_none() -> None:
    assert rules_of(a.a_fence(SITE, band_m=40.0, sensitivity="calm")).sensitivity.band_m == 40.0
    assert rules_of(a.a_fence(SITE)).sensitivity.band_m == 0.0


def test_change__of_a_band_concerns_who_was_in_it() -> None:
    narrow, wide = a.a_fence(SITE), a.a_fence(SITE, band_m=2_000.0, version=2)
    ((west, south, east, north),) = boxes_of_change({narrow.id: narrow}, {wide.id: wide})
    x, y = a.CENTRE
    assert west < x - 0.03 and east > x + 0.03
    assert south < y - 0.025 and north > y + 0.025
