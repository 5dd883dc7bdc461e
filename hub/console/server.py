"""Serves the API in this process and event loop, by granian."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar

from hub.records.errors import Misconfigured


def check_port(host: str, port: int) -> None:
    """Raise Misconfigured, with what to do, when somebody listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Misconfigured(
                f"cannot listen on {host}:{port} ({error.strerror}): set ROSETTE_PORT to a free port, or stop the other"
            ) from None


async def serve_http(
    api: Litestar, host: str, port: int, *, certificate: str = "", key: str = "", stop: asyncio.Event
) -> None:
    """Serve until `stop` is set; open streams are cut."""
    server = Server(
        api,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        backlog=1024,
        log_enabled=True,
        log_level=LogLevels.error,
        ssl_cert=Path(certificate) if certificate else None,
        ssl_key=Path(key) if key else None,
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    finally:
        stopping.cancel()
        if not serving.done():
            server.stop()
            await asyncio.wait((serving,), timeout=3)
            serving.cancel()
