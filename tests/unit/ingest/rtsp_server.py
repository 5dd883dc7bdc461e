"""A camera that speaks RTSP over loopback (RFC 2326, H.264 inside the connection), with a login."""

from __future__ import annotations

import asyncio
import base64
import re
import struct
from collections.abc import Sequence
from typing import Self

import av
import numpy as np

WIDTH, HEIGHT = 160, 96
_START = re.compile(rb"\x00\x00\x00?\x01")


def pictures(shades: Sequence[int]) -> list[list[bytes]]:
    """One key frame of H.264 for each shade of grey, as its units without start codes."""
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.framerate = 10
    context.options = {"tune": "zerolatency", "preset": "ultrafast", "g": "1", "bf": "0"}
    frames: list[list[bytes]] = []
    for number, shade in enumerate(shades):
        frame = av.VideoFrame.from_ndarray(np.full((HEIGHT, WIDTH, 3), shade, np.uint8), format="rgb24")
        frame.pts = number
        frames += [_units(bytes(packet)) for packet in context.encode(frame.reformat(format="yuv420p"))]
    return frames


def _units(data: bytes) -> list[bytes]:
    return [unit for unit in _START.split(data) if unit]


class RtspServer:
    """Sends `frames` to whoever plays, one each `apart_s`; then it hangs up, or says nothing more (`hangs`)."""

    login, password = "viewer", "hush-hush"

    def __init__(self, frames: Sequence[list[bytes]], *, apart_s: float = 0.02, hangs: bool = False) -> None:
        self._frames, self._apart_s, self._hangs = frames, apart_s, hangs
        self.played = 0
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"rtsp://{self.login}:{self.password}@127.0.0.1:{self.port}/live"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                method = head.split(" ", 1)[0]
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                await self._answer(method, fields, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()
            self._open.discard(task)

    async def _answer(self, method: str, fields: dict[str, str], writer: asyncio.StreamWriter) -> None:
        wanted = "Basic " + base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        lines, body = [f"CSeq: {fields.get('CSeq', '0')}"], ""
        status = "200 OK"
        if method == "OPTIONS":
            lines.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif fields.get("Authorization") != wanted:
            status = "401 Unauthorized"
            lines.append('WWW-Authenticate: Basic realm="camera"')
        elif method == "DESCRIBE":
            body = self._description()
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP":
            lines += ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 12345"]
        else:
            lines.append("Session: 12345")
        writer.write("\r\n".join([f"RTSP/1.0 {status}", *lines, "", body]).encode())
        await writer.drain()
        if method == "PLAY":
            self.played += 1
            await self._play(writer)

    def _description(self) -> str:
        sets = [unit for unit in self._frames[0] if unit[0] & 0x1F in (7, 8)]
        given = ",".join(base64.b64encode(unit).decode() for unit in sets)
        return "\r\n".join(
            [
                "v=0",
                "o=- 0 0 IN IP4 127.0.0.1",
                "s=camera",
                "t=0 0",
                "m=video 0 RTP/AVP 96",
                "a=rtpmap:96 H264/90000",
                f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={given}",
                "a=control:track",
                "",
            ]
        )

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        sequence = 0
        for number, units in enumerate(self._frames):
            for place, unit in enumerate(units):
                last = place == len(units) - 1
                head = struct.pack("!BBHII", 0x80, 96 | (0x80 if last else 0), sequence, number * 9_000, 7)
                sequence += 1
                packet = head + unit
                writer.write(struct.pack("!cBH", b"$", 0, len(packet)) + packet)
            await writer.drain()
            await asyncio.sleep(self._apart_s)
        if self._hangs:
            await asyncio.Event().wait()
        writer.close()
