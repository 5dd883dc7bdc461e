"""How a site's pictures are judged: the hub's own text, and over it what the site wrote."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from fusion.camera.manifest import ManifestError
from fusion.camera.rules_toml import CameraRules, parse_rules
from hub.records.errors import InvalidReference

FOLDER: Final = Path(__file__).resolve().parent / "judging"
EXAMPLE: Final = "primorye.toml"


@lru_cache(maxsize=1)
def own_text() -> str:
    """The hub's own text: rules, limits, taxa and labels."""
    return "".join((FOLDER / name).read_text() for name in ("standard.toml", "taxa.toml"))


def example_text() -> str:
    """A park's list, to begin with."""
    return (FOLDER / EXAMPLE).read_text()


@lru_cache(maxsize=16)
def rules_of(text: str) -> CameraRules:
    """A site's text over the hub's own. Raises InvalidReference: key, value, and what was expected."""
    try:
        return parse_rules(text, own_text())
    except ManifestError as error:
        field = str(error).partition(":")[0]
        raise InvalidReference(str(error), errors=[{"field": field, "detail": str(error)}]) from error
