"""A typed Python client of the Sanset shop: `Client` for threads and scripts, `AsyncClient` for asyncio."""

from __future__ import annotations

from sanset_client.aio.client import AsyncClient
from sanset_client.channel import tls
from sanset_client.errors import (
    Aborted,
    AlreadyExists,
    ClientClosed,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    SansetError,
    Unauthenticated,
    Unavailable,
)
from sanset_client.threads.client import Client

__all__ = [
    "Aborted",
    "AlreadyExists",
    "AsyncClient",
    "Client",
    "ClientClosed",
    "DeadlineExceeded",
    "FailedPrecondition",
    "InvalidArgument",
    "NotFound",
    "PermissionDenied",
    "ResourceExhausted",
    "SansetError",
    "Unauthenticated",
    "Unavailable",
    "tls",
]
