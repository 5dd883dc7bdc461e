"""The process that follows one stream: `python -m hub.ingest.cameras.stream_worker`. It has no login and no files.

The order comes in on standard input (never as an argument, which everybody may read), then messages go out on standard
output: four bytes of length, then msgpack. Only key frames are decoded: a camera sends one every few seconds, and the
frames between cost twenty times as much. It ends with the stream, and with the hub.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from io import BytesIO
from math import inf
from typing import Any, BinaryIO, Final, NamedTuple

import av
import msgspec
from av import logging
from av.error import FFmpegError

from hub.ingest.cameras.stream_said import Alive, Ended, Follow, Frame, Said

MEMORY_BYTES: Final = 2 << 30
OPEN_S: Final = 15.0
ALIVE_EVERY_S: Final = 2.0
# With `change`, pictures are taken no faster than this.
LEAST_APART_S: Final = 2.0
QUALITY: Final = 90
# A stream may name others (HLS does): none of them may be a file of this machine.
PROTOCOLS: Final = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto"
# How much of the stream is looked at before the first picture.
ANALYSED_US: Final = "500000"
SMALL: Final = (64, 36)
ANOTHER: Final = 25

_encoder = msgspec.msgpack.Encoder()


def main() -> None:
    """Follow until the stream or the hub ends."""
    sink = os.fdopen(os.dup(1), "wb")
    # Libraries that print must not speak into the messages.
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Follow)
    threading.Thread(target=_end_with_the_hub, daemon=True).start()
    logging.set_level(None)
    try:
        _follow(order, sink)
        reason = "the stream ended"
    except (FFmpegError, OSError, ValueError, MemoryError) as error:
        # The text of an error may repeat the address, password and all.
        reason = f"{type(error).__name__}: {getattr(error, 'strerror', None) or 'it cannot be read'}"
    _say(sink, Ended(reason))


def _end_with_the_hub() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _say(sink: BinaryIO, said: Said) -> None:
    body = _encoder.encode(said)
    sink.write(len(body).to_bytes(4, "big") + body)
    sink.flush()


def _follow(order: Follow, sink: BinaryIO) -> None:
    options = {"protocol_whitelist": PROTOCOLS, "analyzeduration": ANALYSED_US}
    if order.url.startswith("rtsp"):
        options["rtsp_transport"] = order.transport
    with av.open(order.url, options=options, timeout=(OPEN_S, order.silence_s)) as container:
        if not container.streams.video:
            raise ValueError("no video")
        video = container.streams.video[0]
        video.thread_type = "NONE"
        video.codec_context.skip_frame = "NONKEY"
        told, sent, shown = 0.0, Sent(), b""
        for frame in container.decode(video):
            now = Sent(time.monotonic(), frame.time or 0.0)
            small = _small(frame) if order.change else b""
            apart_s = now.after(sent)
            due = apart_s >= order.every_s
            if order.change and not due and apart_s >= LEAST_APART_S:
                due = _changed(small, shown) >= order.change
            if due:
                _say(sink, Frame(_jpeg(frame, order.most_px)))
                sent, told, shown = now, now.here_s, small
            elif now.here_s - told >= ALIVE_EVERY_S:
                _say(sink, Alive())
                told = now.here_s


class Sent(NamedTuple):
    """When a frame came, by the clocks of this machine and of the stream, in seconds."""

    here_s: float = -inf
    there_s: float = -inf

    def after(self, other: Sent) -> float:
        """Seconds after another one. Frames may come in heaps, and the clocks of cameras stand still or jump."""
        return max(self.here_s - other.here_s, self.there_s - other.there_s)


def _jpeg(frame: Any, most_px: int) -> bytes:
    larger = max(frame.width, frame.height)
    if larger > most_px:
        frame = frame.reformat(
            width=max(2, frame.width * most_px // larger), height=max(2, frame.height * most_px // larger)
        )
    file = BytesIO()
    frame.to_image().save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _small(frame: Any) -> bytes:
    """Its brightness in 64 x 36 points."""
    width, height = SMALL
    plane = frame.reformat(width=width, height=height, format="gray").planes[0]
    rows = bytes(plane)
    return b"".join(rows[row * plane.line_size : row * plane.line_size + width] for row in range(height))


def _changed(now: bytes, before: bytes) -> float:
    """Part of the points whose brightness is another."""
    if len(now) != len(before):
        return 1.0
    return sum(abs(a - b) > ANOTHER for a, b in zip(now, before, strict=True)) / len(now)


if __name__ == "__main__":
    main()
