"""A mailbox over IMAP and TLS. All of it blocks: the door runs it in a thread."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

import msgspec

from hub.records.errors import Misconfigured

TIMEOUT_S: Final = 30.0
LARGEST_MAIL: Final = 60 << 20
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxLost(Exception):
    """The server does not answer, or not as it should; the text says how, and holds no password."""


class MailboxAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the mail is. `folder`: of the mailbox; tls: from the first byte, else by STARTTLS."""

    host: str
    port: int
    username: str
    password: str
    folder: str
    tls: bool

    def __repr__(self) -> str:
        return f"<mailbox {self.username} at {self.host}:{self.port}>"


def parse_mailbox(url: str) -> MailboxAddress:
    """``imaps://user:password@host[:993][/FOLDER]``, or ``imap://`` for STARTTLS; raises Misconfigured."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username or parts.password is None:
        raise Misconfigured(
            "ROSETTE_MAIL_URL must look like imaps://user:password@host/INBOX (special characters as %XX)"
        )
    tls = parts.scheme == "imaps"
    return MailboxAddress(
        host=parts.hostname,
        port=port or (993 if tls else 143),
        username=unquote(parts.username),
        password=unquote(parts.password),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls=tls,
    )


class Mailbox:
    """One connection; a context manager. Every method raises MailboxLost."""

    def __init__(self, address: MailboxAddress, context: ssl.SSLContext | None = None) -> None:
        self._address = address
        self._context = context or ssl.create_default_context()
        self._imap: Any = None
        self.validity = ""

    def __enter__(self) -> Self:
        try:
            self._open()
        except MailboxLost:
            self.__exit__()
            raise
        return self

    def _open(self) -> None:
        where = self._address
        with _lost(f"{where.host}:{where.port}"):
            if where.tls:
                self._imap = imaplib.IMAP4_SSL(where.host, where.port, ssl_context=self._context, timeout=TIMEOUT_S)
            else:
                self._imap = imaplib.IMAP4(where.host, where.port, timeout=TIMEOUT_S)
                # Without TLS the password would be readable: a server that offers none is refused.
                self._imap.starttls(self._context)
            self._imap.login(where.username, where.password)
            self._check(self._imap.select(_quoted(where.folder)), f"folder {where.folder}")
            self.validity = str(self._imap.response("UIDVALIDITY")[1])

    def __exit__(self, *_: object) -> None:
        if self._imap is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                self._imap.logout()

    def unseen(self) -> list[bytes]:
        """Numbers (UIDs) of mails that nobody has read, oldest first."""
        with _lost("the search"):
            (found,) = self._check(self._imap.uid("SEARCH", "UNSEEN"), "the search")
            return (found or b"").split()

    def head(self, uid: bytes) -> tuple[int, bytes]:
        """(size in bytes, headers) of a mail, which stays unread."""
        with _lost("a mail's headers"):
            said = self._check(self._imap.uid("FETCH", uid, "(RFC822.SIZE BODY.PEEK[HEADER])"), "a mail's headers")
        parts = [part for part in said if isinstance(part, tuple)]
        text = b" ".join(part if isinstance(part, bytes) else part[0] for part in said if part is not None)
        size = _SIZE.search(text)
        if not parts or size is None:
            raise MailboxLost("a mail's headers were not given")
        return int(size.group(1)), parts[0][1]

    def body(self, uid: bytes) -> bytes:
        """A whole mail, which stays unread."""
        with _lost("a mail"):
            said = self._check(self._imap.uid("FETCH", uid, "(BODY.PEEK[])"), "a mail")
        for part in said:
            if isinstance(part, tuple):
                return part[1]
        raise MailboxLost("a mail was not given")

    def seen(self, uid: bytes, done: str) -> None:
        """What a mail brought is committed: mark it as read, and move it to folder `done` if there is to be one."""
        with _lost("marking a mail"):
            self._check(self._imap.uid("STORE", uid, "+FLAGS", r"(\Seen)"), "marking a mail")
            if not done:
                return
            if "MOVE" in self._imap.capabilities:
                self._check(self._imap.uid("MOVE", uid, _quoted(done)), f"moving a mail to {done}")
                return
            self._check(self._imap.uid("COPY", uid, _quoted(done)), f"copying a mail to {done}")
            self._check(self._imap.uid("STORE", uid, "+FLAGS", r"(\Deleted)"), "deleting a mail")
            if "UIDPLUS" in self._imap.capabilities:
                # A plain EXPUNGE would delete what somebody else has marked as well.
                self._check(self._imap.uid("EXPUNGE", uid), "deleting a mail")

    def _check(self, answer: tuple[str, list[Any]], what: str) -> list[Any]:
        status, said = answer
        if status != "OK":
            raise MailboxLost(f"{what}: the server said {said!r}"[:300])
        return said


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


@contextlib.contextmanager
def _lost(what: str) -> Any:
    try:
        yield
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxLost(f"{what}: {error}"[:300]) from None
