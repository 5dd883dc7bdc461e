"""A small IMAP4rev1 server over loopback, for one mailbox: as much of RFC 3501 as a client that polls needs."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Mail:
    raw: bytes
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """`folders`: name → mails by UID. `offers_move`, `offers_tls`: what it is able to."""

    def __init__(self, context: ssl.SSLContext, *, implicit: bool = True) -> None:
        self._context, self._implicit = context, implicit
        self.folders: dict[str, dict[int, Mail]] = {"INBOX": {}, "Done": {}}
        self.offers_move, self.offers_tls = True, True
        self.password = "secret word"
        self.logins: list[str] = []
        self._next = 1

    async def __aenter__(self) -> Self:
        context = self._context if self._implicit else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def deliver(self, raw: bytes) -> int:
        """A mail comes in."""
        uid, self._next = self._next, self._next + 1
        self.folders["INBOX"][uid] = Mail(raw)
        return uid

    def unseen(self) -> list[int]:
        return [uid for uid, mail in self.folders["INBOX"].items() if r"\Seen" not in mail.flags]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session(self, reader, writer)
        try:
            await session.run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    @property
    def capabilities(self) -> str:
        more = (" MOVE" if self.offers_move else " UIDPLUS") + (" STARTTLS" if self.offers_tls else "")
        return f"CAPABILITY IMAP4rev1{more}"


class _Session:
    def __init__(self, server: ImapServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._mails: dict[int, Mail] = {}
        self._in = False

    def _say(self, *lines: str | bytes) -> None:
        for line in lines:
            self._writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    async def run(self) -> None:
        self._say("* OK ready")
        while line := (await self._reader.readline()).decode().strip():
            tag, _, rest = line.partition(" ")
            command, _, rest = rest.partition(" ")
            if command.upper() == "LOGOUT":
                self._say("* BYE now", f"{tag} OK bye")
                return
            answer = await self._answer(command.upper(), rest, tag)
            self._say(f"{tag} {answer}")
            await self._writer.drain()
            if command.upper() == "STARTTLS":
                await self._writer.start_tls(self._server._context)

    async def _answer(self, command: str, rest: str, tag: str) -> str:
        del tag
        server = self._server
        if command == "CAPABILITY":
            self._say(f"* {server.capabilities}")
            return "OK done"
        if command == "STARTTLS":
            return "OK begin" if server.offers_tls else "BAD no"
        if command == "LOGIN":
            name, _, password = rest.partition(" ")
            server.logins.append(name)
            self._in = password.strip('"') == server.password
            return "OK in" if self._in else "NO [AUTHENTICATIONFAILED] wrong"
        if not self._in:
            return "BAD log in first"
        if command == "SELECT":
            folder = rest.strip('"')
            if folder not in server.folders:
                return "NO no such folder"
            self._mails = server.folders[folder]
            self._say(f"* {len(self._mails)} EXISTS", "* OK [UIDVALIDITY 7] ids")
            return "OK done"
        if command == "UID":
            verb, _, rest = rest.partition(" ")
            return self._by_uid(verb.upper(), rest)
        return "BAD unknown"

    def _by_uid(self, verb: str, rest: str) -> str:
        if verb == "SEARCH":
            found = [uid for uid, mail in sorted(self._mails.items()) if r"\Seen" not in mail.flags]
            self._say("* SEARCH " + " ".join(map(str, found)))
            return "OK done"
        number, _, what = rest.partition(" ")
        uid = int(number)
        mail = self._mails[uid]
        if verb == "FETCH":
            raw = mail.raw.partition(b"\n\n")[0] + b"\n\n" if "HEADER" in what else mail.raw
            name = "BODY[HEADER]" if "HEADER" in what else "BODY[]"
            if "PEEK" not in what:
                mail.flags.add(r"\Seen")
            self._say(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(mail.raw)} {name} {{{len(raw)}}}", raw + b")")
        elif verb == "STORE":
            mail.flags.add(what.rpartition("(")[2].rstrip(")"))
        elif verb in ("MOVE", "COPY"):
            if verb == "MOVE" and not self._server.offers_move:
                return "BAD unknown"
            self._server.folders[what.strip('"')][uid] = Mail(mail.raw, set(mail.flags))
            if verb == "MOVE":
                del self._mails[uid]
        elif verb == "EXPUNGE":
            del self._mails[uid]
        return "OK done"
