"""The FTPS door: a camera logs in as SITE:DEVICE with the key of its device, and sends; 226 is said after the commit.

pyftpdlib runs in threads, one a connection, which may wait; the hub's loop does the rest. At most `COMMITS` pictures
are handed to it at a time, so a thousand cameras after an outage wait here and not in the hub's memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooSlow
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from OpenSSL import SSL
from pyftpdlib.exceptions import AuthenticationFailed
from pyftpdlib.servers import ThreadedFTPServer

from hub.ingest.cameras.door import DoorState, Takes
from hub.ingest.cameras.ending import is_whole
from hub.ingest.cameras.ftp_session import Login, Session, TlsSession
from hub.media.receive import Picture
from hub.records.errors import Misconfigured, Throttled, Unavailable
from hub.records.person import Caller
from hub.throttle import Throttle

T = TypeVar("T")
LOGGER = logging.getLogger(__name__)
COMMITS: Final = 4
COMMIT_S: Final = 120.0
# As at the broker; menus of some cameras, and addresses of FTP, leave no room for a colon.
LOGIN: Final = re.compile(r"([a-z][a-z0-9-]*)[:/](.+)", re.DOTALL)
CONNECTIONS: Final = 128
# Cameras of one mobile network, or behind one repeater, share an address.
CONNECTIONS_OF_ADDRESS: Final = 64
UNFINISHED_FOR: Final = timedelta(hours=24)
SWEEP_EVERY_S: Final = 3600.0
REMEMBERED: Final = 1_000
MOST_UNFINISHED: Final = 50


class FtpsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """host, port (0: a free one); certificate and key as PEM files; plain: take FTP without TLS too.

    passive: ports for data connections, first to last; None: any. address: what cameras reach the hub by, where a
    router stands between.
    """

    host: str
    port: int
    certificate: Path
    key: Path
    plain: bool = False
    passive: tuple[int, int] | None = None
    address: str = ""


class DeviceLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A camera that is connected."""

    site: str
    device: str
    sender: str
    spool: Path


