"""Bytes of pictures on the disk: encrypted, named by their hash, durable before `put` returns.

A file is `MAGIC`, 16 bytes of salt, then pieces of 1 MiB, each sealed with AES-256-GCM (NIST SP 800-38D). Its key is
derived from the vault's by the salt (HKDF, RFC 5869), so a nonce is the number of a piece and whether it is the last:
pieces can be neither left out, nor exchanged, nor added (the STREAM construction, Hoang et al. 2015). The last piece is
bound to the SHA-256 that names the file.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.records.errors import DiskFull, Gone, Unavailable

MAGIC: Final = b"ROSETTE1"
PIECE: Final = 1 << 20
SALT: Final = 16
TAG: Final = 16
LATER: Final = 8 * PIECE
"""So much is held in memory before the disk is touched: most pictures come again, or are refused, before that."""

_NONCE: Final = struct.Struct(">3xQB")


@contextmanager
def durable() -> Generator[None]:
    """What the disk refuses is an outage: DiskFull or Unavailable."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("no room for pictures") from error
        raise Unavailable(f"pictures cannot be kept: {error.strerror or error}") from error


class Vault:
    """Everything below one folder, under one key of 32 bytes. Methods block: call them in a thread."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = key
        self._under_way = folder / ".under-way"

    def put(self, data: bytes) -> bytes:
        """Keep these bytes -> their SHA-256. Raises DiskFull or Unavailable."""
        with self.writing() as writing:
            writing.add(data)
            return writing.finish()

    @contextmanager
    def writing(self) -> Generator[Writing]:
        """Something to be kept, piece by piece; what was not finished vanishes. Raises DiskFull or Unavailable."""
        writing = Writing(self)
        try:
            yield writing
        finally:
            writing.abandon()

    def has(self, sha256: bytes) -> bool:
        """Is it kept here?"""
        return self.path_of(sha256).is_file()

    def open(self, sha256: bytes) -> bytes:
        """All of it. Raises Gone where it is not here, or is damaged."""
        return b"".join(self.read(sha256))

    def read(self, sha256: bytes) -> Iterator[bytes]:
        """It, in pieces of at most 1 MiB. Raises Gone where it is not here, or is damaged."""
        try:
            file = self.path_of(sha256).open("rb")
        except FileNotFoundError:
            raise Gone("its bytes are not kept here") from None
        with file:
            left = os.fstat(file.fileno()).st_size - len(MAGIC) - SALT
            head = file.read(len(MAGIC) + SALT)
            cipher = self._cipher(head[len(MAGIC) :])
            number, whole = 0, hashlib.sha256()
            while True:
                sealed = file.read(max(0, min(left, PIECE + TAG)))
                left -= len(sealed)
                last = left <= 0
                try:
                    piece = cipher.decrypt(_NONCE.pack(number, last), sealed, sha256 if last else None)
                except (InvalidTag, ValueError):
                    raise Gone("its bytes are damaged: restore them from a backup") from None
                whole.update(piece)
                yield piece
                number += 1
                if last:
                    break
        if whole.digest() != sha256:
            raise Gone("its bytes are damaged: restore them from a backup")

    def remove(self, sha256: bytes) -> bool:
        """Forget it; False when it was not here. Raises Unavailable."""
        path = self.path_of(sha256)
        with durable():
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            _sync_folder(path.parent)
        return True

    def seal(self, data: bytes, about: bytes) -> bytes:
        """Bytes for the database, which open only with the same `about`."""
        salt = os.urandom(SALT)
        return salt + self._cipher(salt).encrypt(_NONCE.pack(0, 1), data, about)

    def unseal(self, sealed: bytes, about: bytes) -> bytes:
        """What was sealed. Raises Gone where it is damaged, or about something else."""
        try:
            return self._cipher(sealed[:SALT]).decrypt(_NONCE.pack(0, 1), sealed[SALT:], about)
        except (InvalidTag, ValueError):
            raise Gone("a piece is damaged") from None

    def older_than(self, moment: float) -> Iterator[bytes]:
        """SHA-256 of what was last put before this time (seconds since 1970); leftovers of writing are removed."""
        for path in self._under_way.glob("*"):
            if path.stat().st_mtime < moment:
                path.unlink(missing_ok=True)
        for path in self.folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            try:
                if path.stat().st_mtime < moment:
                    yield bytes.fromhex(path.name)
            except (FileNotFoundError, ValueError):
                continue

    def put_before(self, sha256: bytes, moment: float) -> bool:
        """Was it last put before this time?"""
        try:
            return self.path_of(sha256).stat().st_mtime < moment
        except FileNotFoundError:
            return False

    def path_of(self, sha256: bytes) -> Path:
        """Where it lies. Only the hash decides: no name of a sender is ever part of a path."""
        if len(sha256) != 32:
            raise ValueError("a SHA-256 has 32 bytes")
        name = sha256.hex()
        return self.folder / name[:2] / name[2:4] / name

    def touch(self, sha256: bytes, size: int) -> bool:
        """Is it here already, whole? Then it was put now, so that no sweep takes it for a leftover."""
        path = self.path_of(sha256)
        pieces = max(1, -(-size // PIECE))
        try:
            if path.stat().st_size != len(MAGIC) + SALT + size + pieces * TAG:
                return False
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def new_file(self) -> tuple[Path, AESGCM]:
        """A file that has its beginning, in the folder of what is under way, and what seals the rest of it."""
        salt = os.urandom(SALT)
        make_folder(self._under_way)
        path = self._under_way / uuid4().hex
        path.touch(mode=0o600)
        path.write_bytes(MAGIC + salt)
        return path, self._cipher(salt)

    def _cipher(self, salt: bytes) -> AESGCM:
        return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"rosette picture").derive(self._key))


class Writing:
    """Bytes that are being put. Nothing touches the disk before there is more than one piece, or it is finished."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._digest = hashlib.sha256()
        self._waiting = bytearray()
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._cipher: AESGCM | None = None
        self._number = 0
        self.size = 0

    @property
    def sha256(self) -> bytes:
        """Of what was added so far."""
        return self._digest.digest()

    def add(self, data: bytes) -> None:
        """More of it. Raises DiskFull or Unavailable."""
        self._digest.update(data)
        self.size += len(data)
        self._waiting += data
        # The last piece is sealed otherwise: it waits.
        while len(self._waiting) > PIECE and self.size > LATER:
            self._seal(None)

    def finish(self) -> bytes:
        """It is on the disk, whatever happens now -> its SHA-256. Raises DiskFull or Unavailable."""
        sha256 = self.sha256
        if self._vault.touch(sha256, self.size):
            return sha256
        while len(self._waiting) > PIECE:
            self._seal(None)
        self._seal(sha256)
        file, part = self._file, self._path
        assert file is not None and part is not None
        with durable():
            file.flush()
            os.fsync(file.fileno())
            path = self._vault.path_of(sha256)
            make_folder(path.parent)
            part.rename(path)
            self._path = None
            _sync_folder(path.parent)
        return sha256

    def abandon(self) -> None:
        """Forget what was not finished."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _seal(self, last: bytes | None) -> None:
        with durable():
            if self._file is None or self._cipher is None:
                self._path, self._cipher = self._vault.new_file()
                self._file = self._path.open("ab")
            piece = bytes(self._waiting[:PIECE])
            del self._waiting[:PIECE]
            self._file.write(self._cipher.encrypt(_NONCE.pack(self._number, last is not None), piece, last))
            self._number += 1


def make_folder(folder: Path) -> None:
    """With its parents, each of them known to the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
