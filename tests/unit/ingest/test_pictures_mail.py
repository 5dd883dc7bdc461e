"""Mails of cameras become pictures and readings; a mail counts as read only when what it brought is committed."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from hub.ingest.cameras.certificate import self_signed
from hub.ingest.cameras.letter import Mailed, read_letter, whose
from hub.ingest.cameras.mail import MailDoor
from hub.ingest.cameras.mailbox import MailboxAddress, parse_mailbox
from hub.records.errors import DatabaseUnavailable, Misconfigured
from hub.records.receipt import Arrival, Receipt
from tests.unit.ingest.imap_server import ImapServer
from tests.unit.ingest.taking import Clock, MemoryReceiver, picture_of

CAM = Mailed(site="kidepo", device="cam-7", to=frozenset({"traps+k3x@park.example"}))
LIGHT = "Battery: 85%\nSD Card Free Space: 12.5 GB\n"


def mail(
    *pictures: bytes,
    to: str = "Traps <traps+K3X@park.example>",
    sender: str = "modem7@sim.example",
    text: str = "",
    date: str | None = "Fri, 20 Nov 2026 08:50:00 +0300",
) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "photo"
    if date:
        message["Date"] = date
    message.set_content(text)
    for number, data in enumerate(pictures):
        message.add_attachment(data, maintype="image", subtype="jpeg", filename=f"IMG_{number}.JPG")
    return message.as_bytes()


class Log:
    """Keeps what is accepted."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        self.arrivals += arrivals
        return [Receipt(accepted=1) for _ in arrivals]


