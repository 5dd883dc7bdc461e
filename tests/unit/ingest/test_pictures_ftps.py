"""Cameras send by FTPS: 226 means that the picture is committed, and nobody reads or overwrites anything."""

from __future__ import annotations

import asyncio
import ftplib
import hashlib
import os
import ssl
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest

from hub.ingest.cameras.certificate import self_signed
from hub.ingest.cameras.ftp_session import Session
from hub.ingest.cameras.ftps import FtpsDoor, FtpsSettings
from hub.records.errors import Misconfigured
from hub.records.person import Caller
from tests.unit.ingest.taking import START, Clock, MemoryReceiver, picture_of

T = TypeVar("T")
KEY = "rst_key-of-camera-seven"
OTHER = "rst_key-of-somebody-who-is-no-camera"


async def who(token_hash: bytes) -> Caller | None:
    def caller(name: str, device: str | None) -> Caller:
        return Caller(id=UUID(int=1), name=name, sites={"kidepo": "ranger"}, machine=True, device=device)

    known = {KEY: caller("modem 7", "cam-7"), OTHER: caller("report", None)}
    return {hashlib.sha256(key.encode()).digest(): one for key, one in known.items()}.get(token_hash)


class Camera:
    """A client in a thread of its own, as a camera is."""

    def __init__(self, door: FtpsDoor, client: ftplib.FTP) -> None:
        self.door, self.client = door, client

    async def do(self, work: Callable[[ftplib.FTP], T]) -> T:
        return await asyncio.to_thread(work, self.client)

    async def connect(self, *, name: str = "kidepo:cam-7", key: str = KEY) -> None:
        def work(client: ftplib.FTP) -> None:
            client.close()
            client.connect("127.0.0.1", self.door.port, timeout=10)
            client.login(name, key)
            if isinstance(client, ftplib.FTP_TLS):
                client.prot_p()

        await self.do(work)

    async def store(self, name: str, data: bytes, *, rest: int | None = None) -> str:
        return await self.do(lambda client: client.storbinary(f"STOR {name}", BytesIO(data), rest=rest))


def tls_client() -> ftplib.FTP_TLS:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return ftplib.FTP_TLS(context=context)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("tls"), START)


class Ground:
    def __init__(self, folder: Path, certificate: tuple[Path, Path], *, plain: bool) -> None:
        self.receiver, self.clock, self.spool = MemoryReceiver(), Clock(), folder / "spool"
        settings = FtpsSettings(host="127.0.0.1", port=0, certificate=certificate[0], key=certificate[1], plain=plain)
        self.door = FtpsDoor(settings, self.receiver, who, spool=self.spool, now=self.clock)
        self.camera = Camera(self.door, ftplib.FTP() if plain else tls_client())


@pytest.fixture(params=[False, True], ids=["tls", "plain"])
async def ground(
    tmp_path: Path, certificate: tuple[Path, Path], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ground]:
    # A wrong login is answered slowly; here nobody waits for it.
    monkeypatch.setattr(Session, "auth_failed_timeout", 0.01)
    made = Ground(tmp_path, certificate, plain=request.param)
    running = asyncio.create_task(made.door.run())
    await asyncio.wait_for(made.door.started.wait(), 10)
    yield made
    await made.camera.do(ftplib.FTP.close)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_picture_is_committed_when_226_is_said(ground: Ground) -> None:
    await ground.camera.connect()
    assert (await ground.camera.store("DCIM/100/IMG_1.JPG", picture_of())).startswith("226")
    (picture,) = ground.receiver.order
    assert (picture.site, picture.device, picture.door, picture.sender) == ("kidepo", "cam-7", "ftps", "modem 7")
    assert (picture.address, picture.name, picture.live) == ("/DCIM/100/IMG_1.JPG", "IMG_1.JPG", True)
    assert list(ground.receiver.kept) == [("kidepo", picture_of())]
    assert (await ground.camera.store("IMG_1.JPG", picture_of())) == "226 Taken before."
    assert not [path for path in ground.spool.rglob("*") if path.is_file()]


async def test_what_cannot_be_committed_is_not_acknowledged(ground: Ground) -> None:
    await ground.camera.connect()
    ground.receiver.down = True
    with pytest.raises(ftplib.error_temp, match="451"):
        await ground.camera.store("a.jpg", picture_of())
    ground.receiver.down = False
    assert (await ground.camera.store("a.jpg", picture_of())).startswith("226")


async def test_a_test_file_is_kept_in_quarantine_and_the_camera_is_content(ground: Ground) -> None:
    await ground.camera.connect()
    data = b"ftp test of the camera"
    if isinstance(ground.camera.client, ftplib.FTP_TLS):
        assert "quarantine" in await ground.camera.store("test.txt", data)
    else:
        # In clear, an end is no sign of completeness: the second time it is believed.
        with pytest.raises(ftplib.error_temp, match="426"):
            await ground.camera.store("test.txt", data)
        assert "quarantine" in await ground.camera.store("test.txt", data)
    assert [one.name for one in ground.receiver.refused] == ["test.txt"]


