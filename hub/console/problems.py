"""The one place where an error becomes an HTTP status: RFC 9457 ``application/problem+json``."""

import logging
import secrets
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.spec import OpenAPI, OpenAPIMediaType, OpenAPIResponse, Operation, Reference, Schema
from litestar.openapi.spec.enums import OpenAPIType

from hub.console.parts import Call
from hub.console.redact import redacted
from hub.records import errors

LOGGER = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
# Which status a kind of error has; the nearest class counts.
STATUS: dict[type[errors.HubError], int] = {
    errors.Rejected: 422,
    errors.TooLarge: 413,
    errors.IdConflict: 409,
    errors.Refused: 403,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.ChecksumMismatch: 460,
    errors.Stale: 412,
    errors.Gone: 410,
    errors.Throttled: 429,
    errors.Unavailable: 503,
    errors.DiskFull: 503,
    errors.HubError: 500,
}
RETRY_AFTER_S: dict[type[errors.HubError], int] = {errors.Unavailable: 2, errors.DiskFull: 60}
# Parameters whose names are words of Python or Litestar.
_SPELT = {"since": "from", "until": "to", "chosen": "state"}
# Where HTTP and the catalogue of errors name the same thing.
_CATALOGUE = {401: "unauthenticated", 403: "forbidden", 404: "not-found", 413: "too-large", 422: "invalid"}
_UNKNOWN = "The hub has a fault. It is logged under this reference; nothing was changed by this request."


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong. More members may follow, as the code says."""

    status: int
    code: str
    title: str
    detail: str
    more: dict[str, Any] = {}
    headers: dict[str, str] = {}

    def response(self) -> Response[bytes]:
        """The answer."""
        known: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        body = msgspec.json.encode(self.more | known, enc_hook=str)
        headers = {"Cache-Control": "no-store"} | self.headers
        return Response(body, status_code=self.status, media_type=MEDIA_TYPE, headers=headers)


def answer(request: Call, error: Exception) -> Response[bytes]:
    """The problem that an exception is. Never tells what is inside the hub."""
    return _problem(request, error).response()


def _problem(request: Call, error: Exception) -> Problem:
    match error:
        case errors.HubError():
            return _of_hub(request, error)
        case msgspec.ValidationError():
            return invalid([_field(str(error))])
        case ValidationException():
            return _of_validation(error)
        case HTTPException() if error.status_code < 500:
            status = HTTPStatus(error.status_code)
            code = _CATALOGUE.get(status, status.phrase.lower().replace(" ", "-"))
            headers = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
            return Problem(status=status, code=code, title=status.phrase, detail=error.detail, headers=headers)
        # SQLSTATE class 22 is "data exception": the database says so, whichever library told us.
        case _ if str(getattr(error, "sqlstate", "")).startswith("22"):
            LOGGER.warning("%s: the database cannot hold a value: %s", _line(request), error)
            return invalid([{"field": "", "detail": "a value holds a NUL character or is out of range"}])
        case _:
            reference = secrets.token_hex(6)
            LOGGER.error("%s: fault %s", _line(request), reference, exc_info=error)
            title = HTTPStatus.INTERNAL_SERVER_ERROR.phrase
            return Problem(
                status=500, code="internal-error", title=title, detail=_UNKNOWN, more={"reference": reference}
            )


def invalid(found: list[dict[str, str]], status: int = 422) -> Problem:
    """Fields that are not what they should be."""
    detail = "; ".join(f"{one['field']}: {one['detail']}" if one["field"] else one["detail"] for one in found)
    title = "The request says something that cannot be."
    return Problem(status=status, code="invalid", title=title, detail=detail, more={"errors": found})


def _of_hub(request: Call, error: errors.HubError) -> Problem:
    title = (type(error).__doc__ or "").strip().splitlines()[0]
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    detail, more, headers = error.detail, dict(error.context), dict[str, str]()
    match error:
        case errors.Unavailable():
            LOGGER.warning("%s: %s: %s", _line(request), error.code, error.detail)
            detail, more = title, {}
            wait = next(RETRY_AFTER_S[kind] for kind in type(error).__mro__ if kind in RETRY_AFTER_S)
            headers["Retry-After"] = str(wait)
        case errors.Throttled():
            headers["Retry-After"] = str(more.get("retry_after_s", 60))
        case errors.Unauthenticated():
            headers["WWW-Authenticate"] = "Bearer"
        case errors.Rejected() if status == 422 and "errors" not in more:
            more["errors"] = [{"field": str(more.get("where", "")), "detail": detail}]
        case _ if status == 500:
            LOGGER.error("%s: %s: %s", _line(request), error.code, error.detail)
            detail, more = title, {}
        case _:
            pass
    return Problem(status=status, code=error.code, title=title, detail=detail, more=more, headers=headers)


def _of_validation(error: ValidationException) -> Problem:
    extra: Any = error.extra
    found: list[dict[str, str]] = []
    in_body = False
    for one in extra if isinstance(extra, list) else []:
        in_body = in_body or one.get("source") in ("body", None)
        field = _field(str(one.get("message", "")))
        name = str(one.get("key") or field["field"])
        found.append({"field": _SPELT.get(name, name), "detail": field["detail"]})
    if not found:
        found, in_body = [{"field": "", "detail": error.detail}], False
    return invalid(found, 422 if in_body else 400)


def _field(message: str) -> dict[str, str]:
    """msgspec says "Expected `str`, got `int` - at `$.name`"."""
    detail, _, where = message.rpartition(" - at `")
    return (
        {"field": where.rstrip("`").removeprefix("$."), "detail": detail}
        if detail
        else {"field": "", "detail": message}
    )


def _line(request: Call) -> str:
    return f"{request.method} {redacted(request.scope['path'])}"


_SCHEMA = Schema(
    type=OpenAPIType.OBJECT,
    title="Problem",
    description="RFC 9457. `errors` names fields; further members depend on `code` (docs/reference/http.md).",
    required=["type", "title", "status", "detail", "code"],
    properties={
        "type": Schema(type=OpenAPIType.STRING, description="/problems/ and the code"),
        "title": Schema(type=OpenAPIType.STRING, description="The same for every problem of this code"),
        "status": Schema(type=OpenAPIType.INTEGER),
        "detail": Schema(type=OpenAPIType.STRING, description="What is wrong here, and what to do"),
        "code": Schema(type=OpenAPIType.STRING, description="Stable, for programs"),
        "errors": Schema(
            type=OpenAPIType.ARRAY,
            items=Schema(
                type=OpenAPIType.OBJECT,
                required=["field", "detail"],
                properties={"field": Schema(type=OpenAPIType.STRING), "detail": Schema(type=OpenAPIType.STRING)},
            ),
        ),
    },
)
_ALWAYS = (400, 401, 403, 404, 500, 503)
_WHEN_WRITING = (409, 413, 415, 422)
_VERSIONED = (412, 428)


def declare(document: OpenAPI) -> None:
    """Say in the OpenAPI document what errors look like: Litestar would say ``application/json``."""
    document.components.schemas["Problem"] = _SCHEMA  # type: ignore[union-attr]
    for path in (document.paths or {}).values():
        for method in ("get", "put", "post", "delete", "patch", "head", "options"):
            operation: Operation | None = getattr(path, method)
            if operation is not None:
                _declare(operation, method)


def _declare(operation: Operation, method: str) -> None:
    codes = (
        _ALWAYS
        + (_WHEN_WRITING if method not in ("get", "head", "options") else ())
        + (_VERSIONED if method in ("put", "delete") else ())
    )
    responses = operation.responses if operation.responses is not None else {}
    declared = {int(code) for code in responses if code.isdigit() and int(code) >= 400}
    for code in sorted({*codes, *declared}):
        status = HTTPStatus(code)
        content = {MEDIA_TYPE: OpenAPIMediaType(schema=Reference(ref="#/components/schemas/Problem"))}
        responses[str(code)] = OpenAPIResponse(description=status.phrase, content=content)
    if method == "put" and "200" in responses:
        created = responses["200"]
        content = created.content if isinstance(created, OpenAPIResponse) else None
        responses["201"] = OpenAPIResponse(description=HTTPStatus.CREATED.phrase, content=content)
    operation.responses = responses
