"""A call to a shop and its answer, without regard to the language it is spoken in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Protocol(StrEnum):
    """The protocol that a shop speaks."""

    GRPC = "grpc"
    HTTP = "http"


@dataclass(frozen=True)
class Target:
    """The port of a shop on the loopback, and its protocol."""

    protocol: Protocol
    port: int

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"


@dataclass(frozen=True)
class PreparedCall:
    """One request: a method's or resource's path, the caller's token, the body (for HTTP: none means GET)."""

    path: str
    token: str
    body: bytes = b""
    refused: bool = False
    """True when an error is the right reply."""


@dataclass(frozen=True)
class CallReply:
    """The reply; `error` is empty when it went well."""

    body: bytes
    error: str = ""


class CallFailed(Exception):
    """A shop answered a call of the bench with an error, which makes the measurement worthless."""


def write_calls(path: Path, calls: Iterable[PreparedCall]) -> None:
    """Write calls as JSON lines."""
    with path.open("w") as file:
        for call in calls:
            file.write(json.dumps([call.path, call.token, base64.b64encode(call.body).decode()]) + "\n")


def read_calls(path: Path) -> list[PreparedCall]:
    """Read calls that `write_calls` wrote."""
    with path.open() as file:
        rows = [json.loads(line) for line in file]
    return [PreparedCall(path, token, base64.b64decode(body)) for path, token, body in rows]


def write_answers(path: Path, answers: Iterable[CallReply]) -> None:
    """Write answers as JSON lines."""
    with path.open("w") as file:
        for answer in answers:
            file.write(json.dumps([base64.b64encode(answer.body).decode(), answer.error]) + "\n")


def read_answers(path: Path) -> list[CallReply]:
    """Read answers that `write_answers` wrote."""
    with path.open() as file:
        rows = [json.loads(line) for line in file]
    return [CallReply(base64.b64decode(body), error) for body, error in rows]
