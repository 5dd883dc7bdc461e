"""A misspelt filter is refused, so that nobody takes everything for what they asked for."""

from __future__ import annotations

import pytest

from tests.api.conftest import SITE, Hub, problem


async def test_parameter__that_is_misspelt_is_refused_with_what_was_meant(hub: Hub) -> None:
    answer = await hub.as_("dispatcher", "GET", f"/api/v1/sites/{SITE}/alerts?stat=resolved")
    assert "'stat' is not known here: is state meant?" in problem(answer, 422)["detail"]


@pytest.mark.parametrize("path", ["subjects", "detections", "fences", "observations", "tracks"])
async def test_parameter__that_is_like_none_is_refused_with_those_there_are(hub: Hub, path: str) -> None:
    answer = await hub.as_("dispatcher", "GET", f"/api/v1/sites/{SITE}/{path}?zzz=1")
    assert "'zzz' is not known here" in problem(answer, 422)["detail"]


async def test_parameter__that_is_known_is_taken(hub: Hub) -> None:
    answer = await hub.as_("dispatcher", "GET", f"/api/v1/sites/{SITE}/alerts?state=resolved&limit=5")
    assert answer.status_code == 200


async def test_parameter__of_a_tracker_app_may_be_anything(hub: Hub) -> None:
    path = f"/m/{SITE}/osmand"
    answer = await hub.as_(
        "ranger", "GET", f"{path}?key={hub.keys['ranger']}&id=phone-1&lat=43.1&lon=131.2&timestamp=1767225600&strange=1"
    )
    assert answer.status_code == 200, answer.text
