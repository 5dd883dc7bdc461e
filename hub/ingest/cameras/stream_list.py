"""Which cameras send live video: a file of their addresses, because those hold passwords."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from hub.records.errors import Misconfigured
from hub.records.observation import Key
from hub.records.site import SiteKey

SCHEMES = ("rtsp", "rtsps", "http", "https")
MOST_STREAMS = 32


class Stream(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera. A picture is taken every `every_s`, and, with `change`, when that part of it has become another.

    transport: of RTSP. silence_s: without a frame for so long, it is connected anew. most_px: of the longer side.
    """

    site: SiteKey
    device: Key
    url: str
    every_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 60.0
    change: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    silence_s: Annotated[float, msgspec.Meta(ge=5, le=3_600)] = 30.0
    most_px: Annotated[int, msgspec.Meta(ge=160, le=8_192)] = 1_920

    def __repr__(self) -> str:
        return f"<stream {self.name}>"

    @property
    def name(self) -> str:
        """For people: never the address."""
        return f"{self.site}/{self.device}"


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    stream: tuple[Stream, ...] = ()


def read_streams(path: Path) -> tuple[Stream, ...]:
    """``[[stream]]`` tables of a TOML file; raises Misconfigured, which never tells an address."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text()), _File).stream
    except OSError as error:
        raise Misconfigured(f"ROSETTE_STREAMS: {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"ROSETTE_STREAMS: {path}: {type(error).__name__}: it is no TOML") from None
    except msgspec.ValidationError as error:
        raise Misconfigured(f"ROSETTE_STREAMS: {path}: {error}") from None
    if len(found) > MOST_STREAMS:
        raise Misconfigured(f"ROSETTE_STREAMS: {path}: {len(found)} streams; one hub follows {MOST_STREAMS}")
    if len({one.name for one in found}) < len(found):
        raise Misconfigured(f"ROSETTE_STREAMS: {path}: a device may have one stream")
    for one in found:
        if urlsplit(one.url).scheme not in SCHEMES:
            raise Misconfigured(f"ROSETTE_STREAMS: {path}: the url of {one.name} must begin with {', '.join(SCHEMES)}")
    return found
