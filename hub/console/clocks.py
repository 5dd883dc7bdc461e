"""Are the clocks of cameras right?"""

from __future__ import annotations

import msgspec
from litestar import Router, get
from litestar.params import FromPath

from hub.console.access import role_at
from hub.console.identity import MAY_DECIDE
from hub.console.parts import Given
from hub.pipeline.clocks import SETTING
from hub.records.camera_clock import CameraClock
from hub.store import sites


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """`is_wrong`: it is known to be wrong, and by how much; its pictures are weighed at corrected times."""

    clock: CameraClock
    is_wrong: bool


@get("/api/v1/sites/{site:str}/clocks", operation_id="listClocks", guards=[role_at(*MAY_DECIDE)])
async def clocks(parts: Given, site: FromPath[str]) -> list[Clock]:
    """Clocks of the cameras that collared animals passed in and around the newest month, the most surely wrong first.

    Which cameras they passed tells where animals were: only for those who may read that.
    """
    kept = msgspec.convert(await sites.read_setting(parts.database, site, SETTING) or [], list[CameraClock])
    return [Clock(clock=one, is_wrong=one.is_wrong) for one in sorted(kept, key=lambda one: (-one.wrong, one.device))]


ROUTES = Router("/", route_handlers=[clocks], tags=["clocks"])
