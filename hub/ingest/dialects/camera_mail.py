"""What cameras write into the mails that bring their pictures: lines as ``Battery: 85%`` or ``CSQ = 18``.

The message is the mail's Date and Subject as headers, an empty line, and its text. Each line whose name and unit leave
no doubt becomes a Reading; all other lines are left alone, because a wrong battery is worse than none. There is no
standard: the forms are those that makers of cellular cameras share. Units: %, V, dBm, csq (0 to 31, as modems count),
°C, MB.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final, NamedTuple

from hub.ingest.dialects import vet
from hub.ingest.dialects.reading import Dialect, Source, observe
from hub.records.errors import Malformed
from hub.records.observation import Reading
from hub.records.receipt import Bad, Decoded

MOST_LINES: Final = 200
LONGEST_LINE: Final = 100


class _Form(NamedTuple):
    """A line: its name, its value's form, what it becomes, and what may be."""

    line: re.Pattern[str]
    quantity: str
    unit: str
    low: float
    high: float
    convert: Callable[[float], float] = float


def _line(name: str, value: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{name})\s*[:=]\s*{value}$", re.IGNORECASE)


_NUMBER: Final = r"(-?\d{1,6}(?:\.\d{1,4})?)\s*"
_BATTERY: Final = r"(?:camera\s+)?bat(?:t(?:ery)?)?(?:\s+(?:level|status|power|capacity|voltage))?"
_SIGNAL: Final = r"(?:gsm\s+|cell(?:ular)?\s+|network\s+)?signal(?:\s+(?:strength|quality|level))?|rssi|rsrp"
_TEMPERATURE: Final = r"temp(?:erature)?"
_FREE: Final = (
    r"(?:sd(?:[\s-]*card)?\s+)?free(?:\s+(?:space|memory))?|(?:sd(?:[\s-]*card)?)\s+(?:free|remaining|available)"
)
_FORMS: Final = (
    _Form(_line(_BATTERY, _NUMBER + "%"), "battery", "%", 0, 100),
    _Form(_line(_BATTERY, _NUMBER + "V"), "battery_voltage", "V", 0, 60),
    _Form(_line(_SIGNAL, _NUMBER + "%"), "signal", "%", 0, 100),
    _Form(_line(_SIGNAL, _NUMBER + "dBm"), "signal_power", "dBm", -150, 0),
    _Form(_line("csq", _NUMBER.strip()), "signal_csq", "csq", 0, 31),
    _Form(_line(_TEMPERATURE, _NUMBER + r"(?:°|deg\.?|℃)?\s*(?:C(?:elsius)?|(?<=℃))"), "temperature", "°C", -80, 90),
    _Form(
        _line(_TEMPERATURE, _NUMBER + r"(?:°|deg\.?)?\s*F(?:ahrenheit)?"),
        "temperature",
        "°C",
        -80,
        90,
        lambda value: round((value - 32) / 1.8, 1),
    ),
    _Form(_line(_FREE, _NUMBER + "MB?"), "card_free", "MB", 0, 4e6),
    _Form(_line(_FREE, _NUMBER + "GB?"), "card_free", "MB", 0, 4e6, lambda value: value * 1_000),
)


def has_readings(text: str) -> bool:
    """Is there a line in the text of a mail that this dialect knows?"""
    return bool(_found(text))


def read_message(body: bytes, source: Source) -> list[Decoded | Bad]:
    """One Reading a line; the first of several of one quantity."""
    return vet.attempt(body, partial(_readings, body, source))


def _readings(body: bytes, source: Source) -> list[Reading]:
    head, _, text = vet.plain_text(body.decode("utf-8", "replace").replace("\r\n", "\n")).partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
    if not source.device:
        raise Malformed("no device: a mail does not say whose it is, its address does")
    found = _found(text)
    if not found:
        raise Malformed("no line of the text is one that is known, as Battery: 85%")
    told = None
    if "Date" in headers:
        try:
            told = parsedate_to_datetime(headers["Date"])
        except ValueError:
            raise Malformed(f"Date: {headers['Date'][:60]!r} is no date of a mail") from None
    flags = () if told is not None and told.tzinfo is not None else ("received_time",)
    subject = {"subject": headers["Subject"]} if headers.get("Subject") else {}
    return [
        observe(
            Reading,
            device=source.device,
            observed_at=source.received_at if flags else told,
            quantity=form.quantity,
            value=value,
            unit=form.unit,
            flags=flags,
            attributes={"line": line, **subject},
        )
        for line, form, value in found
    ]


def _found(text: str) -> list[tuple[str, _Form, float]]:
    found: dict[str, tuple[str, _Form, float]] = {}
    for raw in text.splitlines()[:MOST_LINES]:
        line = " ".join(raw.split())
        if len(line) > LONGEST_LINE:
            continue
        for form in _FORMS:
            if (match := form.line.match(line)) is None:
                continue
            value = form.convert(float(match.group(1)))
            if form.low <= value <= form.high:
                found.setdefault(form.quantity, (line, form, value))
            break
    return list(found.values())


DIALECT = Dialect(name="camera_mail", title="Text of cameras' mails", message=read_message)
