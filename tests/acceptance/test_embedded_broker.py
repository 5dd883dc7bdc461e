"""The embedded broker with real processes and real MQTT clients."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiomqtt
import bcrypt
import psutil
import pytest

from hub.embedded.broker import DeviceUser, EmbeddedBroker
from hub.embedded.ground import EmbeddedStartFailed
from hub.embedded.start import start_broker

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = 15.0
HUB = """
import sys
from pathlib import Path
from hub.embedded.broker import EmbeddedBroker
broker = EmbeddedBroker(Path(sys.argv[1]), port=int(sys.argv[2]), durable=True)
broker.start()
print(broker.pid, flush=True)
sys.stdin.read()
"""


def device(name: str, *, subscribe: tuple[str, ...] = ()) -> DeviceUser:
    hashed = bcrypt.hashpw(secret(name).encode(), bcrypt.gensalt(4)).decode()
    return DeviceUser(name, hashed, (f"rosette/leopard/+/{name}",), subscribe)


def secret(name: str) -> str:
    return f"secret of {name}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach and write in (pytest's own belongs to its user alone)."""
    folder = Path(tempfile.mkdtemp(prefix="rosette-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def broker(open_folder: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(open_folder / "mqtt", port=free_port(), durable=True, users=[device("cam-017")])
    broker.start()
    yield broker
    broker.stop()


def client(broker: EmbeddedBroker, name: str, *, client_id: str | None = None) -> aiomqtt.Client:
    return aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        username=name,
        password=secret(name),
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V311,
        timeout=SECONDS,
    )


@asynccontextmanager
async def hub(broker: EmbeddedBroker, *, topics: str = "rosette/#") -> AsyncIterator[aiomqtt.Client]:
    """The hub's own persistent session."""
    connection = aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        username=broker.hub_username,
        password=broker.hub_password,
        identifier=broker.hub_client_id,
        clean_session=False,
        protocol=aiomqtt.ProtocolVersion.V311,
        timeout=SECONDS,
    )
    async with connection:
        await connection.subscribe(topics, qos=1)
        yield connection


async def next_message(connection: aiomqtt.Client) -> tuple[str, bytes]:
    async with asyncio.timeout(SECONDS):
        message = await anext(aiter(connection.messages))
    return str(message.topic), bytes(message.payload)


async def test_broker__of_any_port_is_where_the_hub_is_told_and_stays_there_when_it_is_started_again(
    open_folder: Path,
) -> None:
    async with start_broker(open_folder, host="127.0.0.1", port=0, durable=False) as broker:
        port = broker.port
        async with hub(broker):
            broker.kill()
        await asyncio.to_thread(broker.start)
        assert broker.port == port > 0
        async with hub(broker):
            pass


async def test_broker__acknowledged_message_survives_a_kill(broker: EmbeddedBroker) -> None:
    async with hub(broker):
        pass
    async with client(broker, "cam-017") as camera:
        for number in range(20):
            await camera.publish("rosette/leopard/fix/cam-017", f"{number}", qos=1)
    broker.kill()
    assert broker.pid is None
    assert broker.poll() is not None
    broker.start()
    async with hub(broker) as connection:
        received = [await next_message(connection) for _ in range(20)]
    assert {payload for _, payload in received} == {f"{number}".encode() for number in range(20)}


async def test_broker__device_publishes_only_below_its_own_topic(broker: EmbeddedBroker) -> None:
    async with hub(broker, topics="#") as connection:
        for topic in ("rosette/leopard/fix/cam-018", "rosette/leopard/fix/cam-017/x", "other", "$MQTT/sub/x"):
            for qos in (0, 1, 2):
                for retain in (False, True):
                    with suppress(aiomqtt.MqttError):
                        async with client(broker, "cam-017") as camera:
                            await camera.publish(topic, "forged", qos=qos, retain=retain)
        async with client(broker, "cam-017") as camera:
            await camera.publish("rosette/leopard/fix/cam-017", "own", qos=1)
        assert await next_message(connection) == ("rosette/leopard/fix/cam-017", b"own")


