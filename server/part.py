"""What a room adds to a worker: its servicers, listeners, jobs and gauges, and what it starts and stops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import grpc

from server.events.follower import Follower
from server.jobs.runner import Job


class Gauge(NamedTuple):
    """A value that Prometheus reads: its name, what it says, and where it comes from."""

    name: str
    description: str
    read: Callable[[], float]


async def nothing() -> None:
    """The start, drain and stop of a room that has none."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A room as the worker sees it; `build` in the `part.py` of the room makes it.

    A room that lends something to another derives a class of its own from this one, with that as fields.
    """

    servicers: Sequence[Callable[[grpc.aio.Server], None]] = ()
    """Each adds one to a server: the function that the proto generates, its first argument bound."""
    listeners: Sequence[Callable[[Follower], None]] = ()
    """Each tells the follower which events it wants to hear; all do before the first event is read."""
    jobs: Sequence[Job] = ()
    gauges: Sequence[Gauge] = ()
    start: Callable[[], Awaitable[None]] = nothing
    """Loads what is served from memory, before the first call."""
    drain: Callable[[], Awaitable[None]] = nothing
    """Begins nothing more, and sends streams to another worker; calls may still come."""
    stop: Callable[[], Awaitable[None]] = nothing
    """Gives back what the room holds, after the last call; safe when it was never started."""
