"""What `rosette doctor` says of the doors for pictures, one check a door that the settings open."""

from __future__ import annotations

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path

from hub.commands.examine import Check, port
from hub.ingest.cameras.doors import passive_ports
from hub.ingest.cameras.folder import BAD
from hub.ingest.cameras.mailbox import Mailbox, MailboxLost, parse_mailbox
from hub.ingest.cameras.stream_list import read_streams
from hub.records.errors import Misconfigured
from hub.settings import Settings

MOST_COUNTED = 1_000


async def picture_doors(settings: Settings, *, running: bool) -> list[Check]:
    """Folder, FTPS, mailbox and streams, those that are set."""
    checks: list[Check] = []
    if settings.pictures_folder:
        checks.append(_folder(Path(settings.pictures_folder).resolve()))
    if settings.ftps_port:
        checks.append(_ftps(settings, running=running))
    if settings.mail_url:
        checks.append(await asyncio.to_thread(_mail, settings))
    if settings.streams:
        checks.append(_streams(settings))
    return checks


def _folder(folder: Path) -> Check:
    what = "pictures folder"
    if not folder.is_dir():
        return Check(what, "fail", f"there is no folder {folder}", "make it, or correct ROSETTE_PICTURES_FOLDER")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Check(
            what,
            "fail",
            f"{folder} cannot be written",
            "pictures could not be moved away: give the hub's user the right",
        )
    bad = 0
    for path in (folder / BAD).rglob("*.reason.txt"):
        bad += path.is_file()
        if bad == MOST_COUNTED:
            break
    if bad:
        return Check(
            what,
            "warn",
            f"{folder}: {bad} files were refused",
            f"read the .reason.txt files in {BAD}/, then remove them",
        )
    return Check(what, "ok", str(folder))


def _ftps(settings: Settings, *, running: bool) -> Check:
    try:
        passive_ports(settings)
    except Misconfigured as error:
        return Check("FTPS port", "fail", error.detail, "correct it")
    found = port("FTPS port", settings.ftps_host, settings.ftps_port, "ROSETTE_FTPS_PORT", running=running)
    if found.state == "ok" and settings.ftps_plain:
        return Check(
            "FTPS port", "warn", f"{found.found}; without TLS too", "unset ROSETTE_FTPS_PLAIN if no camera needs it"
        )
    return found


def _mail(settings: Settings) -> Check:
    try:
        address = parse_mailbox(settings.mail_url)
        with Mailbox(address) as box:
            unseen = len(box.unseen())
    except Misconfigured as error:
        return Check("mailbox", "fail", error.detail, "correct it")
    except MailboxLost as lost:
        return Check("mailbox", "fail", str(lost), "correct ROSETTE_MAIL_URL, or the account")
    return Check("mailbox", "ok", f"{address.folder} at {address.host}: {unseen} unread")


def _streams(settings: Settings) -> Check:
    try:
        streams = read_streams(Path(settings.streams))
    except Misconfigured as error:
        return Check("streams", "fail", error.detail, "correct the file")
    if find_spec("av") is None:
        return Check("streams", "fail", "the package av is missing", 'install "rosette[streams]"')
    return Check("streams", "ok", ", ".join(one.name for one in streams) or "none")
