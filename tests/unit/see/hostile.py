"""Files that cameras and worse send: made here, none of them anybody's recording."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def scene(width: int = 320, height: int = 240, seed: int = 0) -> np.ndarray:
    """Something smooth with edges, so that it compresses like a photograph; no row of it is black."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(seed).integers(0, 30, (height, width))
    red = 90 + 80 * np.sin(x / 17) + noise
    return np.clip(np.stack([red, 60 + y * 120 / height + noise, 200 - x * 150 / width], axis=-1), 20, 255).astype(
        np.uint8
    )


def encoded(pixels: np.ndarray | Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    """A picture file."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def exif(**tags: Any) -> bytes:
    """EXIF with these tags: Orientation, Make, Model."""
    numbers = {"Make": 0x010F, "Model": 0x0110, "Orientation": 0x0112, "DateTime": 0x0132}
    table = Image.Exif()
    for name, value in tags.items():
        table[numbers[name]] = value
    return table.tobytes()


def png_bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a kilobyte or so that claims, and would unpack to, gigabytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )


def seeds() -> list[bytes]:
    """Small valid files of every kind: what damaged ones are made of."""
    small = scene(96, 64)
    return [
        encoded(small, quality=80),
        encoded(small, progressive=True, exif=exif(Orientation=6, Make="\0" * 31, Model="CAMERA\0")),
        encoded(Image.fromarray(small).convert("L")),
        encoded(Image.fromarray(small).convert("CMYK")),
        encoded(small, quality=60, restart_marker_rows=1),
        encoded(small, "PNG"),
        encoded(Image.fromarray(small).quantize(32), "PNG"),
        encoded(small, "WEBP"),
    ]


def damaged(random: np.random.Generator, files: list[bytes]) -> bytes:
    """One file cut off, with flipped bits, with a piece doubled, dropped or overwritten, or with another head."""
    data = bytearray(files[random.integers(len(files))])
    for _ in range(int(random.integers(1, 4))):
        at = int(random.integers(len(data))) if data else 0
        match int(random.integers(7)):
            case 0:
                del data[at:]
            case 1:
                for _ in range(int(random.integers(1, 20))):
                    if data:
                        data[int(random.integers(len(data)))] ^= 1 << int(random.integers(8))
            case 2:
                del data[at : at + int(random.integers(1, 200))]
            case 3:
                data[at:at] = data[at : at + int(random.integers(1, 200))]
            case 4:
                data[at : at + 4] = random.bytes(4)
            case 5:
                # The header is where sizes are.
                at = int(random.integers(min(64, len(data) + 1)))
                data[at : at + 2] = b"\xff\xff"
            case _:
                other = files[random.integers(len(files))]
                data[:] = other[: int(random.integers(len(other)))] + data[at:]
    return bytes(data)
