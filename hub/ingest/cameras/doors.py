"""All doors for pictures that the settings open: what runs for them, and how they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hub.ingest.cameras.door import DoorState, Takes
from hub.ingest.cameras.folder import WatchedFolder
from hub.ingest.cameras.letter import Mailed
from hub.ingest.cameras.mail import Accepts, MailDoor
from hub.ingest.cameras.mailbox import parse_mailbox
from hub.ingest.cameras.stream_list import read_streams
from hub.ingest.cameras.streams import StreamsDoor, StreamState
from hub.records.errors import Misconfigured
from hub.records.reference import Device
from hub.settings import Settings
from hub.store import access, reference, sites
from hub.store.database import Database

if TYPE_CHECKING:
    from hub.ingest.cameras.ftps import FtpsSettings


class _Open(Protocol):
    @property
    def state(self) -> DoorState: ...

    async def run(self) -> None: ...


class CameraDoors:
    """`tasks`: what runs as long as the hub does, by name. Raises Misconfigured."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        receiver: Takes,
        acceptor: Accepts,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._open: list[_Open] = []
        self._streams: StreamsDoor | None = None
        if settings.pictures_folder:
            folder = Path(settings.pictures_folder).resolve()
            known = partial(_known_sites, database)
            self._open.append(WatchedFolder(folder, receiver, known, delete=settings.pictures_delete, now=now))
        if settings.ftps_port:
            # An FTP server and OpenSSL's Python side are loaded by hubs that open this door, not at every start.
            from hub.ingest.cameras.ftps import FtpsDoor

            chosen = ftps_settings(settings, now())
            spool = settings.folder / "ftps" / "unfinished"
            self._open.append(FtpsDoor(chosen, receiver, partial(access.by_key, database), spool=spool, now=now))
        if settings.mail_url:
            mailbox, cameras = parse_mailbox(settings.mail_url), partial(mailed_cameras, database)
            every_s, done = settings.mail_every_s, settings.mail_done
            self._open.append(MailDoor(mailbox, receiver, acceptor, cameras, every_s=every_s, done=done, now=now))
        if settings.streams:
            self._streams = StreamsDoor(read_streams(Path(settings.streams)), receiver, now=now)
            self._open.append(self._streams)
        self.tasks: dict[str, Callable[[], Awaitable[None]]] = {
            f"pictures by {door.state.name}": door.run for door in self._open
        }

    @property
    def states(self) -> list[DoorState]:
        """How each open door is."""
        return [door.state for door in self._open]

    @property
    def streams(self) -> list[StreamState]:
        """How each stream is."""
        return self._streams.streams if self._streams else []


def ftps_settings(settings: Settings, now: datetime) -> FtpsSettings:
    """What the FTPS door is told; makes a certificate where none is set. Raises Misconfigured."""
    from hub.ingest.cameras.certificate import self_signed
    from hub.ingest.cameras.ftps import FtpsSettings

    passive = passive_ports(settings)
    if settings.tls_certificate:
        certificate, key = Path(settings.tls_certificate), Path(settings.tls_key)
    else:
        certificate, key = self_signed(settings.folder / "ftps", now)
    return FtpsSettings(
        host=settings.ftps_host,
        port=settings.ftps_port,
        certificate=certificate,
        key=key,
        plain=settings.ftps_plain,
        passive=passive,
        address=settings.ftps_address,
    )


def passive_ports(settings: Settings) -> tuple[int, int] | None:
    """The first and the last port for data, None: any. Raises Misconfigured, also where TLS is set by half."""
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise Misconfigured("ROSETTE_TLS_CERTIFICATE and ROSETTE_TLS_KEY belong together: set both or none")
    if not settings.ftps_passive:
        return None
    first, last = map(int, settings.ftps_passive.split("-"))
    if not 1 <= first <= last <= 65_535:
        raise Misconfigured("ROSETTE_FTPS_PASSIVE: the first port, then the last, as 50000-50099")
    return first, last


async def mailed_cameras(database: Database) -> list[Mailed]:
    """Devices whose attributes `mail_to` or `mail_from` hold an address, or a list of them."""
    found: list[Mailed] = []
    for site in await sites.everything(database):
        for device in await reference.everything(database, site.id, ("device",)):
            if not isinstance(device, Device):
                continue
            to, sender = (_addresses(device.attributes.get(name)) for name in ("mail_to", "mail_from"))
            if to or sender:
                found.append(Mailed(site=site.id, device=device.key, to=to, sender=sender))
    return found


def _addresses(value: Any) -> frozenset[str]:
    values: list[Any] = value if isinstance(value, list) else [value]
    return frozenset(text.strip().lower() for text in values if isinstance(text, str) and "@" in text)


async def _known_sites(database: Database) -> Collection[str]:
    return {site.id for site in await sites.everything(database)}
