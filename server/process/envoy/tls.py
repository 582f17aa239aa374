"""TLS of the gateway: the operator's files are checked and handed to Envoy, and again whenever they change.

Envoy gets them from files of its own in DATA_DIR/run, each replaced in one step: new connections see the new
certificate, those that are open go on. So it matters neither how an operator's tool replaces files nor in which
order, and a certificate whose key has not come yet is never used.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from server.process import data_dir
from server.settings import Settings

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

CHECK_SECONDS: Final = 5.0
SOON: Final = timedelta(days=7)
"""How long before its end a certificate that nobody renewed is worth a line."""
MIN_RSA_BITS: Final = 2048
CURVES: Final = frozenset({"secp256r1", "secp384r1", "secp521r1"})
"""Weaker keys and other curves Envoy does not take."""

_TYPES: Final = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3."
_OWN, _CLIENTS = "certificate", "client-authorities"

_log = logging.getLogger(__name__)


class CertificateUnusable(Exception):
    """A file for TLS is not what it should be; the text is one line that names its setting."""


@dataclass(frozen=True)
class TlsFiles:
    """The files that an operator named."""

    certificate: Path
    key: Path
    client_authorities: Path | None

    @classmethod
    def of(cls, settings: Settings) -> TlsFiles | None:
        """Those of the settings; None where the shop speaks no TLS."""
        if settings.tls_cert_file is None or settings.tls_key_file is None:
            return None
        return cls(settings.tls_cert_file, settings.tls_key_file, settings.tls_client_ca_file)

    def versions(self) -> tuple[object, ...]:
        """What differs once a file was changed or replaced, however that was done."""
        return tuple(_version(file) for file in (self.certificate, self.key, self.client_authorities) if file)

    def read(self) -> Secrets:
        """What the files hold; raises CertificateUnusable unless they belong together and can be used."""
        chain, key = _read("TLS_CERT_FILE", self.certificate), _read("TLS_KEY_FILE", self.key)
        own = _certificates("TLS_CERT_FILE", self.certificate, chain)[0]
        _check_key(self, own, key)
        authorities = ""
        if self.client_authorities is not None:
            authorities = _read("TLS_CLIENT_CA_FILE", self.client_authorities)
            _check_authorities(
                self.client_authorities,
                _certificates("TLS_CLIENT_CA_FILE", self.client_authorities, authorities),
            )
        return Secrets(chain, key, authorities, own.not_valid_after_utc)


@dataclass(frozen=True)
class Secrets:
    """What the files of an operator hold."""

    chain: str
    key: str
    client_authorities: str
    ends: datetime


class CertificateHandover:
    """Keeps what Envoy reads the same as what the operator's files hold."""

    def __init__(self, files: TlsFiles, directory: Path) -> None:
        """`directory` is the private one of the running shop."""
        self._files = files
        self._directory = directory
        self._versions: tuple[object, ...] = ()
        self._problem = ""
        self._warned = ""

    def begin(self) -> None:
        """Hand the files over for the first time.

        Raises CertificateUnusable, and OSError when the directory cannot be written.
        """
        self._versions = self._files.versions()
        self._write(self._files.read())

    async def keep(self) -> None:
        """Hand the files over again whenever they change, for as long as this coroutine runs."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Hand the files over if they changed; what cannot be used is said in the log, and not used."""
        versions = self._files.versions()
        if versions == self._versions:
            return
        try:
            secrets = self._files.read()
            self._write(secrets)
        except (CertificateUnusable, OSError) as error:
            self._tell(str(error))
            return
        # Read anew at the next look if they were changed while they were read.
        self._versions = versions
        self._problem = self._warned = ""
        _log.warning("the certificate was renewed; it ends on %s", secrets.ends.date())

    def _tell(self, problem: str) -> None:
        """Say a problem once, and only if it lasts: files are replaced one after the other."""
        if problem == self._problem and problem != self._warned:
            _log.error("%s; the certificate of before stays in use", problem)
            self._warned = problem
        self._problem = problem

    def _write(self, secrets: Secrets) -> None:
        if secrets.ends < datetime.now(UTC) + SOON:
            _log.warning("TLS_CERT_FILE: %s ends on %s", self._files.certificate, secrets.ends.date())
        pair = {
            "certificate_chain": {"inline_string": secrets.chain},
            "private_key": {"inline_string": secrets.key},
        }
        _replace(self._directory, _OWN, {"tls_certificate": pair})
        if secrets.client_authorities:
            trusted = {"trusted_ca": {"inline_string": secrets.client_authorities}}
            _replace(self._directory, _CLIENTS, {"validation_context": trusted})