async def test_an_upload_that_was_cut_off_goes_on_where_it_stopped(ground: Ground) -> None:
    data = picture_of(200)
    await ground.camera.connect()

    def cut_off(client: ftplib.FTP) -> None:
        client.voidcmd("TYPE I")
        connection = client.transfercmd("STOR a.jpg")
        connection.sendall(data[:300])
        # Without a goodbye, which in clear nobody says.
        os.close(connection.detach())
        with pytest.raises(ftplib.error_temp, match="426"):
            client.voidresp()

    await ground.camera.do(cut_off)
    assert await ground.camera.do(lambda client: client.size("a.jpg")) == 300
    assert (await ground.camera.store("a.jpg", data[300:], rest=300)).startswith("226")
    assert list(ground.receiver.kept) == [("kidepo", data)]


async def test_pictures_sent_as_text_are_not_changed(ground: Ground) -> None:
    data = b"\xff\xd8\xff\xe0\x00\x04\r\n\xff\xda\x00\x04\r\n\r\n\n\xff\xd9"
    await ground.camera.connect()

    def as_text(client: ftplib.FTP) -> None:
        client.sendcmd("TYPE A")
        with client.transfercmd("STOR a.jpg") as connection:
            connection.sendall(data)
            if isinstance(connection, ssl.SSLSocket):
                connection.unwrap()
        client.voidresp()

    await ground.camera.do(as_text)
    assert list(ground.receiver.kept) == [("kidepo", data)]


async def test_a_camera_makes_folders_and_renames_what_it_sent(ground: Ground) -> None:
    await ground.camera.connect()

    def habits(client: ftplib.FTP) -> None:
        client.mkd("2026-11")
        client.cwd("2026-11")
        client.storbinary("STOR a.tmp", BytesIO(picture_of()))
        client.rename("a.tmp", "a.jpg")

    await ground.camera.do(habits)
    assert [one.address for one in ground.receiver.order] == ["/2026-11/a.tmp"]


@pytest.mark.parametrize("command", ["RETR a.jpg", "DELE a.jpg", "RMD .", "SITE CHMOD 777 a.jpg", "MDTM a.jpg"])
async def test_nothing_is_read_or_deleted(ground: Ground, command: str) -> None:
    await ground.camera.connect()
    with pytest.raises(ftplib.error_perm, match=r"^5"):
        await ground.camera.do(lambda client: client.sendcmd(command))


async def test_lists_are_empty_and_paths_lead_nowhere(ground: Ground) -> None:
    await ground.camera.connect()
    await ground.camera.store("../../../../../../tmp/evil.jpg", picture_of())
    found: list[str] = []
    await ground.camera.do(lambda client: client.retrlines("LIST /", found.append))
    assert found == []
    assert ground.receiver.order[0].address == "/tmp/evil.jpg"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("kidepo:cam-8", KEY),
        ("hills:cam-7", KEY),
        ("kidepo:cam-7", "rst_guess"),
        ("kidepo:", OTHER),
        ("kidepo:report", OTHER),
        ("anonymous", ""),
    ],
)
async def test_only_the_key_of_the_device_opens(ground: Ground, name: str, key: str) -> None:
    with pytest.raises(ftplib.error_perm, match="530"):
        await ground.camera.connect(name=name, key=key)


async def test_a_camera_without_a_colon_in_its_menu_takes_a_stroke(ground: Ground) -> None:
    await ground.camera.connect(name="kidepo/cam-7")
    assert (await ground.camera.store("a.jpg", picture_of())).startswith("226")


async def test_guessing_is_slowed_down_and_the_right_key_waits_too(ground: Ground) -> None:
    for _ in range(5):
        with pytest.raises(ftplib.error_perm, match="530"):
            await ground.camera.connect(key="rst_guess")
    with pytest.raises(ftplib.error_perm, match="oo many attempts"):
        await ground.camera.connect()
    ground.clock.forward(16 * 60)
    await ground.camera.connect()


async def test_a_login_in_clear_is_refused_unless_it_was_asked_for(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    made = Ground(tmp_path, certificate, plain=False)
    running = asyncio.create_task(made.door.run())
    await made.door.started.wait()
    camera = Camera(made.door, ftplib.FTP())
    with pytest.raises(ftplib.error_perm, match="TLS required"):
        await camera.connect()
    await camera.do(ftplib.FTP.close)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_port_that_is_taken_is_said_by_name(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = Ground(tmp_path, certificate, plain=False)
    settings = FtpsSettings(host="127.0.0.1", port=port, certificate=certificate[0], key=certificate[1])
    door = FtpsDoor(settings, made.receiver, who, spool=tmp_path, now=made.clock)
    with pytest.raises(Misconfigured, match="ROSETTE_FTPS_PORT"):
        await door.run()
    server.close()
    await server.wait_closed()
