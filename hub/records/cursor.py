"""A gap-free place in the change log: (transaction, sequence), as an opaque token for clients."""

from __future__ import annotations

import base64
import struct

import msgspec

from hub.records.errors import Malformed


class Cursor(msgspec.Struct, frozen=True, order=True):
    """Everything up to and including (xid, seq) has been seen. A plain serial would lose rows that commit late."""

    xid: int = 0
    seq: int = 0

    def token(self) -> str:
        """URL-safe text for clients; they must not look inside."""
        return "v1." + base64.urlsafe_b64encode(struct.pack(">QQ", self.xid, self.seq)).rstrip(b"=").decode()

    @classmethod
    def parse(cls, token: str) -> Cursor:
        """Inverse of `token`; raises Malformed."""
        try:
            version, body = token.split(".", 1)
            xid, seq = struct.unpack(">QQ", base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (ValueError, struct.error):
            raise Malformed(f"{token[:40]!r} is not a cursor: use the one from the last answer") from None
        if version != "v1":
            raise Malformed(f"a cursor of version {version!r} is not known: start without one")
        return cls(xid, seq)
