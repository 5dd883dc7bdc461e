"""Pictures that tests make: real JPEGs with what a camera would write into them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

GPS = {1: "N", 2: (43.0, 6.0, 12.34), 3: "E", 4: (131.0, 24.0, 56.78)}
SERIAL = "SN-0042-SECRET"


def a_jpeg(seed: int = 1, size: tuple[int, int] = (64, 48), *, taken: str = "", located: bool = False) -> bytes:
    """The same for the same seed. `taken`: as in 2026:06:30 03:10:00; `located`: with GPS and serial number."""
    pixels = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)
    exif = Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    if located:
        exif.get_ifd(0x8769)[0xA431] = SERIAL
        exif.get_ifd(0x8825).update(GPS)
        exif[0x010F] = "Bushnell"
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85, exif=exif)
    return file.getvalue()
