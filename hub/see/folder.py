"""The folder of one model: its manifest, and the files that the manifest names."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from fusion.camera.manifest import ManifestError, ModelManifest
from fusion.camera.manifest_toml import parse_manifest
from hub.see.onnx_file import refuse_other_files

MANIFEST: Final = "manifest.toml"
MOST_TEXT_BYTES: Final = 1_000_000
MOST_MODEL_BYTES: Final = 2 << 30


def read_manifest(folder: Path) -> ModelManifest:
    """The manifest of a model's folder; raises ManifestError, OSError."""
    return parse_manifest(_text(folder, MANIFEST), lambda name: _text(folder, name))


def read_folder(folder: Path) -> tuple[ModelManifest, bytes]:
    """Manifest and model of a folder, the model one file that is the one named. Raises ManifestError, OSError."""
    manifest = read_manifest(folder)
    path = _beside(folder, manifest.file)
    if (size := path.stat().st_size) > MOST_MODEL_BYTES:
        raise ManifestError(f"model.file: at most {MOST_MODEL_BYTES:,} bytes were expected, not {size:,}")
    data = path.read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != manifest.sha256:
        raise ManifestError(f"model.sha256: the model's bytes have {found}, the manifest names {manifest.sha256}")
    refuse_other_files(data)
    return manifest, data


def _text(folder: Path, name: str) -> str:
    with _beside(folder, name).open("rb") as file:
        data = file.read(MOST_TEXT_BYTES + 1)
    if len(data) > MOST_TEXT_BYTES:
        raise ManifestError(f"{name}: at most {MOST_TEXT_BYTES:,} bytes were expected")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ManifestError(f"{name}: UTF-8 was expected") from None


def _beside(folder: Path, name: str) -> Path:
    path = folder / name
    if path.resolve().parent != folder.resolve():
        raise ManifestError(f"{name}: a file in the model's folder was expected, not a link out of it")
    return path
