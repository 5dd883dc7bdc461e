"""The key of the vault: from the settings, or from a file in the state folder that the hub makes once."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path
from typing import Final

from hub.media.vault import Vault
from hub.records.errors import Misconfigured

LENGTH: Final = 32


def open_vault(state: Path, key: str = "") -> Vault:
    """The vault below a state folder. `key`: 64 hexadecimal digits; empty: that of `state/media.key`.

    Raises Misconfigured where the key is no key, or another one than what is kept was sealed with.
    """
    folder, file = state / "media", state / "media.key"
    mark = folder / "key"
    if key:
        secret = _read(key, "ROSETTE_MEDIA_KEY")
    elif file.is_file():
        secret = _read(file.read_text(), str(file))
    elif mark.is_file():
        raise Misconfigured(f"{file} is gone, and without it nobody can read {folder}: restore it from a backup")
    else:
        secret = _make(file)
    # What is written down of the key proves it, and does not help to find it.
    proof = hmac.digest(secret, b"rosette vault", hashlib.sha256).hex()
    if not mark.is_file():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark.write_text(proof)
    elif not hmac.compare_digest(mark.read_text(), proof):
        raise Misconfigured(f"the pictures in {folder} were sealed with another key: give ROSETTE_MEDIA_KEY that one")
    return Vault(folder, secret)


def _read(text: str, where: str) -> bytes:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != LENGTH:
        raise Misconfigured(f"{where}: the key of pictures has {2 * LENGTH} hexadecimal digits")
    return secret


def _make(file: Path) -> bytes:
    """A new key, whole or not at all, for the hub's user only."""
    secret = os.urandom(LENGTH)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(secret.hex() + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    part.rename(file)
    return secret
