"""A certificate of the hub's own, for cameras: they look at no certificate, but refuse to speak without one."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

YEARS: Final = 20
# Old cameras know no elliptic curves.
RSA_BITS: Final = 2_048


def self_signed(folder: Path, now: datetime) -> tuple[Path, Path]:
    """(certificate, key) as PEM files in a folder, made there once."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not (certificate.exists() and key.exists()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rosette")])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(secret.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365 * YEARS))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("rosette")]), critical=False)
            .sign(secret, hashes.SHA256())
        )
        plain = secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(key, plain)
        _write(certificate, made.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _write(path: Path, data: bytes) -> None:
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    draft.rename(path)
