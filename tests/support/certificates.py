"""Certificates, and authorities that issue them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """Issues certificates, and says in a file who it is."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    certificate: Path

    def issue(
        self,
        directory: Path,
        host: str,
        *,
        days: int = 1,
        key: CertificateIssuerPrivateKeyTypes | None = None,
    ) -> Certificate:
        """Write a certificate for a host or a client, which ends in some days."""
        return _written(directory, host, key=key, issuer=(self.name, self.key), days=days)


def authority(directory: Path, name: str = "authority") -> Authority:
    """Write the certificate of a new authority."""
    directory.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    files = _written(directory, name, key=key)
    return Authority(_name(name), key, files.certificate)


def self_signed(directory: Path, host: str) -> Certificate:
    """Write a certificate for a host, valid today, that is its own authority."""
    return _written(directory, host)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _written(
    directory: Path,
    host: str,
    *,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    issuer: tuple[x509.Name, CertificateIssuerPrivateKeyTypes] | None = None,
    days: int = 1,
) -> Certificate:
    directory.mkdir(parents=True, exist_ok=True)
    key = key or ec.generate_private_key(ec.SECP256R1())
    issuer_name, issuer_key = issuer or (_name(host), key)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(host))
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    files = Certificate(directory / "certificate.pem", directory / "key.pem")
    files.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files
