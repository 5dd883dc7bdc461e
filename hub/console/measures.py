"""Counts and times requests, by route and never by address: an address may hold a key."""

import time

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram

BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Measures(ASGIMiddleware):
    """`rosette_http_requests_total` by status, and seconds until the first byte."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("method", "route")
        self._requests = Counter("rosette_http_requests", "Answered requests.", (*labels, "status"), registry=registry)
        self._seconds = Histogram(
            "rosette_http_seconds", "Seconds until the answer began.", labels, buckets=BUCKETS_S, registry=registry
        )

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Watch for the first message of the answer."""
        began = time.perf_counter()
        labels = (str(scope.get("method", "")), str(scope.get("path_template", "")))

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._requests.labels(*labels, message["status"]).inc()
                self._seconds.labels(*labels).observe(time.perf_counter() - began)
            await send(message)

        await next_app(scope, receive, watched)