class FtpsDoor:
    """Starts the server, and answers its threads."""

    def __init__(
        self,
        settings: FtpsSettings,
        receiver: Takes,
        who: Callable[[bytes], Awaitable[Caller | None]],
        *,
        spool: Path,
        now: Callable[[], datetime],
    ) -> None:
        """`who`: holds the key of this SHA-256; `spool`: folder of unfinished files."""
        self.state = DoorState("ftps")
        self.port = 0
        self._settings, self._receiver, self._who = settings, receiver, who
        self._spool, self._now = spool, now
        self._throttle = Throttle()
        self._commits = asyncio.Semaphore(COMMITS)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: set[Future[Any]] = set()
        self._cut_off: OrderedDict[tuple[str, str, str], int] = OrderedDict()
        self.started = asyncio.Event()

    async def run(self) -> None:
        """Serve until cancelled; raises Misconfigured where the port or the certificate cannot be used."""
        self._loop = asyncio.get_running_loop()
        # What it says of each connection and command is no business of the hub's log.
        logging.getLogger("pyftpdlib").setLevel(logging.WARNING)
        server = self._server()
        self.port = server.address[1]
        stop = threading.Event()
        thread = threading.Thread(target=_serve, args=(server, stop), name="ftps", daemon=True)
        thread.start()
        self.state.connected = True
        LOGGER.info("pictures by FTP%s at port %s", "S" if not self._settings.plain else " and FTPS", self.port)
        self.started.set()
        try:
            while True:
                await asyncio.to_thread(self._sweep)
                await asyncio.sleep(SWEEP_EVERY_S)
        finally:
            self.state.connected = False
            stop.set()
            for asked in list(self._asked):
                asked.cancel()
            await asyncio.to_thread(thread.join)

    def _server(self) -> ThreadedFTPServer:
        chosen = self._settings
        fields: dict[str, Any] = {
            "desk": self,
            "authorizer": Keys(self),
            "certfile": str(chosen.certificate),
            "keyfile": str(chosen.key),
            "passive_ports": range(chosen.passive[0], chosen.passive[1] + 1) if chosen.passive else None,
            "masquerade_address": chosen.address or None,
            "tls_control_required": not chosen.plain,
            "tls_data_required": not chosen.plain,
        }
        handler = type("CameraSession", (TlsSession,), fields)
        kind = type(
            "CameraServer",
            (ThreadedFTPServer,),
            {
                "max_cons": CONNECTIONS,
                "max_cons_per_ip": CONNECTIONS_OF_ADDRESS,
                "_lock": threading.Lock(),
                "_exit": threading.Event(),
            },
        )
        try:
            return kind((chosen.host, chosen.port), handler)
        except OSError as error:
            raise Misconfigured(f"ROSETTE_FTPS_PORT: {chosen.host}:{chosen.port}: {error.strerror or error}") from None
        except (SSL.Error, ValueError) as error:
            raise Misconfigured(f"the certificate of the FTPS door cannot be used: {error!r}") from None

    # From here on: called by the server's threads.

    def log_in(self, name: str, key: str, address: str) -> DeviceLogin:
        """Who this is; raises AuthenticationFailed."""
        try:
            return self._ask(self._log_in(name, key, address), within_s=10)
        except Throttled as throttled:
            raise AuthenticationFailed(throttled.detail) from None
        except (Unavailable, TooSlow, asyncio.CancelledError):
            raise AuthenticationFailed("the hub cannot look it up now: try again.") from None

    def received(self, login: Login, name: str, file: Path, *, ended: bool) -> str:
        """Commit a file of the spool; the reply of FTP. Files that were cut off stay, so that the rest may follow."""
        assert isinstance(login, DeviceLogin)
        size = file.stat().st_size
        if not ended and not self._is_enough((login.site, login.device, name), file, size):
            return "426 The picture has no end: send the rest (REST, APPE), or send it again."
        try:
            reply = self._ask(self._take(login, name, file), within_s=COMMIT_S)
        except Unavailable as error:
            return f"451 Not stored, try again later: {error.code}."
        except (TooSlow, asyncio.CancelledError):
            return "451 Not stored, try again later."
        except Exception:
            LOGGER.exception("a picture of %s at %s was not taken", login.device, login.site)
            return "451 Not stored, try again later."
        file.unlink(missing_ok=True)
        return reply

    def _is_enough(self, key: tuple[str, str, str], file: Path, size: int) -> bool:
        """Whole; or sent a second time with no more in it: then the camera has no more."""
        with file.open("rb") as data:
            if size and is_whole(data, size):
                return True
        if size and self._cut_off.pop(key, None) == size:
            return True
        self._cut_off[key] = size
        while len(self._cut_off) > REMEMBERED:
            self._cut_off.popitem(last=False)
        return False

    def _ask(self, question: Coroutine[Any, Any, T], *, within_s: float) -> T:
        assert self._loop is not None
        asked = asyncio.run_coroutine_threadsafe(question, self._loop)
        self._asked.add(asked)
        try:
            return asked.result(within_s)
        except TooSlow:
            asked.cancel()
            raise
        finally:
            self._asked.discard(asked)

    # From here on: on the loop.

    async def _log_in(self, name: str, key: str, address: str) -> DeviceLogin:
        login = LOGIN.match(name)
        site, device = login.groups() if login else ("", "")
        guess = (address, name[:200])
        self._throttle.attempt(guess, self._now())
        caller = await self._who(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest())
        if caller is None or not caller.machine or not device or caller.device != device or site not in caller.sites:
            raise AuthenticationFailed("log in as SITE:DEVICE with the key of the device.")
        self._throttle.forget(guess)
        spool = self._spool / hashlib.sha256(f"{site}:{device}".encode()).hexdigest()[:32]
        return DeviceLogin(site=site, device=device, sender=caller.name, spool=spool)

    async def _take(self, login: DeviceLogin, name: str, file: Path) -> str:
        self.state.waiting += 1
        try:
            async with self._commits:
                picture = Picture(
                    site=login.site,
                    device=login.device,
                    door="ftps",
                    address=name,
                    sender=login.sender,
                    live="bulk" not in name.split("/")[:-1],
                    received_at=self._now(),
                    name=name.rpartition("/")[2],
                )
                handed = await self.state.hand_over(self._receiver, picture, file)
        finally:
            self.state.waiting -= 1
        if handed.outcome == "refused":
            return f"226 Kept in quarantine: {' '.join(handed.reason.split())[:200]}"
        return "226 Taken." if handed.outcome == "taken" else "226 Taken before."

    def _sweep(self) -> None:
        """Forget what nobody went on with, and of each camera all but the newest: none of it was acknowledged."""
        before = time.time() - UNFINISHED_FOR.total_seconds()
        for folder in self._spool.glob("*"):
            files = sorted(folder.glob("*"), key=lambda file: file.stat().st_mtime, reverse=True)
            for number, file in enumerate(files):
                if number >= MOST_UNFINISHED or file.stat().st_mtime < before:
                    file.unlink(missing_ok=True)
            if not files:
                shutil.rmtree(folder, ignore_errors=True)


class Keys:
    """pyftpdlib's authorizer: the hub's device keys, and no right but to send."""

    def __init__(self, door: FtpsDoor) -> None:
        self._door = door

    def validate_authentication(self, username: str, password: str, handler: Session) -> None:
        """Raises AuthenticationFailed."""
        handler.login = self._door.log_in(username, password, handler.remote_ip)

    def has_perm(self, username: str, perm: str, path: str | None = None) -> bool:
        """Of all that pyftpdlib knows: go to folders, make them, send, send on, rename, ask for (empty) lists."""
        del username, path
        return perm in "emwafl"

    def get_home_dir(self, username: str) -> str:
        """There is none."""
        del username
        return "/"

    def get_perms(self, username: str) -> str:
        """As `has_perm`."""
        del username
        return "emwafl"

    def get_msg_login(self, username: str) -> str:
        """Said after the login."""
        del username
        return "Send your pictures."

    def get_msg_quit(self, username: str) -> str:
        """Said at the end."""
        del username
        return "Goodbye."

    def impersonate_user(self, username: str, password: str) -> None:
        """The hub stays who it is."""

    def terminate_impersonation(self, username: str) -> None:
        """The hub stays who it is."""


def _serve(server: ThreadedFTPServer, stop: threading.Event) -> None:
    while not stop.is_set():
        server.serve_forever(timeout=0.2, blocking=False, handle_exit=False)
    server.close_all()