class Ground:
    def __init__(self, server: ImapServer, context: ssl.SSLContext) -> None:
        self.server, self.receiver, self.log, self.clock = server, MemoryReceiver(), Log(), Clock()
        self.cameras = [CAM]
        self.context = context
        self.address = MailboxAddress(
            host="localhost", port=server.port, username="traps", password=server.password, folder="INBOX", tls=True
        )
        self.door = self.make()

    def make(self, *, done: str = "") -> MailDoor:
        async def cameras() -> list[Mailed]:
            return list(self.cameras)

        return MailDoor(
            self.address, self.receiver, self.log, cameras, every_s=60, done=done, now=self.clock, context=self.context
        )


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(server's, client's)"""
    certificate, key = self_signed(tmp_path_factory.mktemp("tls"), datetime.now(UTC))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=str(certificate))
    client.check_hostname = False
    return server, client


@pytest.fixture
async def ground(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> AsyncIterator[Ground]:
    async with ImapServer(contexts[0]) as server:
        yield Ground(server, contexts[1])


async def test_attachments_become_pictures_of_the_camera_and_the_mail_is_read(ground: Ground) -> None:
    ground.server.deliver(mail(picture_of(1), picture_of(2)))
    await ground.door.look()
    assert ground.receiver.names == ["IMG_0.JPG", "IMG_1.JPG"]
    first = ground.receiver.order[0]
    assert (first.site, first.device, first.door, first.sender) == ("kidepo", "cam-7", "mail", "modem7@sim.example")
    assert first.told_at == datetime(2026, 11, 20, 5, 50, tzinfo=UTC)
    assert first.live
    assert ground.server.unseen() == []
    await ground.door.look()
    assert len(ground.receiver.order) == 2


async def test_a_mail_stays_unread_until_its_pictures_are_committed(ground: Ground) -> None:
    ground.server.deliver(mail(picture_of()))
    ground.receiver.down = True
    with pytest.raises(DatabaseUnavailable):
        await ground.door.look()
    assert len(ground.server.unseen()) == 1
    ground.receiver.down = False
    await ground.door.look()
    assert ground.server.unseen() == []


@pytest.mark.parametrize("offers_move", [True, False], ids=["move", "copy"])
async def test_a_mail_that_is_taken_may_be_moved_away(ground: Ground, offers_move: bool) -> None:
    ground.server.offers_move = offers_move
    ground.server.deliver(mail(picture_of()))
    await ground.make(done="Done").look()
    assert [len(mails) for mails in ground.server.folders.values()] == [0, 1]


async def test_a_mail_of_nobody_stays_in_the_mailbox_until_somebody_has_its_address(ground: Ground) -> None:
    ground.server.deliver(mail(picture_of(), to="traps@park.example"))
    await ground.door.look()
    assert not ground.receiver.order
    assert len(ground.server.unseen()) == 1
    assert "from modem7@sim.example to traps@park.example" in ground.door.state.problem
    ground.cameras.append(Mailed(site="kidepo", device="cam-8", sender=frozenset({"modem7@sim.example"})))
    await ground.door.look()
    assert [one.device for one in ground.receiver.order] == ["cam-8"]
    assert ground.door.state.problem == ""


async def test_lines_about_the_camera_become_readings_for_the_log(ground: Ground) -> None:
    ground.server.deliver(mail(text=LIGHT))
    ground.server.deliver(mail(picture_of(), text="a fine picture"))
    await ground.door.look()
    (arrival,) = ground.log.arrivals
    assert (arrival.site, arrival.device, arrival.dialect, arrival.door) == ("kidepo", "cam-7", "camera_mail", "mail")
    assert arrival.body.startswith(b"Date: Fri, 20 Nov 2026 08:50:00 +0300\nSubject: photo\n\nBattery: 85%")


async def test_a_backlog_is_not_live(ground: Ground) -> None:
    ground.server.deliver(mail(picture_of(), date="Tue, 17 Nov 2026 08:50:00 +0300"))
    await ground.door.look()
    assert not ground.receiver.order[0].live


async def test_what_is_no_picture_is_left_out_and_what_says_it_is_one_goes_to_quarantine(ground: Ground) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "a@b.example", "traps+k3x@park.example"
    message.set_content("")
    message.add_attachment(b"GIF89a logo", maintype="image", subtype="gif", filename="logo.gif")
    message.add_attachment(b"not at all", maintype="application", subtype="octet-stream", filename="x.jpg")
    ground.server.deliver(message.as_bytes())
    await ground.door.look()
    assert [one.name for one in ground.receiver.refused] == ["x.jpg"]
    assert ground.server.unseen() == []


async def test_a_wrong_password_is_said_and_never_shown(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    ground.server.password = "changed"
    await ground.door.look()
    assert not ground.door.state.connected
    assert "AUTHENTICATIONFAILED" in ground.door.state.problem
    assert "secret word" not in caplog.text + ground.door.state.problem + repr(ground.address)


async def test_a_server_whose_certificate_is_not_known_gets_no_password(ground: Ground) -> None:
    ground.context = ssl.create_default_context()
    door = ground.make()
    await door.look()
    assert "certificate" in door.state.problem
    assert ground.server.logins == []


@pytest.mark.parametrize("offers_tls", [True, False])
async def test_without_tls_no_password_is_sent(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], offers_tls: bool
) -> None:
    async with ImapServer(contexts[0], implicit=False) as server:
        server.offers_tls = offers_tls
        ground = Ground(server, contexts[1])
        ground.address = parse_mailbox(f"imap://traps:secret%20word@localhost:{server.port}")
        server.deliver(mail(picture_of()))
        door = ground.make()
        await door.look()
        assert len(ground.receiver.order) == offers_tls
        assert bool(server.logins) == offers_tls


@pytest.mark.parametrize("url", ["", "imaps://host", "https://a:b@host", "imaps://a:b@host:port"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="ROSETTE_MAIL_URL"):
        parse_mailbox(url)


def test_an_address_names_everything() -> None:
    found = parse_mailbox("imaps://a%40b.example:p%2Fw@mail.example/Traps/2026")
    assert (found.username, found.password, found.port, found.folder) == ("a@b.example", "p/w", 993, "Traps/2026")


def test_with_both_addresses_both_must_be_so_and_doubt_is_no_camera() -> None:
    letter = read_letter(mail(picture_of()))
    strict = Mailed(site="kidepo", device="x", to=CAM.to, sender=frozenset({"other@sim.example"}))
    twin = Mailed(site="kidepo", device="cam-8", to=CAM.to)
    shared = Mailed(site="kidepo", device="cam-9", sender=frozenset({"modem7@sim.example"}))
    assert whose(letter, [strict, CAM, shared]) == CAM
    assert whose(letter, [CAM, twin]) == "from modem7@sim.example: it may be of cam-7 at kidepo, cam-8 at kidepo"


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff", b"From: =?x?q?=\nDate: x\n\n", b"Content-Type: multipart/mixed\n\n--"]
)
def test_a_broken_mail_is_a_mail_of_nobody(raw: bytes) -> None:
    letter = read_letter(raw)
    assert (letter.attached, letter.sent_at) == ((), None)
    assert isinstance(whose(letter, [CAM]), str)
