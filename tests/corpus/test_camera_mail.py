"""Lines of cameras' mails: what leaves no doubt is read, everything else is left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.ingest.dialects.camera_mail import has_readings, read_message
from hub.ingest.dialects.reading import Source
from hub.records.observation import Reading
from hub.records.receipt import Bad, Decoded

RECEIVED = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
SOURCE = Source(address="modem7@sim.example", received_at=RECEIVED, device="cam-7")


def readings(body: str, source: Source = SOURCE) -> list[Reading]:
    found: list[Reading] = []
    for item in read_message(body.encode(), source):
        assert isinstance(item, Decoded), item
        assert isinstance(item.observation, Reading)
        found.append(item.observation)
    return found


@pytest.mark.parametrize(
    ("line", "quantity", "value", "unit"),
    [
        ("Battery: 85%", "battery", 85, "%"),
        ("  BATTERY LEVEL = 7 %", "battery", 7, "%"),
        ("Bat:100%", "battery", 100, "%"),
        ("Battery Voltage: 8.1V", "battery_voltage", 8.1, "V"),
        ("Signal Strength: 60%", "signal", 60, "%"),
        ("RSSI: -85 dBm", "signal_power", -85, "dBm"),
        ("CSQ:18", "signal_csq", 18, "csq"),
        ("Temp: -12 C", "temperature", -12, "°C"),
        ("Temperature: 21℃", "temperature", 21, "°C"),
        ("Temperature: 14°F", "temperature", -10, "°C"),
        ("SD Card Free Space: 12.5 GB", "card_free", 12_500, "MB"),
        ("SD free: 1024M", "card_free", 1_024, "MB"),
    ],
)
def test_a_known_line_is_a_reading(line: str, quantity: str, value: float, unit: str) -> None:
    (reading,) = readings(f"Date: Fri, 20 Nov 2026 08:50:00 +0300\nSubject: photo\n\nHello\n{line}\n")
    assert (reading.quantity, reading.value, reading.unit) == (quantity, value, unit)
    assert reading.observed_at == datetime(2026, 11, 20, 5, 50, tzinfo=UTC)
    assert reading.attributes == {"line": " ".join(line.split()), "subject": "photo"}


@pytest.mark.parametrize(
    "line",
    [
        "Battery: low",
        "Battery: 850%",
        "Battery: 6/10",
        "Signal: 4",
        "Temp: 21",
        "CSQ: 99",
        "SD: 1024M/30436M",
        "I saw Battery: 85% somewhere",
        "Battery: 85% of 12 V",
        "",
        "Battery: " + "9" * 200 + "%",
    ],
)
def test_a_line_that_leaves_doubt_is_left_alone(line: str) -> None:
    assert not has_readings(line)
    (bad,) = read_message(f"Subject: x\n\n{line}".encode(), SOURCE)
    assert isinstance(bad, Bad)


def test_without_a_date_with_a_zone_the_time_of_receipt_counts_and_is_flagged() -> None:
    for head in ("Subject: x", "Date: Fri, 20 Nov 2026 08:50:00 -0000"):
        (reading,) = readings(f"{head}\n\nBattery: 5%")
        assert (reading.observed_at, reading.flags) == (RECEIVED, ("received_time",))


def test_of_two_lines_of_one_quantity_the_first_counts() -> None:
    found = readings("Subject: x\n\nBattery: 50%\nTemp: 3C\nBattery: 60%")
    assert [(one.quantity, one.value) for one in found] == [("battery", 50), ("temperature", 3)]


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"Date: tomorrow\n\nBattery: 5%", b"Battery: 5%"])
def test_what_is_no_such_mail_is_kept_with_the_reason(body: bytes) -> None:
    (bad,) = read_message(body, SOURCE)
    assert isinstance(bad, Bad)


def test_nobodys_mail_is_refused() -> None:
    (bad,) = read_message(b"Subject: x\n\nBattery: 5%", Source(address="a@b", received_at=RECEIVED))
    assert isinstance(bad, Bad) and "no device" in bad.reason
