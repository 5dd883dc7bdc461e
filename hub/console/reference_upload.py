"""Reference data by file upload."""

from typing import Annotated

from litestar import Router, post
from litestar.params import FromPath, QueryParameter

from hub.console.access import caller_of, role_at
from hub.console.parts import Call, Given
from hub.console.reference import MOST_BYTES, editors_of
from hub.console.reference_import import ImportReport, import_reference, noun_from
from hub.records.errors import Forbidden

Text = Annotated[str, QueryParameter(max_length=300, description="Of a layer, which is the whole file.")]


@post(
    "/import", guards=[role_at("dispatcher", "scientist", "admin")], status_code=200, request_max_body_size=MOST_BYTES
)
async def upload(
    request: Call,
    parts: Given,
    site: FromPath[str],
    noun: Annotated[
        str, QueryParameter(max_length=40, description="devices, individuals, places, deployments, fences, layers")
    ],
    name: Text = "",
    role: Text = "",
    credit: Text = "",
) -> ImportReport:
    """GeoJSON (fences, places, layers) or CSV (devices, individuals, places, deployments): the body is the file.

    Rows are matched with what is there by id, else by key or name; every row is answered.
    """
    kind = noun_from(noun)
    caller = caller_of(request)
    if caller.role_at(site) not in editors_of(kind):
        raise Forbidden(f"This needs the role {' or '.join(editors_of(kind))} at site {site!r}.")
    return await import_reference(
        parts.database,
        site,
        kind,
        await request.body(),
        by=caller.name,
        now=parts.now(site),
        whole={"name": name, "role": role, "credit": credit},
    )


ROUTES = Router("/api/v1/sites/{site:str}/reference", route_handlers=[upload], tags=["reference"])
