"""A phone says where it can be told of alerts."""

from typing import Annotated

import msgspec
from litestar import Router, put
from litestar.params import FromPath, JSONBody

from hub.console.access import caller_of, role_at
from hub.console.parts import Call, Given
from hub.records.ids import new_id
from hub.records.reference import Severity
from hub.store import outbox


class PushTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Registration token of Firebase Cloud Messaging, and the severities to be told of."""

    token: Annotated[str, msgspec.Meta(min_length=16, max_length=4096, pattern=r"^[!-~]+$")]
    severities: Annotated[list[Severity], msgspec.Meta(max_length=5)] = msgspec.field(
        default_factory=lambda: ["critical", "high"]
    )


@put("/push", guards=[role_at()], status_code=204)
async def register(request: Call, parts: Given, site: FromPath[str], data: JSONBody[PushTarget]) -> None:
    """Tell this phone from now on. Saying it again changes the severities."""
    caller = caller_of(request)
    person = None if caller.machine else caller.id
    severities = [str(one) for one in data.severities]
    await outbox.add_recipient(parts.database, new_id(), site, person, "fcm", data.token, severities)


ROUTES = Router("/m/{site:str}", route_handlers=[register], tags=["push"])
