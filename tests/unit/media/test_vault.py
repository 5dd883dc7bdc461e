"""Bytes on the disk: encrypted, whole or not there, and never anywhere else than their hash says."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from pathlib import Path

import pytest

from hub.media.key import open_vault
from hub.media.vault import LATER, PIECE, Vault
from hub.records.errors import DiskFull, Gone, Misconfigured

KEY = bytes(range(32))
SIZES = (0, 1, PIECE - 1, PIECE, PIECE + 1, LATER + 3 * PIECE + 7)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "media", KEY)


@pytest.mark.parametrize("size", SIZES)
def test_put__gives_back_what_was_put_and_names_it_by_its_hash(vault: Vault, size: int) -> None:
    data = os.urandom(size)
    assert vault.put(data) == hashlib.sha256(data).digest()
    assert vault.open(hashlib.sha256(data).digest()) == data
    assert list((vault.folder / ".under-way").iterdir()) == []


def test_put__in_pieces_of_any_size_is_the_same_file(vault: Vault) -> None:
    data = os.urandom(LATER + 2 * PIECE + 5)
    with vault.writing() as writing:
        for at in range(0, len(data), 777_777):
            writing.add(data[at : at + 777_777])
        sha256 = writing.finish()
    assert vault.open(sha256) == data
    before = vault.path_of(sha256).stat()
    assert vault.put(data) == sha256
    assert vault.path_of(sha256).stat().st_ino == before.st_ino, "what is here already is not written again"


def test_file__holds_nothing_of_the_picture_in_the_clear(vault: Vault) -> None:
    data = b"leopard at the den " * 5_000
    path = vault.path_of(vault.put(data))
    assert b"leopard" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(vault.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("harm", ["flip", "cut", "cut short", "cut a piece", "swap pieces", "grow", "other name"])
def test_open__says_gone_for_whatever_was_tampered_with(vault: Vault, harm: str) -> None:
    sha256 = vault.put(os.urandom(3 * PIECE))
    path = vault.path_of(sha256)
    sealed, head, step = bytearray(path.read_bytes()), 24, PIECE + 16
    match harm:
        case "flip":
            sealed[head + 100] ^= 1
        case "cut":
            del sealed[-1:]
        case "cut short":
            del sealed[3:]
        case "cut a piece":
            del sealed[-step:]
        case "swap pieces":
            sealed[head : head + 2 * step] = sealed[head + step : head + 2 * step] + sealed[head : head + step]
        case "grow":
            sealed += b"\0"
        case _:
            sha256 = hashlib.sha256(b"another").digest()
            path = vault.path_of(sha256)
            path.parent.mkdir(parents=True)
    path.write_bytes(sealed)
    with pytest.raises(Gone, match="damaged"):
        vault.open(sha256)


def test_put__mends_what_was_cut_off(vault: Vault) -> None:
    data = os.urandom(5_000)
    path = vault.path_of(vault.put(data))
    path.write_bytes(path.read_bytes()[:-100])
    vault.put(data)
    assert vault.open(hashlib.sha256(data).digest()) == data


def test_open__of_what_is_not_here_is_gone(vault: Vault) -> None:
    with pytest.raises(Gone):
        vault.open(bytes(32))
    assert not vault.remove(bytes(32))


def test_path__comes_from_a_hash_and_nothing_else(vault: Vault) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        vault.path_of(b"../../etc/passwd")


def test_remove__forgets(vault: Vault) -> None:
    sha256 = vault.put(b"somebody")
    assert vault.remove(sha256)
    assert not vault.has(sha256)


def test_full_disk__is_said_to_be_one_and_leaves_nothing(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hub.media.vault.os.fsync", full)
    vault.folder.mkdir()
    (vault.folder / ".under-way").mkdir()
    with pytest.raises(DiskFull):
        vault.put(b"x" * 1_000)
    assert [path for path in vault.folder.rglob("*") if path.is_file()] == []


def test_older_than__names_what_was_put_long_ago_and_removes_what_was_never_finished(vault: Vault) -> None:
    old, new = vault.put(b"old"), vault.put(b"new")
    day_ago = time.time() - 86_400
    torn = vault.folder / ".under-way" / "torn"
    torn.write_bytes(b"half")
    for path in (vault.path_of(old), torn):
        os.utime(path, (day_ago - 10, day_ago - 10))
    assert list(vault.older_than(day_ago)) == [old]
    assert not torn.exists()
    vault.put(b"old")
    assert list(vault.older_than(day_ago)) == [], "who puts it again wants it kept"
    assert vault.has(new)


def test_sealed__opens_only_with_what_it_is_about(vault: Vault) -> None:
    sealed = vault.seal(b"a piece", b"upload 1, place 0")
    assert b"a piece" not in sealed
    assert vault.unseal(sealed, b"upload 1, place 0") == b"a piece"
    for about in (b"upload 2, place 0", b""):
        with pytest.raises(Gone):
            vault.unseal(sealed, about)


def test_key__is_made_once_for_the_hub_alone(tmp_path: Path) -> None:
    sha256 = open_vault(tmp_path).put(b"kept")
    assert stat.S_IMODE((tmp_path / "media.key").stat().st_mode) == 0o600
    assert open_vault(tmp_path).open(sha256) == b"kept"


def test_key__of_the_settings_needs_no_file(tmp_path: Path) -> None:
    sha256 = open_vault(tmp_path, "ab" * 32).put(b"kept")
    assert not (tmp_path / "media.key").exists()
    assert open_vault(tmp_path, "AB" * 32).open(sha256) == b"kept"


def test_key__another_one_is_refused_at_the_start(tmp_path: Path) -> None:
    open_vault(tmp_path, "ab" * 32)
    for key in ("cd" * 32, "ab", "not hexadecimal"):
        with pytest.raises(Misconfigured, match="key"):
            open_vault(tmp_path, key)
    with pytest.raises(Misconfigured, match="is gone"):
        open_vault(tmp_path)
