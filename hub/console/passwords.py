"""argon2id, off the event loop, a few at a time: each one takes 64 MiB."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST = 10


def hash_password(password: str, hasher: PasswordHasher | None = None) -> str:
    """argon2id hash as text, with its parameters and salt. Blocks for a few dozen milliseconds."""
    return (hasher or PasswordHasher()).hash(password)


class Passwords:
    """Hashes and verifies without stopping the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(at_once)
        # Verified against for an unknown e-mail address, so that it takes as long as a known one.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """See `hash_password`."""
        async with self._turn:
            return await asyncio.to_thread(hash_password, password, self._hasher)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Is it the password? None (no such person) takes as long, and is False."""
        async with self._turn:
            return await asyncio.to_thread(self._verify, password_hash or self._nobody, password) and bool(
                password_hash
            )

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False
