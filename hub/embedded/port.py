"""A port for who asked for any."""

from __future__ import annotations

import socket


def free_port(host: str) -> int:
    """A port of `host` that nobody listens on right now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]
