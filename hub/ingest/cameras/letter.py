"""A mail with pictures: whose it is by its addresses, when it was sent, what is attached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

import msgspec

# Where relays write to whom a mail was delivered; a list of `To` may name others.
RECIPIENTS: Final = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
PICTURES: Final = frozenset({"image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/webp", "video/mp4"})
ENDINGS: Final = (".jpg", ".jpeg", ".png", ".webp", ".mp4")
MOST_ATTACHED: Final = 50
MOST_TEXT: Final = 20_000


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of a mail."""

    name: str
    data: bytes


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses in small letters. `sent_at`: of the Date header, where it has a zone."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    date: str
    text: str
    attached: tuple[Attached, ...]


class Mailed(msgspec.Struct, frozen=True, kw_only=True):
    """A camera that sends mail: to whom it writes, or from what address; with both, both must be so."""

    site: str
    device: str
    to: frozenset[str] = frozenset()
    sender: frozenset[str] = frozenset()


def whose(letter: Letter, cameras: Sequence[Mailed]) -> Mailed | str:
    """The camera of a mail, or why it is nobody's."""
    recipients = set(letter.recipients)
    found = [
        camera
        for camera in cameras
        if (camera.to or camera.sender)
        and (not camera.to or camera.to & recipients)
        and (not camera.sender or letter.sender in camera.sender)
    ]
    # An address of its own says more than a sender, which several cameras may share.
    found = [camera for camera in found if camera.to] or found
    if len(found) == 1:
        return found[0]
    if found:
        named = ", ".join(sorted(f"{camera.device} at {camera.site}" for camera in found)[:5])
        return f"from {letter.sender or 'nobody'}: it may be of {named}"
    to = ", ".join(letter.recipients[:3]) or "nobody"
    return f"from {letter.sender or 'nobody'} to {to}: no device has these addresses"


def read_letter(raw: bytes) -> Letter:
    """Never raises for what a mail may hold: what cannot be read is empty."""
    message = message_from_bytes(raw, policy=default)
    date = _header(message, "Date")
    return Letter(
        sender=next(iter(_addresses(message, ("From",))), ""),
        recipients=_addresses(message, RECIPIENTS),
        subject=_header(message, "Subject")[:200],
        sent_at=_sent_at(date),
        date=date,
        text=_text(message),
        attached=_attached(message),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except Exception:  # noqa: BLE001 the standard library raises of many kinds at headers that are broken
        return ""


def _addresses(message: EmailMessage, names: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        try:
            values = [str(value) for value in message.get_all(name, [])]
        except Exception:  # noqa: BLE001
            continue
        found |= {address.lower(): None for _, address in getaddresses(values) if "@" in address}
    return tuple(found)


def _sent_at(date: str) -> datetime | None:
    try:
        sent_at = parsedate_to_datetime(date)
    except (ValueError, IndexError):
        return None
    return sent_at if sent_at.tzinfo is not None else None


def _text(message: EmailMessage) -> str:
    try:
        part = message.get_body(("plain",))
        content = part.get_content() if part is not None else ""
    except Exception:  # noqa: BLE001
        return ""
    return str(content)[:MOST_TEXT]


def _attached(message: EmailMessage) -> tuple[Attached, ...]:
    found: list[Attached] = []
    for part in message.walk():
        if part.is_multipart() or len(found) == MOST_ATTACHED:
            continue
        try:
            name = part.get_filename() or ""
            wanted = part.get_content_type() in PICTURES or name.lower().endswith(ENDINGS)
            data = part.get_payload(decode=True) if wanted else None
        except Exception:  # noqa: BLE001
            continue
        if isinstance(data, bytes) and data:
            found.append(Attached(name=name.replace("\x00", "")[:200], data=data))
    return tuple(found)
