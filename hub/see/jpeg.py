"""The segments of a JPEG file (ITU T.81, annex B): is it whole, is it progressive, how many scans are there."""

from __future__ import annotations

from typing import NamedTuple

START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
ALONE = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
"""Markers without a length: TEM, SOI, RST0 to RST7."""


class Jpeg(NamedTuple):
    """`ends`: the end of the image is there; `scans`: how many begin."""

    ends: bool
    progressive: bool
    scans: int


def read_jpeg(data: bytes) -> Jpeg:
    """Never raises: what cannot be followed does not end."""
    at, progressive, scans = 2, False, 0
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return Jpeg(False, progressive, scans)
        marker = data[at + 1]
        if marker == END_OF_IMAGE and scans:
            return Jpeg(True, progressive, scans)
        if marker in (0x00, 0xFF) or marker in ALONE or marker == END_OF_IMAGE:
            # Stuffed bytes of a scan, fill bytes, markers without content.
            at += 1 if marker == 0xFF else 2
            continue
        progressive |= marker in PROGRESSIVE
        scans += marker == START_OF_SCAN
        if scans and not progressive:
            # Within a scan FF D9 can be nothing else, and to walk along the stuffed bytes takes as long as decoding.
            # It is looked for from the end, where it stands.
            return Jpeg(data.rfind(b"\xff\xd9", at) >= 0, progressive, scans)
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        at += 2 + max(length, 2)
