"""The operator's certificates: what cannot be used is named in a line, and what was renewed is handed over."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from support.certificates import Certificate, authority, self_signed

from server.process.envoy.tls import CertificateHandover, CertificateUnusable, TlsFiles


@pytest.fixture
def own(tmp_path: Path) -> Certificate:
    return authority(tmp_path / "authority").issue(tmp_path / "own", "shop.example.com", days=90)


@pytest.fixture
def files(tmp_path: Path, own: Certificate) -> TlsFiles:
    return TlsFiles(own.certificate, own.key, tmp_path / "authority" / "certificate.pem")


def _written(text: str) -> Callable[[TlsFiles, Path], None]:
    def change(_files: TlsFiles, file: Path) -> None:
        file.write_text(text)

    return change


def _absent(_files: TlsFiles, file: Path) -> None:
    file.unlink()


def _binary(_files: TlsFiles, file: Path) -> None:
    file.write_bytes(b"\x30\x82\xff")


def _anothers(files: TlsFiles, _file: Path) -> None:
    shutil.copy(self_signed(files.key.parent / "another", "shop.example.com").key, files.key)


def _encrypted(files: TlsFiles, _file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))


def _no_authority(files: TlsFiles, file: Path) -> None:
    shutil.copy(files.certificate, file)


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("TLS_CERT_FILE", _absent, "cannot read"),
        ("TLS_CERT_FILE", _written("-----BEGIN CERTIFICATE-----\nMII"), "holds no certificate in PEM"),
        ("TLS_CERT_FILE", _written(""), "holds no certificate in PEM"),
        ("TLS_CERT_FILE", _binary, "is not PEM"),
        ("TLS_KEY_FILE", _absent, "cannot read"),
        ("TLS_KEY_FILE", _written("a key"), "holds no private key in PEM"),
        ("TLS_KEY_FILE", _anothers, "is not the key of the first certificate in"),
        ("TLS_KEY_FILE", _encrypted, "is encrypted"),
        ("TLS_CLIENT_CA_FILE", _absent, "cannot read"),
        ("TLS_CLIENT_CA_FILE", _written("nobody"), "holds no certificate in PEM"),
        ("TLS_CLIENT_CA_FILE", _no_authority, "CN=shop.example.com in"),
    ],
)
def test_what_cannot_be_used_stops_the_start_with_a_line_that_names_it(
    files: TlsFiles, tmp_path: Path, name: str, change: Callable[[TlsFiles, Path], None], problem: str
) -> None:
    settings = {"TLS_CERT_FILE": files.certificate, "TLS_KEY_FILE": files.key}
    file = settings.get(name, files.client_authorities)
    assert file is not None
    change(files, file)
    with pytest.raises(CertificateUnusable) as caught:
        CertificateHandover(files, tmp_path).begin()
    line = str(caught.value)
    assert line.startswith(f"{name}: ")
    assert problem in line
    assert str(file) in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 1024),
        ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["small", "curve", "kind"],
)
def test_a_key_that_envoy_would_not_take_is_named(
    tmp_path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
) -> None:
    issued = authority(tmp_path / "authority").issue(tmp_path / "own", "shop.example.com", key=key)
    with pytest.raises(
        CertificateUnusable, match=r"^TLS_KEY_FILE: .* must be RSA of 2048 bits or more, or ECDSA"
    ):
        TlsFiles(issued.certificate, issued.key, None).read()


def _handed_over(directory: Path) -> str:
    (secret,) = json.loads((directory / "certificate.json").read_text())["resources"]
    return str(secret["tls_certificate"]["certificate_chain"]["inline_string"])


def test_what_is_renewed_is_handed_over_once_its_key_has_come_too(
    files: TlsFiles, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handover = CertificateHandover(files, tmp_path)
    handover.begin()
    first = files.certificate.read_text()
    assert _handed_over(tmp_path) == first
    assert (tmp_path / "certificate.json").stat().st_mode & 0o077 == 0
    renewed = authority(tmp_path / "another").issue(tmp_path / "renewed", "shop.example.com", days=90)

    shutil.copy(renewed.certificate, files.certificate)
    handover.look()
    assert _handed_over(tmp_path) == first
    assert caplog.records == []  # the key may come in a moment
    for _ in range(3):
        handover.look()
    (problem,) = caplog.records
    assert problem.levelno == logging.ERROR
    assert "TLS_KEY_FILE" in problem.getMessage()
    assert "stays in use" in problem.getMessage()

    os.replace(renewed.key, files.key)
    handover.look()
    assert _handed_over(tmp_path) == renewed.certificate.read_text()
    assert "renewed" in caplog.records[-1].getMessage()
    handover.look()
    assert len(caplog.records) == 2


def test_a_link_that_leads_elsewhere_is_a_change(own: Certificate, tmp_path: Path) -> None:
    """As cert-manager, certbot and Kubernetes replace files."""
    (tmp_path / "current").symlink_to(own.certificate.parent)
    linked = TlsFiles(tmp_path / "current" / "certificate.pem", tmp_path / "current" / "key.pem", None)
    handover = CertificateHandover(linked, tmp_path)
    handover.begin()
    renewed = authority(tmp_path / "another").issue(tmp_path / "renewed", "shop.example.com")
    (tmp_path / "new").symlink_to(renewed.certificate.parent)
    (tmp_path / "new").replace(tmp_path / "current")
    handover.look()
    assert _handed_over(tmp_path) == renewed.certificate.read_text()


def test_a_certificate_that_ends_soon_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ending = authority(tmp_path / "authority").issue(tmp_path / "own", "shop.example.com", days=-1)
    CertificateHandover(TlsFiles(ending.certificate, ending.key, None), tmp_path).begin()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("TLS_CERT_FILE: ")
    assert "ends on" in line
