"""What a picture says of itself: a few tags of EXIF as plain, short texts that a database takes."""

from __future__ import annotations

import math
from typing import Any, Final

from PIL import Image

ORIENTATION: Final = "Orientation"
TAGS: Final = {
    0x010F: "Make",
    0x0110: "Model",
    0x0112: ORIENTATION,
    0x0131: "Software",
    0x0132: "DateTime",
}
TAGS_OF_EXIF: Final = {
    0x829A: "ExposureTime",
    0x8827: "ISOSpeedRatings",
    0x9003: "DateTimeOriginal",
    0x9004: "DateTimeDigitized",
    0x9010: "OffsetTime",
    0x9011: "OffsetTimeOriginal",
    0x9209: "Flash",
    0x9291: "SubSecTimeOriginal",
    0xA431: "BodySerialNumber",
}
EXIF_TABLE: Final = 0x8769
GPS_TABLE: Final = 0x8825
LONGITUDE, LATITUDE, NO_FIX = "GPSLongitude", "GPSLatitude", "GPSNoFix"
MOST_LETTERS: Final = 100


def facts_of(image: Image.Image) -> dict[str, str]:
    """Tags by name. Never raises but MemoryError: a picture is looked at even where what it says cannot be read."""
    facts: dict[str, str] = {}
    try:
        tags = image.getexif()
        _take(facts, tags, TAGS)
        _take(facts, tags.get_ifd(EXIF_TABLE), TAGS_OF_EXIF)
        _take_place(facts, tags.get_ifd(GPS_TABLE))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 Pillow raises whatever a damaged table makes it raise
        pass
    if facts.get(ORIENTATION) not in {str(number) for number in range(1, 9)}:
        facts.pop(ORIENTATION, None)
    return facts


def _take(facts: dict[str, str], tags: Any, names: dict[int, str]) -> None:
    for number, name in names.items():
        value = tags.get(number)
        if isinstance(value, bytes):
            value = value[: 4 * MOST_LETTERS].decode("utf-8", "replace")
        if value is None or isinstance(value, dict | list | tuple):
            continue
        # Cameras fill fields up with NUL, which no database takes as text.
        text = "".join(letter for letter in str(value)[:MOST_LETTERS] if letter.isprintable())
        text = text.encode("utf-8", "replace").decode().strip()
        if text:
            facts[name] = text


def _take_place(facts: dict[str, str], tags: Any) -> None:
    """Degrees, to a tenth of a metre. (0, 0) is what a receiver without a fix writes: then that alone is said."""
    latitude, longitude = _degrees(tags.get(2), tags.get(1), "S", 90), _degrees(tags.get(4), tags.get(3), "W", 180)
    if latitude is None or longitude is None:
        return
    if latitude == 0 and longitude == 0:
        facts[NO_FIX] = "1"
    else:
        facts[LATITUDE], facts[LONGITUDE] = f"{latitude:.6f}", f"{longitude:.6f}"


def _degrees(parts: Any, side: Any, negative: str, most: float) -> float | None:
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    degrees, minutes, seconds = (float(one) for one in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value) or not 0 <= value <= most:
        return None
    return -value if str(side).strip("\x00 ").upper() == negative else value
