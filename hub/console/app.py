"""The HTTP side of the hub as one application."""

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from hub.console import (
    assets,
    clocks,
    docs,
    health,
    keys,
    login,
    observations,
    parameters,
    people,
    problems,
    quarantine,
    reference,
    reference_upload,
    sites,
)
from hub.console.access import COOKIE, Authentication
from hub.console.asset_files import AssetFiles
from hub.console.compressed import GzipBodies
from hub.console.measures import Measures
from hub.console.parts import Parts

MOST_BODY_BYTES = 1 << 20
DESCRIPTION = (
    "Log in with POST /api/v1/login and send X-CSRF-Token with whatever changes something, or send an API key as "
    "Authorization: Bearer. Errors are RFC 9457 problems. Records are edited with If-Match and the version that was "
    "seen, and created with If-None-Match: *. Times are RFC 3339 in UTC; coordinates are degrees, longitude first."
)


def create_api(parts: Parts) -> Litestar:
    """Routes of the console and whatever `parts.handlers` brings, with their middleware."""
    app = Litestar(
        route_handlers=[
            login.ROUTES,
            sites.ROUTES,
            people.ROUTES,
            keys.ROUTES,
            reference.ROUTES,
            reference_upload.ROUTES,
            observations.ROUTES,
            quarantine.ROUTES,
            health.ROUTES,
            clocks.ROUTES,
            docs.ROUTES,
            assets.routes(AssetFiles(parts.web)),
            *parts.handlers,
        ],
        state=State({"parts": parts}),
        dependencies={"parts": Provide(lambda: parts, sync_to_thread=False)},
        middleware=[Measures(parts.registry), GzipBodies(), Authentication()],
        guards=[parameters.known_only],
        exception_handlers={Exception: problems.answer},
        before_send=[assets.secure],
        # Streams and files that are compressed already stay as they are.
        compression_config=CompressionConfig(backend="gzip", exclude=["^/assets/", "/live$", "^/api/v1/(login|me)$"]),
        request_max_body_size=MOST_BODY_BYTES,
        openapi_config=OpenAPIConfig(
            title="Rosette",
            version="1",
            description=DESCRIPTION,
            path="/api",
            render_plugins=[JsonRenderPlugin()],
            use_handler_docstrings=True,
            security=[{"session": []}, {"key": []}],
            components=Components(
                schemas={},
                security_schemes={
                    "session": SecurityScheme(type="apiKey", name=COOKIE, security_scheme_in="cookie"),
                    "key": SecurityScheme(type="http", scheme="bearer"),
                },
            ),
        ),
        logging_config=None,
        debug=False,
    )
    problems.declare(app.openapi_schema)
    parameters.declare(app)
    return app
