"""A server process that belongs to the hub: one at a time per folder, and never longer than the hub lives."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path

from hub.embedded.ground import Account, EmbeddedStartFailed

POLL_SECONDS = 0.01
SILENCE_SECONDS = 180.0
LOG_LIMIT_BYTES = 16 * 1024 * 1024
PR_SET_PDEATHSIG = 1

# Loaded here, because between fork and exec only async-signal-safe work is sound.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


class FolderLock:
    """At most one hub uses a folder. The kernel drops the lock with its holder, kill -9 included."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Idempotent. Raises EmbeddedStartFailed when another hub (of this or another process) holds the folder."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode().strip() or "unknown"
            os.close(descriptor)
            raise EmbeddedStartFailed(
                f"Another hub (process {holder}) already uses {self.path.parent}. "
                "Stop it, or give this hub a state folder of its own."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def processes_in(folder: Path, program: str) -> list[int]:
    """Process ids of `program` whose working directory is `folder`: ours, whatever a stale pid file says."""
    found: list[int] = []
    real = folder.resolve()
    for entry in Path("/proc").glob("[0-9]*"):
        # Processes come and go while we look, and those of other users may not be looked at.
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == real and (entry / "comm").read_text().strip() == program:
                found.append(int(entry.name))
    return found


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def await_none(folder: Path, program: str, seconds: float) -> bool:
    """True as soon as no process of `program` works in `folder`; False after `seconds`."""
    deadline = time.monotonic() + seconds
    while processes_in(folder, program):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


class Child:
    """One running server. Its output is appended to `log`; its working directory is how a later hub recognises it.

    `death_signal` is what the kernel sends it when the hub is gone. The kernel ties that to the *thread* that forked,
    so a thread of its own forks the server and then waits for it: start() may be called from any thread.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        folder: Path,
        log: Path,
        account: Account,
        death_signal: signal.Signals,
    ) -> None:
        self.name = Path(arguments[0]).name
        self.folder = folder
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._log_start = os.fstat(output).st_size
            self._process = _fork(arguments, folder, output, account, death_signal)
        finally:
            os.close(output)

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        """Exit code, None while it runs. The supervisor asks often, so this is also where the log is kept short."""
        if self.log.stat().st_size > LOG_LIMIT_BYTES:
            # Emptied in place: the server appends through a descriptor of its own.
            shutil.copyfile(self.log, self.log.with_name(self.log.name + ".1"))
            os.truncate(self.log, 0)
            self._log_start = 0
        return self._process.poll()

    def written(self) -> int:
        """Length of the log in bytes, a position for output()."""
        return self.log.stat().st_size

    def output(self, since: int | None = None) -> str:
        """What the server has written since that position of the log, by default since it was started."""
        with self.log.open("rb") as text:
            text.seek(self._log_start if since is None else since)
            return text.read().decode(errors="replace")

    def await_ready(self, is_ready: Callable[[], bool]) -> None:
        """Recovery may take long, so the limit is on silence: fails when the log has not moved for three minutes."""
        size, moved_at = -1, time.monotonic()
        while not is_ready():
            code = self.poll()
            if code is not None:
                raise EmbeddedStartFailed(
                    f"{self.name} ended with code {code} while starting in {self.folder}. "
                    f"The end of {self.log} says:\n{self.output()[-2000:].strip()}"
                )
            if (grown := self.written()) != size:
                size, moved_at = grown, time.monotonic()
            if time.monotonic() - moved_at > SILENCE_SECONDS:
                self.kill()
                raise EmbeddedStartFailed(
                    f"{self.name} in {self.folder} was silent for {SILENCE_SECONDS:.0f} s and never became ready. "
                    f"Look at {self.log} and at the disk below it."
                )
            time.sleep(POLL_SECONDS)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def stop(self, steps: Sequence[tuple[signal.Signals, float]]) -> None:
        """Send each signal in turn until the server has gone within that many seconds; the last resort is kill()."""
        for number, seconds in steps:
            self.send(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
                return
        self.kill()

    def kill(self) -> None:
        """kill -9 of the server and everything it forked."""
        self.send(signal.SIGKILL)
        self._process.wait()
        signal_all(processes_in(self.folder, self.name), signal.SIGKILL)
        await_none(self.folder, self.name, 10.0)


def _fork(
    arguments: Sequence[str | Path], folder: Path, output: int, account: Account, death_signal: signal.Signals
) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def die_with_the_hub() -> None:
        # Runs after the change of user, which would clear the request. The hub may have died before it was made.
        if _prctl is not None and (_prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) or os.getppid() != parent):
            os._exit(1)

    started: Future[subprocess.Popen[bytes]] = Future()

    def fork_and_wait() -> None:
        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                env=account.environment,
                start_new_session=True,
                preexec_fn=die_with_the_hub,
                **account.popen,
            )
        except (OSError, subprocess.SubprocessError) as error:
            started.set_exception(error)
            return
        started.set_result(process)
        process.wait()

    threading.Thread(target=fork_and_wait, name=f"waits for {Path(arguments[0]).name}", daemon=True).start()
    try:
        return started.result()
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedStartFailed(f"{arguments[0]} could not be run in {folder} as {account.name}: {error}") from error
