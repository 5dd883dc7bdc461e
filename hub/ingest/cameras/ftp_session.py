"""One FTP connection of a camera: it may send, and ask how much of its own unfinished file is here; nothing else.

Paths of the camera name nothing on the disk: each becomes one file of the spool, named by its hash, until the picture
is committed. Renaming and making folders is answered kindly and means nothing, because cameras insist on both.
"""

from __future__ import annotations

import errno
import hashlib
import logging
from pathlib import Path
from typing import IO, Any, ClassVar, Final, Protocol

from OpenSSL import SSL
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler

MOST_BYTES: Final = 200 << 20
# fmt: off
COMMANDS: Final = frozenset({
    "ABOR", "ALLO", "APPE", "AUTH", "CDUP", "CWD", "EPRT", "EPSV", "FEAT", "HELP",
    "LIST", "MKD", "MLSD", "MODE", "NLST", "NOOP", "OPTS", "PASS", "PASV", "PBSZ",
    "PORT", "PROT", "PWD", "QUIT", "REIN", "REST", "RNFR", "RNTO", "SIZE", "STAT",
    "STOR", "STOU", "STRU", "SYST", "TYPE", "USER", "XCUP", "XCWD", "XMKD", "XPWD",
})
# fmt: on


class Login(Protocol):
    """Who is connected."""

    @property
    def spool(self) -> Path:
        """Folder of this device's unfinished files."""
        ...


class Desk(Protocol):
    """What a connection asks of the door, from its own thread."""

    def received(self, login: Login, name: str, file: Path, *, ended: bool) -> str:
        """Reply to a file that came to its end; `ended`: the sender said so, and did not just vanish."""
        ...


class Growing:
    """A file of the spool while it is received; it does not grow without end."""

    def __init__(self, path: Path, file: IO[Any], name: str) -> None:
        self.path, self._file, self.name = path, file, name

    @property
    def closed(self) -> bool:
        """As of a file."""
        return self._file.closed

    def write(self, data: bytes) -> None:
        """Append; raises OSError."""
        if self._file.tell() + len(data) > MOST_BYTES:
            raise OSError(errno.EFBIG, f"more than {MOST_BYTES >> 20} MB")
        self._file.write(data)

    def seek(self, position: int) -> None:
        """As of a file."""
        self._file.seek(position)

    def close(self) -> None:
        """As of a file."""
        self._file.close()


class Spool(AbstractedFS):
    """What a camera takes for its folder. "Paths of the file system" are those that the camera says."""

    cmd_channel: Any

    def ftp2fs(self, ftppath: str) -> str:
        """The whole path, by the camera's working folder."""
        return self.ftpnorm(ftppath)

    def fs2ftp(self, fspath: str) -> str:
        """The same."""
        return fspath

    def validpath(self, path: str) -> bool:
        """None leads anywhere."""
        del path
        return True

    def realpath(self, path: str) -> str:
        """There are no links."""
        return path

    def place(self, path: str) -> Path:
        """The file of the spool for a path."""
        return self.cmd_channel.login.spool / hashlib.sha256(path.encode("utf-8", "replace")).hexdigest()

    def open(self, filename: str, mode: str) -> Growing:
        """For writing; raises OSError."""
        place = self.place(filename)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Growing(place, place.open(mode), filename)

    def mkstemp(self, suffix: str = "", prefix: str = "", dir: str | None = None, mode: str = "wb") -> Any:
        """For STOU: a name that nobody chose."""
        self.unnamed = getattr(self, "unnamed", 0) + 1
        return self.open(f"{dir or ''}/{prefix}{id(self)}.{self.unnamed}{suffix}", mode)

    def chdir(self, path: str) -> None:
        """Every folder is there."""
        self.cwd = path

    def mkdir(self, path: str) -> None:
        """Every folder is there."""

    def listdir(self, path: str) -> list[str]:
        """Nothing is shown."""
        del path
        return []

    def isdir(self, path: str) -> bool:
        """Of LIST: whatever is asked for is empty."""
        del path
        return True

    def isfile(self, path: str) -> bool:
        """Is there a part of it?"""
        return self.place(path).is_file()

    def lexists(self, path: str) -> bool:
        """Of RNFR: it was taken under its first name."""
        del path
        return True

    def rename(self, src: str, dst: str) -> None:
        """An unfinished file goes on under another name."""
        if self.isfile(src):
            self.place(src).rename(self.place(dst))

    def getsize(self, path: str) -> int:
        """Bytes of an unfinished file; raises OSError."""
        return self.place(path).stat().st_size


class Receiving(DTPHandler):
    """The data connection. Its end is answered when the picture is committed, not before."""

    timeout = 120
    cmd_channel: Any
    file_obj: Any

    def handle_close(self) -> None:
        """The camera has sent its last byte, or is gone."""
        if self._closed or not self.receive or not isinstance(self.file_obj, Growing):
            super().handle_close()
            return
        file = self.file_obj
        self.transfer_finished = True
        try:
            file.close()
            reply = self.cmd_channel.desk.received(
                self.cmd_channel.login, file.name, file.path, ended=self._said_goodbye()
            )
        except OSError as error:
            reply = f"451 Not stored: {error.strerror}."
        self.transfer_finished = reply.startswith("2")
        self._resp = (reply, logging.getLogger(__name__).debug)
        self.close()

    def _said_goodbye(self) -> bool:
        # Plain FTP ends a file by closing the connection, and so does a modem that loses its network.
        connection: Any = self.socket
        return isinstance(connection, SSL.Connection) and bool(connection.get_shutdown() & SSL.RECEIVED_SHUTDOWN)


class TlsReceiving(TLS_DTPHandler, Receiving):
    """The same, encrypted."""


class Session(FTPHandler):
    """The control connection, in clear."""

    banner = "Rosette takes pictures."
    timeout = 120
    max_login_attempts = 3
    auth_failed_timeout = 3.0
    use_sendfile = False
    proto_cmds: ClassVar[Any] = {name: entry for name, entry in FTPHandler.proto_cmds.items() if name in COMMANDS}
    abstracted_fs = Spool
    dtp_handler = Receiving
    desk: Desk
    login: Login

    def ftp_TYPE(self, line: str) -> None:  # noqa: N802 pyftpdlib calls it so
        """Bytes are taken as they come: a picture that is "translated" as text is broken."""
        super().ftp_TYPE(line)
        self._current_type = "i"

    def flush_account(self) -> None:
        """Another login on the same connection."""
        super().flush_account()
        self._current_type = "i"

    def handle_auth_success(self, home: str, password: str, msg_login: str) -> None:
        """The key is known: forget it."""
        del password
        super().handle_auth_success(home, "", msg_login)
        self._current_type = "i"


class TlsSession(TLS_FTPHandler, Session):
    """The control connection, encrypted before anything secret is said."""

    tls_control_required = True
    tls_data_required = True
    proto_cmds: ClassVar[Any] = {name: entry for name, entry in TLS_FTPHandler.proto_cmds.items() if name in COMMANDS}
    dtp_handler = TlsReceiving
