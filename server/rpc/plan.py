"""The plan of a method: what its calls walk through, looked up once, when its service is added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.rpc.address_limits import Count
from server.rpc.call import Call
from server.rpc.recording import CallRecorder
from server.rpc.requests import RequestReader
from server.rpc.telemetry import Meter


@dataclass(frozen=True, slots=True)
class Plan:
    """The layers of a method."""

    method: str
    check_access: Callable[[Call], None]
    count: Count
    requests: RequestReader
    meter: Meter
    is_download: bool
    streams_in: bool
    """Whether callers may send several messages."""
    recorder: CallRecorder | None = None
    """Has each call leave a record; None where none does."""
    is_sensitive: bool = False
    """Whether its success is a security event."""
