"""The API described for people: one page made from the OpenAPI document, with nothing from elsewhere and no script."""

import base64
import hashlib
from html import escape
from typing import Any

from litestar import Response, Router, get

from hub.console.parts import Call

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem 1.5rem 4rem; }
:root { color-scheme: light dark; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
details { border-top: 1px solid #8884; padding: .4rem 0; }
summary { cursor: pointer; display: flex; gap: .8rem; align-items: baseline; }
summary b { min-width: 4.5rem; }
table { border-collapse: collapse; margin: .4rem 0; }
td, th { border-bottom: 1px solid #8883; padding: .15rem .9rem .15rem 0; text-align: left; vertical-align: top; }
"""
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


@get("/api/docs", include_in_schema=False, sync_to_thread=False)
def page(request: Call) -> Response[str]:
    """Every route with its parameters, body and answers."""
    document = request.app.openapi_schema.to_schema()
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return Response(render(document), media_type="text/html", headers=headers)


def render(document: dict[str, Any]) -> str:
    """An OpenAPI document as HTML."""
    info = document["info"]
    routes = [
        _operation(method, path, item[method])
        for path, item in sorted(document["paths"].items())
        for method in _METHODS
        if method in item
    ]
    schemas = [_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>'
        f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>"
        f'<p><a href="/api/openapi.json">openapi.json</a></p><h2>Routes</h2>{"".join(routes)}'
        f"<h2>Records</h2>{''.join(schemas)}</body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
        f"<td>{'required' if one.get('required') else ''}</td><td>{escape(one.get('description', ''))}</td></tr>"
        for one in operation.get("parameters", ())
    )
    body = _content(operation.get("requestBody", {}))
    answers = "".join(
        f"<tr><td>{escape(code)}</td><td>{escape(answer['description'])}</td><td>{_content(answer)}</td></tr>"
        for code, answer in sorted(operation.get("responses", {}).items())
    )
    return (
        f"<details><summary><b>{method.upper()}</b><code>{escape(path)}</code></summary>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        + (f"<table>{parameters}</table>" if parameters else "")
        + (f"<p>Body: {body}</p>" if body else "")
        + f"<table>{answers}</table></details>"
    )


def _content(holder: dict[str, Any]) -> str:
    found = [_reference(one.get("schema", {})) for one in holder.get("content", {}).values()]
    return ", ".join(one for one in found if one)


def _reference(schema: dict[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    return f'<a href="#{escape(name)}"><code>{escape(name)}</code></a>' if name else escape(schema.get("type", ""))


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{'required' if field in required else ''}</td>"
        f"<td><code>{escape(_type(one))}</code></td><td>{escape(one.get('description', ''))}</td></tr>"
        for field, one in schema.get("properties", {}).items()
    )
    description = escape(schema.get("description", ""))
    return (
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"<p>{description}</p><table>{rows}</table></details>"
    )


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices:
        return " | ".join(map(_type, choices))
    if "items" in schema:
        return f"[{_type(schema['items'])}]"
    return str(schema.get("format") or schema.get("type") or "any")


ROUTES = Router("/", route_handlers=[page])
