"""A TCP connection that is read in large pieces."""

from __future__ import annotations

import socket

PIECE_BYTES = 32 * 1024


class Link(socket.socket):
    """Takes over a connected socket. paho asks for one byte, then another: four system calls for every message.

    `pending` is what aiomqtt asks of a TLS socket too: while it is above 0 it reads on without waiting for the kernel.
    """

    def __init__(self, plain: socket.socket) -> None:
        timeout_s = plain.gettimeout()
        super().__init__(plain.family, plain.type, plain.proto, fileno=plain.detach())
        self.settimeout(timeout_s)
        self._piece = b""
        self._taken = 0

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """At most `size` bytes, from what was read ahead if there is any."""
        if self._taken == len(self._piece):
            self._piece, self._taken = super().recv(PIECE_BYTES, flags), 0
        part = self._piece[self._taken : self._taken + size]
        self._taken += len(part)
        return part

    def pending(self) -> int:
        """Bytes that were read ahead."""
        return len(self._piece) - self._taken