async def test_broker__last_will_reaches_only_the_devices_own_topic(broker: EmbeddedBroker) -> None:
    async with hub(broker, topics="#") as connection:
        for topic in ("rosette/leopard/fix/cam-018", "rosette/leopard/fix/cam-017"):
            with suppress(aiomqtt.MqttError):
                await die_leaving(broker, aiomqtt.Will(topic, "will", qos=1))
        assert (await next_message(connection))[0] == "rosette/leopard/fix/cam-017"


async def die_leaving(broker: EmbeddedBroker, will: aiomqtt.Will) -> None:
    camera = aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        username="cam-017",
        password=secret("cam-017"),
        will=will,
        protocol=aiomqtt.ProtocolVersion.V311,
        timeout=SECONDS,
    )
    async with camera:
        camera._client.socket().shutdown(socket.SHUT_RDWR)
        await next_message(camera)


async def test_broker__device_hears_only_what_it_may(broker: EmbeddedBroker) -> None:
    broker.set_users([device("cam-017"), device("cam-018", subscribe=("rosette/down/cam-018/#",))])
    async with hub(broker) as connection, client(broker, "cam-017") as mute, client(broker, "cam-018") as listener:
        for topics in ("#", "rosette/down/cam-018/#", "$MQTT/#", "$JS/#"):
            with pytest.raises(aiomqtt.MqttError):
                await refused_subscription(mute, topics)
        with pytest.raises(aiomqtt.MqttError):
            await refused_subscription(listener, "rosette/#")
        await listener.subscribe("rosette/down/cam-018/#", qos=1)
        await connection.publish("rosette/down/cam-018/interval", "60", qos=1)
        assert await next_message(listener) == ("rosette/down/cam-018/interval", b"60")


async def refused_subscription(connection: aiomqtt.Client, topics: str) -> None:
    granted = await connection.subscribe(topics, qos=1)
    if list(granted) == [0x80]:
        raise aiomqtt.MqttError("refused")


async def test_broker__wrong_password_is_refused(broker: EmbeddedBroker) -> None:
    for name, password in (("cam-017", "guess"), ("", ""), ("hub", "hub")):
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client(
                "127.0.0.1", broker.port, username=name or None, password=password or None, timeout=SECONDS,
                protocol=aiomqtt.ProtocolVersion.V311,
            ):  # fmt: skip
                pass


async def test_broker__new_user_is_let_in_and_open_connections_stay(broker: EmbeddedBroker) -> None:
    async with hub(broker) as connection, client(broker, "cam-017") as camera:
        await asyncio.to_thread(broker.set_users, [*broker_users("cam-017", broker), device("cam-018")])
        async with client(broker, "cam-018") as newcomer:
            await newcomer.publish("rosette/leopard/fix/cam-018", "new", qos=1)
        assert await next_message(connection) == ("rosette/leopard/fix/cam-018", b"new")
        await camera.publish("rosette/leopard/fix/cam-017", "still here", qos=1)
        assert await next_message(connection) == ("rosette/leopard/fix/cam-017", b"still here")


def broker_users(name: str, broker: EmbeddedBroker) -> list[DeviceUser]:
    return [user for user in broker.users if user.name == name]


async def test_broker__removed_user_is_put_out(broker: EmbeddedBroker) -> None:
    async with hub(broker) as connection:
        with pytest.raises(aiomqtt.MqttError):
            async with client(broker, "cam-017") as camera:
                await asyncio.to_thread(broker.set_users, [])
                await next_message(camera)
        with pytest.raises(aiomqtt.MqttError):
            async with client(broker, "cam-017"):
                pass
        await connection.publish("rosette/note", "the hub is still connected", qos=1)
        assert (await next_message(connection))[0] == "rosette/note"


