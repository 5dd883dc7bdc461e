"""What a picture says of itself: a few tags of EXIF as plain, short texts that a database takes."""

from __future__ import annotations

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
    0x9209: "Flash",
    0xA431: "BodySerialNumber",
}
EXIF_TABLE: Final = 0x8769
MOST_LETTERS: Final = 100


def facts_of(image: Image.Image) -> dict[str, str]:
    """Tags by name. Never raises but MemoryError: a picture is looked at even where what it says cannot be read."""
    facts: dict[str, str] = {}
    try:
        tags = image.getexif()
        _take(facts, tags, TAGS)
        _take(facts, tags.get_ifd(EXIF_TABLE), TAGS_OF_EXIF)
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
