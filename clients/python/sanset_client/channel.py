"""The options of a channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


def checked_timeout(seconds: float) -> float:
    """Return `seconds`. Raises ValueError unless positive."""
    if seconds <= 0:
        raise ValueError(f"timeout: {seconds} is not a positive number of seconds")
    return seconds
