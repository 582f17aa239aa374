"""Files of a connection with TLS."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from sanset_client import tls
from support.certificates import self_signed


def test_credentials_are_made_from_files_or_none(tmp_path: Path) -> None:
    own = self_signed(tmp_path, "localhost")
    both = {"certificate_file": own.certificate, "key_file": str(own.key)}
    for files in ({}, {"ca_file": own.certificate}, both):
        assert isinstance(tls(**files), grpc.ChannelCredentials)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pass both, or none"):
        tls(certificate_file=tmp_path / "certificate.pem")
    with pytest.raises(FileNotFoundError):
        tls(ca_file=tmp_path / "none.pem")
