"""How a site's pictures are judged, over HTTP: one text, every version of it."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get, put
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from fusion.camera.rules_toml import MOST_CHARACTERS
from fusion.camera.taxonomy import TOPS
from hub.clearance import EXACT
from hub.console.access import caller_of, role_at
from hub.console.etag import etag, expected
from hub.console.parts import Call
from hub.see.judged import example_text, own_text, rules_of
from hub.store import access, judging
from hub.store.database import Database

ROOT = "/api/v1/sites/{site:str}/judging"


class JudgingItem(msgspec.Struct, frozen=True, kw_only=True):
    """The text that holds (version 0: nobody wrote one), what it is laid over, and an example to begin with.

    labels: what may be said of a sequence: the text's taxa, then what is none.
    """

    version: int
    text: str
    written_by: str
    written_at: datetime | None
    own: str
    example: str
    labels: tuple[str, ...]


class JudgingBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """TOML; keys: docs/how-to/judge-pictures.md. An empty text: the hub's own holds again."""

    text: Annotated[str, msgspec.Meta(max_length=MOST_CHARACTERS)]


def judging_routes(database: Database) -> list[ControllerRouterHandler]:
    """Handlers of the text."""

    async def item(site: str) -> Response[JudgingItem]:
        one = await judging.newest(database, site)
        body = JudgingItem(
            version=one.version,
            text=one.text,
            written_by=one.written_by,
            written_at=one.written_at,
            own=own_text(),
            example=example_text(),
            labels=(*sorted(rules_of(one.text).judging.taxonomy.ranks), *TOPS),
        )
        return Response(body, headers={"ETag": etag(one.version)} if one.version else {})

    @get(ROOT, operation_id="showJudging", guards=[role_at(*EXACT)], tags=["sequences"])
    async def show(site: FromPath[str]) -> Response[JudgingItem]:
        """The site's text, with its version as ETag."""
        return await item(site)

    @put(ROOT, operation_id="writeJudging", guards=[role_at("scientist", "admin")], tags=["sequences"])
    async def write(request: Call, site: FromPath[str], data: JSONBody[JudgingBody]) -> Response[JudgingItem]:
        """Another text (If-Match; If-None-Match: * for the first). All is judged anew; what people said stands."""
        stood = expected(request) or 0
        rules_of(data.text)
        caller = caller_of(request)
        async with database.transaction() as connection:
            version = await judging.write(connection, site, data.text, caller.name, stood)
        await access.audit(database, site, caller.name, "how pictures are judged was written", version=version)
        return await item(site)

    return [show, write]