def transport_socket(settings: Settings, directory: Path) -> dict[str, Any] | None:
    """The part of Envoy's configuration that reads what was handed over; None where the shop speaks no TLS.

    A client certificate is looked at where one is shown; who must show one is decided where calls are.
    """
    files = TlsFiles.of(settings)
    if files is None:
        return None
    common: dict[str, Any] = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_certificate_sds_secret_configs": [_source(directory, _OWN)],
    }
    if files.client_authorities is not None:
        common["validation_context_sds_secret_config"] = _source(directory, _CLIENTS)
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {"@type": f"{_TYPES}DownstreamTlsContext", "common_tls_context": common},
    }


def _source(directory: Path, name: str) -> dict[str, Any]:
    config = {"path_config_source": {"path": str(directory / f"{name}.json")}, "resource_api_version": "V3"}
    return {"name": name, "sds_config": config}


def _replace(directory: Path, name: str, secret: dict[str, Any]) -> None:
    resource = {"@type": f"{_TYPES}Secret", "name": name, **secret}
    data_dir.write_private(directory / f"{name}.json", json.dumps({"resources": [resource]}))


def _version(file: Path) -> object:
    try:
        status = os.stat(file)
    except OSError as error:
        return error.errno
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read(setting: str, file: Path) -> str:
    try:
        return file.read_text("ascii")
    except OSError as error:
        raise CertificateUnusable(f"{setting}: cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CertificateUnusable(f"{setting}: {file} is not PEM, which is text") from error


def _certificates(setting: str, file: Path, text: str) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates  # only where TLS is spoken

    try:
        return load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise CertificateUnusable(f"{setting}: {file} holds no certificate in PEM") from error


def _check_key(files: TlsFiles, own: Certificate, text: str) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        public = load_pem_private_key(text.encode(), password=None).public_key()
    except TypeError as error:
        raise CertificateUnusable(
            f"TLS_KEY_FILE: {files.key} is encrypted, and nobody is there to type its passphrase"
        ) from error
    except ValueError as error:
        raise CertificateUnusable(f"TLS_KEY_FILE: {files.key} holds no private key in PEM") from error
    if public != own.public_key():
        raise CertificateUnusable(
            f"TLS_KEY_FILE: {files.key} is not the key of the first certificate in {files.certificate}"
        )
    is_strong = (isinstance(public, rsa.RSAPublicKey) and public.key_size >= MIN_RSA_BITS) or (
        isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in CURVES
    )
    if not is_strong:
        raise CertificateUnusable(
            f"TLS_KEY_FILE: {files.key} must be RSA of {MIN_RSA_BITS} bits or more, or ECDSA on P-256, P-384 "
            "or P-521"
        )


def _check_authorities(file: Path, certificates: Iterable[Certificate]) -> None:
    from cryptography.x509 import BasicConstraints, ExtensionNotFound

    for certificate in certificates:
        try:
            is_authority = certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
        except (ExtensionNotFound, ValueError):
            is_authority = False
        if not is_authority:
            raise CertificateUnusable(
                f"TLS_CLIENT_CA_FILE: {certificate.subject.rfc4514_string() or 'a certificate'} in {file} may not "
                "issue certificates"
            )
