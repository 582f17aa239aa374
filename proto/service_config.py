"""Writes the gRPC service config, by which channels of every language time calls out and repeat safe ones."""

from __future__ import annotations

import json
from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodOptions

TIMEOUT = "60s"
"""The longest deadline that the server grants; a call's own may only be shorter."""

RETRY_POLICY = {
    "maxAttempts": 5,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
"""UNAVAILABLE is a server that is away or stops. Refusals that say when to come back are left to the caller."""

RETRY_THROTTLING = {"maxTokens": 100, "tokenRatio": 0.1}

REPEATABLE = (MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT)


def service_config(image: FileDescriptorSet) -> str:
    """Return the config as JSON.

    Streams are not named: they have no end to wait for, and with a retry policy gRPC never tells of one that
    is cut before its first message.
    """
    calls = sorted(_calls(image))
    repeatable = [_name(path) for path, safe in calls if safe]
    others = [_name(path) for path, safe in calls if not safe]
    config = {
        "methodConfig": [
            {"name": repeatable, "timeout": TIMEOUT, "retryPolicy": RETRY_POLICY},
            {"name": others, "timeout": TIMEOUT},
        ],
        "retryThrottling": RETRY_THROTTLING,
    }
    return json.dumps(config, indent=2) + "\n"


def _calls(image: FileDescriptorSet) -> Iterator[tuple[str, bool]]:
    """Go through the calls with one reply: the path of each, and whether the contract lets it be repeated."""
    for file in image.file:
        for service in file.service:
            for method in service.method:
                if not method.server_streaming:
                    path = f"{file.package}.{service.name}/{method.name}"
                    yield path, method.options.idempotency_level in REPEATABLE


def _name(path: str) -> dict[str, str]:
    service, _, method = path.partition("/")
    return {"service": service, "method": method}
