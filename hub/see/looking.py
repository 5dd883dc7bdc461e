"""Have pictures looked at by a process beside this one: whatever they hold, the hub goes on."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from fusion.camera.frame import Area
from fusion.camera.manifest import ManifestError
from hub.see.seen import Answer, Chips, Cut, Failed, Load, Look, Order, Ready, Reply, Seen, Show, Shown

PICTURE_S: Final = 10.0
"""Processor time. Where the machine is busy with other things, a picture waits for it: that is not its fault."""
PATIENCE_S: Final = 50.0
"""So much longer by the clock, at most."""
LOAD_S: Final = 120.0
MOST_REPLY_BYTES: Final = 16 << 20
INHERITED: Final = ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
"""Of the environment: the rest may hold passwords, and a process that reads hostile files needs none."""

OWN: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Decoded pictures are larger than what glibc keeps: it would ask the kernel for fresh pages for each.
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
}

_orders = msgspec.msgpack.Encoder()
_replies = msgspec.msgpack.Decoder(Reply)


Left = Callable[[], float]
"""How many seconds may still be waited."""


class Died(Exception):
    """The process ended, or had to be ended; the text says how."""


class Looking:
    """One process that looks, with one model or none. Not for several threads at once.

    `look` always answers: a picture that killed the process, or took too long, is unreadable, and the next one meets a
    new process.
    """

    def __init__(self, folder: Path | None = None, *, picture_s: float = PICTURE_S, load_s: float = LOAD_S) -> None:
        """`folder`: of the model. Raises ManifestError where it cannot be used."""
        self._folder = folder
        self._picture_s, self._load_s, self._patience_s = picture_s, load_s, PATIENCE_S
        self._process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        self.memory_mb = 0.0
        if folder is not None:
            self._ready()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def look(self, data: bytes) -> Seen:
        """Bytes of one picture -> what is seen in it."""
        try:
            return self.attempt(data)
        except Died as death:
            return Seen(state="unreadable", reason=str(death))
        except ManifestError as error:
            # A new process met a model that is another than it was.
            return Seen(state="unreadable", reason=f"the model cannot be loaded again: {error}")

    def attempt(self, data: bytes, boxes: Sequence[Area] = ()) -> Seen:
        """As `look`, for whoever tells a picture's fault from others'; a classifier may be given boxes to look at.

        Raises Died, ManifestError.
        """
        answer = self._give(Look(data, list(boxes)))
        if not isinstance(answer, Answer):
            raise TypeError(f"an answer was expected, not {answer}")
        self.memory_mb = max(self.memory_mb, answer.memory_mb)
        return answer.seen

    def show(self, order: Show) -> Shown:
        """A picture as it may be shown. Raises Died."""
        answer = self._give(order)
        if not isinstance(answer, Shown):
            raise TypeError(f"a picture was expected, not {answer}")
        return answer

    def cut(self, order: Cut) -> Chips:
        """Chips of boxes in a picture. Raises Died."""
        answer = self._give(order)
        if not isinstance(answer, Chips):
            raise TypeError(f"chips were expected, not {answer}")
        return answer

    def close(self) -> None:
        """End the process."""
        if (process := self._process) is None:
            return
        self._process = None
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()

    def _give(self, order: Order) -> Reply:
        self._ready()
        try:
            return self._ask(order, self._picture_s)
        except Died:
            self.deaths += 1
            raise

    def _ready(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hub.see.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment | OWN,
            cwd=Path(__file__).resolve().parents[2],
        )
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)
        if self._folder is None:
            return
        try:
            answer = self._ask(Load(str(self._folder.resolve())), self._load_s)
        except Died as death:
            raise ManifestError(f"model.file: loading it ended its process: {death}") from death
        if isinstance(answer, Failed):
            self.close()
            raise ManifestError(answer.reason)
        if isinstance(answer, Ready):
            self.memory_mb = max(self.memory_mb, answer.memory_mb)

    def _ask(self, order: Order, seconds: float) -> Reply:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise Died("the process is not there")
        left = _time_left(process.pid, seconds, self._patience_s)
        body = _orders.encode(order)
        try:
            self._write(process.stdin.fileno(), len(body).to_bytes(4, "big") + body, left)
            length = int.from_bytes(self._read(process, 4, left), "big")
            if length > MOST_REPLY_BYTES:
                self.close()
                raise Died("it answered at impossible length")
            return _replies.decode(self._read(process, length, left))
        except BrokenPipeError:
            raise self._death(process) from None

    def _write(self, descriptor: int, data: bytes, time_left: Left) -> None:
        """A process that does not read must not hold up the hub: a pipe takes 64 KB, a picture is larger."""
        left = memoryview(data)
        while left:
            if not select.select([], [descriptor], [], time_left())[1]:
                if time_left() > 0:
                    continue
                self.close()
                raise Died("it took too long")
            left = left[os.write(descriptor, left) :]

    def _read(self, process: subprocess.Popen[bytes], count: int, time_left: Left) -> bytes:
        if process.stdout is None:
            raise Died("the process is not there")
        descriptor, found = process.stdout.fileno(), bytearray()
        while len(found) < count:
            if not select.select([descriptor], [], [], time_left())[0]:
                if time_left() > 0:
                    continue
                self.close()
                raise Died("it took too long")
            part = os.read(descriptor, count - len(found))
            if not part:
                raise self._death(process)
            found += part
        return bytes(found)

    def _death(self, process: subprocess.Popen[bytes]) -> Died:
        code = process.wait()
        self.close()
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Died(f"it ended the process that looked at it ({name})")


def _time_left(process: int, seconds: float, patience_s: float) -> Left:
    """So much processor time of a process from now on; `patience_s`: so much longer by the clock."""
    began, spent = time.monotonic(), _spent_s(process)

    def left() -> float:
        passed = time.monotonic() - began
        if passed < seconds or spent is None:
            return max(0.0, seconds - passed)
        now = _spent_s(process)
        if now is None or passed >= seconds + patience_s:
            return 0.0
        return max(0.0, seconds - (now - spent))

    return left


def _spent_s(process: int) -> float | None:
    try:
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