async def test_broker__users_it_cannot_hold_change_nothing(broker: EmbeddedBroker) -> None:
    with pytest.raises(ValueError, match="topic filter"):
        broker.set_users([DeviceUser("cam-018", device("cam-018").password_hash, ("rosette/*/x",))])
    with pytest.raises(EmbeddedStartFailed, match="keeps the old ones"):
        broker.set_users([device("cam-018"), device("cam-018")])
    broker.stop()
    broker.start()
    async with client(broker, "cam-017") as camera:
        await camera.publish("rosette/leopard/fix/cam-017", "own", qos=1)


def test_broker__secrets_are_kept_between_starts_and_from_others(broker: EmbeddedBroker) -> None:
    known = (broker.hub_username, broker.hub_password, broker.hub_client_id)
    assert len(broker.hub_password) > 40
    broker.stop()
    broker.start()
    assert (broker.hub_username, broker.hub_password, broker.hub_client_id) == known
    for path in (broker.folder / "hub.json", broker.folder / "server" / "nats.conf"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert broker.hub_password not in (broker.folder / "server" / "nats.conf").read_text()


def test_broker__second_hub_is_refused_in_clear_words(broker: EmbeddedBroker) -> None:
    with pytest.raises(EmbeddedStartFailed, match=rf"Another hub \(process {os.getpid()}\) already uses"):
        EmbeddedBroker(broker.folder, port=free_port(), durable=True).start()
    assert broker.poll() is None


def test_broker__port_in_use_is_told(open_folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        broker = EmbeddedBroker(open_folder / "mqtt", port=taken.getsockname()[1], durable=True)
        with pytest.raises(EmbeddedStartFailed, match="address already in use"):
            broker.start()
    assert broker.pid is None
    broker.start()
    broker.stop()


def test_broker__stop_leaves_no_process(broker: EmbeddedBroker) -> None:
    process = psutil.Process(broker.pid)
    broker.stop()
    assert not process.is_running()


def start_hub(folder: Path, port: int) -> tuple[subprocess.Popen[str], psutil.Process]:
    parent = subprocess.Popen(
        [sys.executable, "-c", HUB, folder, str(port)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    return parent, psutil.Process(int(parent.stdout.readline()))


def is_dead(process: psutil.Process) -> bool:
    """A zombie is dead, whether or not this machine's first process collects it."""
    psutil.wait_procs([process], timeout=10)
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_broker__dies_with_a_killed_hub(open_folder: Path) -> None:
    parent, broker = start_hub(open_folder / "mqtt", free_port())
    parent.kill()
    parent.communicate()
    assert is_dead(broker)


async def test_broker__next_hub_waits_for_the_survivor_and_takes_its_port(open_folder: Path) -> None:
    port = free_port()
    parent, survivor = start_hub(open_folder / "mqtt", port)
    survivor.suspend()
    parent.kill()
    parent.communicate()
    broker = EmbeddedBroker(open_folder / "mqtt", port=port, durable=True)
    starting = asyncio.create_task(asyncio.to_thread(broker.start))
    done, _ = await asyncio.wait([starting], timeout=0.3)
    assert not done
    survivor.resume()
    await starting
    assert is_dead(survivor)
    broker.stop()


def test_broker__runs_for_an_ordinary_user(open_folder: Path) -> None:
    async def use(broker: EmbeddedBroker) -> None:
        async with hub(broker) as connection, client(broker, "cam-017") as camera:
            await camera.publish("rosette/leopard/fix/cam-017", "own", qos=1)
            assert (await next_message(connection))[1] == b"own"

    def scenario() -> None:
        broker = EmbeddedBroker(open_folder / "mqtt", port=free_port(), durable=False, users=[device("cam-017")])
        broker.start()
        assert psutil.Process(broker.pid).uids().real == os.geteuid()
        asyncio.run(use(broker))
        broker.stop()

    as_ordinary_user(scenario)


def test_broker__of_root_does_not_run_as_root(broker: EmbeddedBroker) -> None:
    assert psutil.Process(broker.pid).uids().real != 0


def as_ordinary_user(scenario: Callable[[], None]) -> None:
    if os.geteuid() != 0:
        scenario()
        return
    child = os.fork()
    if child == 0:
        try:
            nobody = pwd.getpwnam("nobody")
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            scenario()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
