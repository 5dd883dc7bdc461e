"""HTTP: pictures and videos come in."""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from hub.console.access import APPENDS, caller_of, role_at
from hub.console.observations import NAMED
from hub.console.parts import Call
from hub.media.receive import MOST_VIDEO_BYTES, Picture, Receiver, Taken
from hub.records import errors
from hub.records.medium import MediumState
from hub.records.observation import AwareTime

Device = Annotated[
    str | None,
    QueryParameter(max_length=200, pattern=NAMED, description="Key of the camera; that of a device's key needs none."),
]
Name = Annotated[str, QueryParameter(max_length=200, description="Name of the file.")]
TakenAt = Annotated[AwareTime | None, QueryParameter(description="When it was taken, if the sender knows.")]
Live = Annotated[bool, QueryParameter(description="false: one of many, to be looked at after what comes live.")]


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A picture is kept. `duplicate`: the same bytes came before."""

    medium: UUID
    duplicate: bool
    state: MediumState


def media_routes(receiver: Receiver, now: Callable[[str], datetime]) -> list[ControllerRouterHandler]:
    """Handlers of the way in."""

    @post(
        "/api/v1/sites/{site:str}/media",
        operation_id="sendMedium",
        guards=[role_at()],
        status_code=200,
        opt={APPENDS: True},
        request_max_body_size=MOST_VIDEO_BYTES + 1,
        tags=["media"],
    )
    async def send(
        request: Call,
        site: FromPath[str],
        device: Device = None,
        name: Name = "",
        taken_at: TakenAt = None,
        live: Live = True,
    ) -> Received:
        """Send a picture (JPEG, PNG, WebP; 25 MB) or video (MP4; 200 MB): the body is the file.

        What has been answered is kept. Sending the same again changes nothing. After a 503 send it again. What is no
        picture is refused, and kept in quarantine.
        """
        caller = caller_of(request)
        picture = Picture(
            site=site,
            device=caller.device or device,
            door="http",
            address=name or request.url.path,
            sender=caller.name,
            live=live,
            received_at=now(site),
            told_at=taken_at,
            name=name,
        )

        async def body() -> AsyncGenerator[bytes]:
            async for piece in request.stream():
                yield piece

        return received(await receiver.take_pieces(picture, body()))

    return [send]


def received(taken: Taken) -> Received:
    """The answer; raises what the picture was refused for."""
    if taken.code:
        known = (errors.Malformed, errors.TooLarge, errors.UnknownTopic)
        raise next((kind for kind in known if kind.code == taken.code), errors.Rejected)(taken.reason)
    return Received(medium=taken.medium, duplicate=taken.duplicate, state=taken.state)
