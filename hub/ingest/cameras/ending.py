"""Has a picture its end? What is cut off may still be growing, or may be sent on."""

from __future__ import annotations

from typing import BinaryIO, Final

from hub.media.kinds import HEAD, kind_of

LARGEST_JPEG: Final = 64 << 20
MOST_SEGMENTS: Final = 2_000
_SCAN: Final = 0xDA
# Markers that stand alone: TEM, RST0 to RST7, SOI.
_LONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})


def is_whole(file: BinaryIO, size: int) -> bool:
    """True where the bytes (of a JPEG, PNG, WebP or MP4) reach as far as they say; False also for anything else.

    file: seekable, of `size` bytes.
    """
    file.seek(0)
    head = file.read(HEAD)
    match kind_of(head):
        case "jpeg":
            return size <= LARGEST_JPEG and _jpeg(head + file.read())
        case "png":
            file.seek(max(0, size - 64))
            return b"IEND" in file.read()
        case "webp":
            return size >= int.from_bytes(head[4:8], "little") + 8
        case "mp4":
            return _boxes(file, size)
        case None:
            return False


def _jpeg(data: bytes) -> bool:
    """Its segments end in a scan, and after the last scan comes the end: that of a thumbnail inside does not count."""
    at = 2
    for _ in range(MOST_SEGMENTS):
        if at + 4 > len(data) or data[at] != 0xFF:
            return False
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _LONE:
            at += 2
        elif marker == _SCAN:
            # Inside a scan every FF of the picture itself is followed by 00.
            return data.rfind(b"\xff\xd9", at) > data.rfind(b"\xff\xda", at)
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def _boxes(file: BinaryIO, size: int) -> bool:
    """ISO base media: boxes one after the other, each with its length; the one that says how to read them is there."""
    at, found = 0, False
    for _ in range(MOST_SEGMENTS):
        if at == size:
            return found
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return False
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        found |= head[4:8] == b"moov"
        if length < 8:
            # 0: to the end of the file, wherever that will be.
            return False
        at += length
    return False
