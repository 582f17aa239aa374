"""Telemetry: one log line and a few counters per call."""

from __future__ import annotations

import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from server.errors import Refusal
from server.rpc.call import Call

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

log = structlog.get_logger()


class Telemetry:
    """Counts calls, errors and durations (RED) by method, and writes the access log."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "sanset_calls_total",
            "Calls by method, code and reason",
            ["method", "code", "reason"],
            registry=registry,
        )
        self._seconds = Histogram(
            "sanset_call_seconds", "Duration of unary calls", ["method"], buckets=_BUCKETS, registry=registry
        )
        self._streams = Gauge("sanset_open_streams", "Open streams by method", ["method"], registry=registry)
        # labels() takes a lock and builds a key on each use; the few that occur are kept.
        self._counters: dict[tuple[str, str, str], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    def stream_opened(self, call: Call) -> None:
        """Count an open stream."""
        self._streams.labels(call.method).inc()

    def stream_closed(self, call: Call) -> None:
        """Count it as closed."""
        self._streams.labels(call.method).dec()

    def finished(
        self, call: Call, started: float, refusal: Refusal | None = None, *, timed: bool = True
    ) -> None:
        """Count and log a call that began at `started` on the monotonic clock."""
        code, reason = (refusal.code, refusal.reason) if refusal else ("OK", "")
        seconds = time.monotonic() - started
        self._counter(call.method, code, reason).inc()
        if timed:
            self._timer(call.method).observe(seconds)
        fields: dict[str, Any] = {
            "method": call.method,
            "code": code,
            "ms": round(seconds * 1000, 2),
            "request_id": call.request_id,
            "address": call.address,
        }
        if call.caller:
            fields["user_id"] = call.caller.user_id
        if reason:
            fields["reason"] = reason
        if call.facts:
            fields |= call.facts
        if code == "INTERNAL":
            log.error("call", **fields)
        else:
            log.info("call", **fields)

    def _counter(self, method: str, code: str, reason: str) -> Counter:
        key = (method, code, reason)
        if key not in self._counters:
            self._counters[key] = self._calls.labels(*key)
        return self._counters[key]

    def _timer(self, method: str) -> Histogram:
        if method not in self._timers:
            self._timers[method] = self._seconds.labels(method)
        return self._timers[method]
