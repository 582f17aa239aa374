"""The options of a channel."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import grpc

VERSION = "0.2.0"
TARGET = "localhost:50051"
TIMEOUT = 10.0

MAX_REPLY_BYTES = 16 * 1024 * 1024
"""Room beside gRPC's own limit of 4 MiB, which no reply of the shop's exceeds."""

KEEPALIVE_MS = 40_000
"""Silence before a ping. Above the 30 s between heartbeats, so that it finds only dead connections."""

MAX_RECONNECT_MS = 1_000
"""The longest pause between attempts to connect: calls are repeated until their deadline, not until gRPC's own."""

Options = Sequence[tuple[str, Any]]


def options_of(user_agent: str, extra: Options) -> list[tuple[str, Any]]:
    """Return the options of a channel; `extra` ones win."""
    ours: dict[str, Any] = {
        "grpc.primary_user_agent": user_agent or f"sanset-python/{VERSION}",
        "grpc.max_receive_message_length": MAX_REPLY_BYTES,
        "grpc.keepalive_time_ms": KEEPALIVE_MS,
        "grpc.keepalive_timeout_ms": 10_000,
        "grpc.initial_reconnect_backoff_ms": 250,
        "grpc.max_reconnect_backoff_ms": MAX_RECONNECT_MS,
    }
    return list((ours | dict(extra)).items())  # each once: gRPC heeds the first of two


def tls(
    *,
    ca_file: str | PathLike[str] | None = None,
    certificate_file: str | PathLike[str] | None = None,
    key_file: str | PathLike[str] | None = None,
) -> grpc.ChannelCredentials:
    """Return credentials of a connection with TLS, from files in PEM.

    ca_file: the authorities that may vouch for the shop; without it, those that gRPC comes with.
    certificate_file, key_file: who calls, for a shop that demands client certificates.

    Raises ValueError when only one of the two is passed, and OSError when a file cannot be read.
    """
    if (certificate_file is None) is not (key_file is None):
        raise ValueError("certificate_file and key_file: pass both, or none")
    files = (ca_file, key_file, certificate_file)
    return grpc.ssl_channel_credentials(*(Path(file).read_bytes() if file else None for file in files))


def checked_timeout(seconds: float) -> float:
    """Return `seconds`. Raises ValueError unless positive."""
    if seconds <= 0:
        raise ValueError(f"timeout: {seconds} is not a positive number of seconds")
    return seconds
