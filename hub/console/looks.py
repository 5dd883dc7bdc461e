"""Looks at pictures: what each model saw, and the wish to have pictures looked at again."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from hub.clearance import EXACT
from hub.console.access import caller_of, role_at
from hub.console.parts import Call, Given
from hub.records.errors import Malformed
from hub.records.observation import AwareTime, Key
from hub.see.seeing import Seeing
from hub.see.seen import Box, Seen
from hub.store import access, looks, media


class LookAgain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pictures taken in [since, until), of one camera or of all."""

    since: AwareTime
    until: AwareTime
    device: Key | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How many pictures will be looked at again, and by which model; `model` null: once one is active."""

    pictures: int
    model: str | None


class OneLook(msgspec.Struct, frozen=True, kw_only=True):
    """What one model saw in a picture. counts: the hub believes this look. show: from where on boxes count."""

    model: str
    state: str
    reason: str
    looked_at: datetime
    counts: bool
    show: float
    boxes: list[Box]


class _Levels(msgspec.Struct):
    show: float = 0.0


def look_routes(seeing: Seeing) -> tuple[HTTPRouteHandler | Router, ...]:
    """Routes about looks, by the model that is active."""

    @post("/api/v1/sites/{site:str}/looks", guards=[role_at(*EXACT)], status_code=202, tags=["media"])
    async def again(request: Call, parts: Given, site: FromPath[str], data: JSONBody[LookAgain]) -> Asked:
        """Have pictures looked at again by the active model, after all that wait; what was seen before is kept.

        Pictures that it looked at last are left out. Its detections take the place of those before.
        """
        if data.until <= data.since:
            raise Malformed("until: a time after since was expected")
        model = seeing.model.key if seeing.model else None
        number = await looks.ask(parts.database, site, data.since, data.until, data.device, model)
        seeing.wake()
        await access.audit(
            parts.database, site, caller_of(request).name, "pictures to be looked at again", pictures=number
        )
        return Asked(pictures=number, model=model)

    return (again, of_medium)


@get("/api/v1/sites/{site:str}/media/{medium:uuid}/looks", guards=[role_at()], tags=["media"])
async def of_medium(parts: Given, site: FromPath[str], medium: FromPath[UUID]) -> list[OneLook]:
    """What all models saw in a picture, the first look first; without what the camera wrote into it."""
    one = await media.get(parts.database, site, medium)
    found: list[OneLook] = []
    for look in await looks.of(parts.database, site, medium):
        seen = msgspec.json.decode(look.body, type=Seen)
        found.append(
            OneLook(
                model=look.model,
                state=look.state,
                reason=seen.reason,
                looked_at=look.looked_at,
                counts=one.looked_by == look.model,
                show=msgspec.json.decode(look.thresholds, type=_Levels).show,
                boxes=seen.boxes,
            )
        )
    return found
