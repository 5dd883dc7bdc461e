"""Make the secrets that compose.yaml mounts, and let devices with a key connect to the broker.

The folder of secrets is 0700 and keeps everybody else on the host out. The files in it are 0444, because containers
read them as other users; they are written in place, because a container that mounts a file keeps the file it has.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from pathlib import Path

import bcrypt
import click

from hub.embedded.broker import HUB_BCRYPT_ROUNDS
from hub.embedded.nats_configuration import DeviceUser, Tls, write_nats_configuration
from hub.embedded.start import holdable, user_of
from hub.settings import read_settings
from hub.store import access
from hub.store.database import Database

HUB = "hub"
MQTT_LISTEN = "0.0.0.0:8883"
MONITOR = "127.0.0.1:8222"
STORE = Path("/data")
TLS = Tls(certificate=Path("/run/secrets/tls_certificate"), key=Path("/run/secrets/tls_key"))


def broker_configuration(hub_hash: str, devices: Sequence[DeviceUser], *, store: Path = STORE, tls: Tls = TLS) -> str:
    """Configuration of the broker in its container. Raises ValueError for devices it cannot hold."""
    text = write_nats_configuration(
        store_dir=store,
        mqtt_listen=MQTT_LISTEN,
        durable=True,
        hub=DeviceUser(HUB, hub_hash, ("#",), ("#",)),
        users=devices,
        tls=tls,
    )
    return json.dumps(json.loads(text) | {"http": MONITOR}, indent=1, ensure_ascii=False)


def make_secrets(folder: Path, public_name: str) -> None:
    """Passwords and configurations. Raises ClickException when they are there already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if (folder / "rosette.toml").exists():
        raise click.ClickException(f"{folder / 'rosette.toml'} exists: passwords in use are not replaced")
    database, password, client = (secrets.token_urlsafe(32) for _ in range(3))
    hub_hash = bcrypt.hashpw(password.encode(), bcrypt.gensalt(HUB_BCRYPT_ROUNDS)).decode()
    write(folder / "postgres_password", database)
    write(folder / "broker_hub_hash", hub_hash)
    write(folder / "nats.conf", broker_configuration(hub_hash, ()))
    write(
        folder / "rosette.toml",
        f'database_url = "postgresql://rosette:{database}@postgres:5432/rosette"\n'
        f'broker_url = "mqtts://{HUB}:{password}@{public_name}:8883?client_id={client}"\n',
    )


def write_devices(folder: Path, keys: Sequence[access.DeviceKey], default_site: str = "") -> int:
    """The broker's configuration with these devices, each below its own topics only; returns how many it could hold."""
    hub_hash = (folder / "broker_hub_hash").read_text()
    users = holdable(user_of(key, default_site) for key in keys)
    write(folder / "nats.conf", broker_configuration(hub_hash, users))
    return len(users)


def write(path: Path, text: str) -> None:
    """Write in place, readable by the containers."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
    path.chmod(0o444)


async def read_keys(folder: Path) -> list[access.DeviceKey]:
    """The device keys that the hub's database holds."""
    database = await Database.connect(read_settings({}, folder / "rosette.toml").database_url, most=1)
    try:
        return await access.device_keys(database)
    finally:
        await database.close()


@click.group()
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path(__file__).parent / "secrets", help="Folder of secrets."
)
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """Secrets of a production hub, and its devices' logins at the broker."""
    context.obj = folder


@main.command("secrets")
@click.argument("public_name")
@click.pass_obj
def secrets_command(folder: Path, public_name: str) -> None:
    """Make passwords and configurations, once. PUBLIC_NAME: the DNS name in the hub's certificate."""
    make_secrets(folder, public_name)
    click.echo(f"wrote {folder}; put the certificate there as tls.crt and its key as tls.key")


@main.command("devices")
@click.option("--default-site", default="", help="DEFAULT_SITE of .env: its devices may use topics that name no site.")
@click.pass_obj
def devices_command(folder: Path, default_site: str) -> None:
    """Let exactly the devices that have a key (`rosette key add --device`) connect to the broker."""
    count = write_devices(folder, asyncio.run(read_keys(folder)), default_site)
    click.echo(f"{count} devices; now send the broker SIGHUP")


if __name__ == "__main__":
    main()
