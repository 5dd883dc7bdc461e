"""Ids: derived from content for what the world says, UUIDv7 for what people make."""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import time
from uuid import UUID

_FIXED_BITS = (0xF << 76) | (0x3 << 62)
_VERSION_8 = (0x8 << 76) | (0x2 << 62)

_LENGTH = struct.Struct(">I").pack

_lock = threading.Lock()
_last_ms = 0
_sequence = 0


def content_id(*parts: bytes | str) -> UUID:
    """UUID (version 8, RFC 9562) from the SHA-256 of length-prefixed parts: equal parts, equal id, on any machine."""
    text = b""
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        text += _LENGTH(len(data)) + data
    number = int.from_bytes(hashlib.sha256(text).digest()[:16], "big")
    return UUID(int=number & ~_FIXED_BITS | _VERSION_8)


def new_id() -> UUID:
    """UUIDv7 (RFC 9562): time-ordered within this process, random otherwise."""
    global _last_ms, _sequence
    with _lock:
        now = time.time_ns() // 1_000_000
        if now <= _last_ms:
            now, _sequence = _last_ms, _sequence + 1
            if _sequence > 0xFFF:
                now, _sequence = now + 1, 0
        else:
            _sequence = 0
        _last_ms = now
        sequence = _sequence
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=(now << 80) | (0x7 << 76) | (sequence << 64) | (0b10 << 62) | tail)
