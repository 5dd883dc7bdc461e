"""Every setting, typed and described in place. Read once, at the start of a process, and handed down in pieces."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import msgspec

from hub.records.errors import Misconfigured

PREFIX = "ROSETTE_"


def _setting(text: str, **meta: Any) -> msgspec.Meta:
    return msgspec.Meta(description=text, **meta)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values come from `rosette.toml`, then from the environment as ROSETTE_NAME, which wins."""

    state: Annotated[str, _setting("Folder of everything the hub writes on its own machine.")] = "state"
    host: Annotated[str, _setting("Address that the web server listens on.")] = "127.0.0.1"
    port: Annotated[int, _setting("Port of the web server; 0 takes a free one.", ge=0, le=65535)] = 8080
    database_url: Annotated[
        str, _setting("PostgreSQL 15 or newer; empty starts the embedded one. Holds a password: set it by environment.")
    ] = ""
    broker_url: Annotated[
        str, _setting("mqtt:// or mqtts:// URL with the hub's login; empty starts the embedded NATS broker.")
    ] = ""
    mqtt_host: Annotated[str, _setting("Address that the embedded broker listens on for devices.")] = "127.0.0.1"
    mqtt_port: Annotated[int, _setting("Port of the embedded broker; 0 takes a free one.", ge=0, le=65535)] = 1883
    durable: Annotated[bool, _setting("Flush the embedded broker's queue to disk on every message.")] = True
    default_site: Annotated[str, _setting("Site of MQTT topics that name none (OwnTracks, The Things Stack).")] = ""
    drill: Annotated[bool, _setting("Run the simulated reserve as site `drill`, marked DRILL everywhere.")] = False
    drill_speed: Annotated[float, _setting("Seconds of drill time per second.", ge=0, le=1000)] = 10.0
    drill_seed: Annotated[int, _setting("Seed of the simulated reserve; the same seed, the same reserve.")] = 1
    secure_cookies: Annotated[bool, _setting("Send cookies by HTTPS only; set it behind TLS.")] = False
    tls_certificate: Annotated[str, _setting("PEM file; with tls_key, the web server speaks HTTPS itself.")] = ""
    tls_key: Annotated[str, _setting("PEM file of the private key.")] = ""
    pictures_folder: Annotated[
        str, _setting("Folder that cameras' software writes to, as SITE/DEVICE/…; empty: none.")
    ] = ""
    pictures_delete: Annotated[bool, _setting("Delete pictures of that folder once committed, not move to `done`.")] = (
        False
    )
    ftps_port: Annotated[int, _setting("Port for cameras that send by FTPS; 0: none.", ge=0, le=65535)] = 0
    ftps_host: Annotated[str, _setting("Address that the FTPS door listens on.")] = "127.0.0.1"
    ftps_plain: Annotated[bool, _setting("Take FTP without TLS too: keys and pictures can be read on the way.")] = False
    ftps_passive: Annotated[
        str, _setting("Ports for the data of FTPS, as 50000-50099; empty: any.", pattern=r"^(\d{1,5}-\d{1,5})?$")
    ] = ""
    ftps_address: Annotated[str, _setting("IPv4 address that cameras reach the FTPS door by, behind a router.")] = ""
    mail_url: Annotated[
        str, _setting("imaps:// URL of a mailbox that cameras write to; empty: none. Set it by environment.")
    ] = ""
    mail_every_s: Annotated[float, _setting("Seconds between two looks into the mailbox.", ge=5, le=86400)] = 60.0
    mail_done: Annotated[
        str, _setting("Folder of the mailbox for mails that are taken; empty: they stay, as read.")
    ] = ""
    streams: Annotated[str, _setting("TOML file of cameras with live video; empty: none.")] = ""
    firebase_credentials: Annotated[str, _setting("JSON file of a Firebase service account; empty: no FCM push.")] = ""
    media_key: Annotated[
        str, _setting("64 hexadecimal digits that pictures are encrypted with; empty: those of `media.key` in `state`.")
    ] = ""
    person_picture_days: Annotated[
        int,
        _setting(
            "Days that pictures of persons are kept, unless an alert rests on them; 0: for ever.", ge=0, le=36_500
        ),
    ] = 30
    log_level: Annotated[str, _setting("debug, info, warning, error.", pattern="^(debug|info|warning|error)$")] = "info"

    @property
    def folder(self) -> Path:
        """The state folder."""
        return Path(self.state).resolve()


def _meant(key: str, known: Iterable[str]) -> str:
    close = get_close_matches(key, sorted(known), 1)
    return f": is {PREFIX}{close[0].upper()} meant?" if close else ""


def read_settings(environment: Mapping[str, str], file: Path | None = None) -> Settings:
    """Settings from a TOML file (default `rosette.toml`, if there is one) and the environment; raises Misconfigured."""
    path = file or Path("rosette.toml")
    values: dict[str, Any] = {}
    if path.is_file():
        try:
            values = tomllib.loads(path.read_text())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{path}: {error}") from None
    elif file is not None:
        raise Misconfigured(f"{path}: no such file")
    known = {field.name for field in msgspec.structs.fields(Settings)}
    for name, value in environment.items():
        if name.startswith(PREFIX):
            key = name.removeprefix(PREFIX).lower()
            if key not in known:
                # A misspelt ROSETTE_DATABASE_URL must not start an empty hub on the embedded database.
                raise Misconfigured(f"{name} is no setting{_meant(key, known)}; see docs/reference/settings.md")
            values[key] = value
    try:
        # strict=False: the environment has text only
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"settings: {error}; see docs/reference/settings.md") from None
