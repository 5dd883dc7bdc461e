"""A whole hub as a child process, as `rosette run` starts it, with its embedded servers, on free ports."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import httpx

from tests.database import forget_ground

LOGIN = re.compile(r"login\s+(\S+)\s+password\s+(\S+)")


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class HubProcess:
    """Start, use, kill and start again; the state folder stays."""

    def __init__(self, state: Path, **settings: str) -> None:
        self.state = state
        self.port = free_port()
        self.mqtt_port = free_port()
        self.settings = {
            "STATE": str(state),
            "PORT": str(self.port),
            "MQTT_PORT": str(self.mqtt_port),
            "DURABLE": "false",
        } | {name.upper(): value for name, value in settings.items()}
        self.url = f"http://127.0.0.1:{self.port}"
        self.email = self.password = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.log = state.parent / f"{state.name}.log"

    def start(self, *, ready: bool = True) -> Self:
        """Start, and wait until the hub says that it is ready."""
        with self.log.open("ab") as log:
            began = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hub.cli", "run"],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if ready:
            self.wait_ready()
            if found := LOGIN.search(self.log.read_text()[began:]):
                self.email, self.password = found.groups()
        return self

    @property
    def environment(self) -> dict[str, str]:
        """For commands that use this hub."""
        others = {k: v for k, v in os.environ.items() if not k.startswith("ROSETTE_")}
        return others | {f"ROSETTE_{name}": value for name, value in self.settings.items()}

    def wait_ready(self, within_s: float = 60) -> float:
        """Seconds until /health/ready answers 200."""
        return self.wait(lambda: self.status() == 200, within_s)

    def wait(self, condition: Any, within_s: float) -> float:
        """Seconds until a condition holds; fails with the end of the log."""
        began = time.monotonic()
        while time.monotonic() - began < within_s:
            if condition():
                return time.monotonic() - began
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"not within {within_s} s; the hub said:\n{self.log.read_text()[-4000:]}")

    def status(self) -> int:
        """What /health/ready answers; 0 while nobody listens."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).status_code
        except httpx.HTTPError:
            return 0

    def problem(self) -> str:
        """What /health/ready names as missing, empty when nothing is."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).json().get("detail", "")
        except httpx.HTTPError:
            return "nobody listens"

    @property
    def dsn(self) -> str:
        """How to reach the running hub's own database."""
        return (self.state / "database.dsn").read_text()

    def client(self) -> httpx.Client:
        """A logged-in browser without a screen."""
        client = httpx.Client(base_url=self.url, timeout=30)
        answer = client.post("/api/v1/login", json={"email": self.email, "password": self.password})
        answer.raise_for_status()
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return client

    def kill(self) -> None:
        """kill -9 of the hub itself; what becomes of its children is its own business."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for server in ("postgres", "broker"):
            forget_ground(self.state / server)
