"""A query parameter that an operation does not know is refused: a misspelt filter must not mean no filter."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from hub.console.access import APPENDS
from hub.records.errors import Malformed

_STATE = "query_parameters"


def declare(app: Litestar) -> None:
    """Note what each operation takes, as its description says."""
    known: dict[tuple[str, str], frozenset[str]] = {}
    for path, item in (app.openapi_schema.paths or {}).items():
        for method in ("get", "post", "put", "patch", "delete", "head", "options"):
            operation = getattr(item, method)
            if operation is not None:
                given: list[Any] = operation.parameters or []
                known[path, method.upper()] = frozenset(one.name for one in given if one.param_in == "query")
    app.state[_STATE] = known


def known_only(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard: raises Malformed. Apps of others that append (trackers) send what they like."""
    if not connection.scope["query_string"] or handler.opt.get(APPENDS):
        return
    place = connection.scope.get("path_template", ""), connection.scope.get("method", "")
    known = connection.app.state[_STATE].get(place)
    if known is None:
        return
    for name in sorted(connection.query_params.keys() - known):
        close = get_close_matches(name, sorted(known), 1)
        meant = f": is {close[0]} meant?" if close else f"; known: {', '.join(sorted(known)) or 'none'}"
        raise Malformed(f"query parameter {name[:60]!r} is not known here{meant}")
