"""The options of a channel, and what both clients know of signing in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sanset.v1.auth_pb2 import LoginRequest

from sanset_client.contract import service_config

VERSION = "0.1.0"
TARGET = "localhost:50051"
TIMEOUT = 10.0

MAX_REPLY_BYTES = 16 * 1024 * 1024
"""Room beside gRPC's own limit of 4 MiB, which no reply of the shop's exceeds."""

KEEPALIVE_MS = 40_000
"""Silence before a ping. Above the 30 s between heartbeats, so that it finds only dead connections."""

Options = Sequence[tuple[str, Any]]


def options_of(user_agent: str, extra: Options) -> list[tuple[str, Any]]:
    """Return the options of a channel; `extra` ones win."""
    ours: dict[str, Any] = {
        "grpc.service_config": service_config(),
        "grpc.primary_user_agent": user_agent or f"sanset-python/{VERSION}",
        "grpc.max_receive_message_length": MAX_REPLY_BYTES,
        "grpc.keepalive_time_ms": KEEPALIVE_MS,
        "grpc.keepalive_timeout_ms": 10_000,
    }
    return list((ours | dict(extra)).items())  # each once: gRPC heeds the first of two


def login_request(login: str, password: str) -> LoginRequest:
    """Return the request that signs in by e-mail address or, without an @, by user name."""
    if "@" in login:
        return LoginRequest(email=login, password=password)
    return LoginRequest(username=login, password=password)


def checked_timeout(seconds: float) -> float:
    """Return `seconds`. Raises ValueError unless positive."""
    if seconds <= 0:
        raise ValueError(f"timeout: {seconds} is not a positive number of seconds")
    return seconds
