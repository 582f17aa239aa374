"""Telemetry: one log line per call, and counts and durations by method."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from server.logs import AccessLog
from server.rpc.call import Call

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Telemetry(Collector):
    """Counts calls, refusals and durations (RED) by method, and writes the access log.

    It counts in plain numbers, because all calls end on the event loop, and makes Prometheus samples of them
    when asked: the library's own counters take a lock for each call.
    """

    def __init__(self, registry: CollectorRegistry, access_log: AccessLog) -> None:
        self._log = access_log
        self._durations: dict[str, list[float]] = {}  # per bucket, above all buckets, and the sum
        self._refusals: dict[tuple[str, str, str], int] = {}
        self._streams: dict[str, int] = {}
        registry.register(self)

    def stream_opened(self, method: str) -> None:
        """Count an open stream."""
        self._streams[method] = self._streams.get(method, 0) + 1

    def stream_closed(self, method: str) -> None:
        """Count it as closed."""
        self._streams[method] -= 1

    def finished(self, call: Call, started: float, code: str = "OK", reason: str = "") -> None:
        """Count and log a call that began at `started` on the monotonic clock, and how it ended."""
        seconds = time.monotonic() - started
        durations = self._durations.get(call.method)
        if durations is None:
            durations = self._durations[call.method] = [0.0] * (len(_BUCKETS) + 2)
        durations[bisect_left(_BUCKETS, seconds)] += 1
        durations[-1] += seconds
        line: dict[str, object] = {
            "event": "call",
            "level": "info",
            "method": call.method,
            "code": code,
            "ms": int(seconds * 100_000 + 0.5) / 100,
            "request_id": call.request_id,
            "address": call.address,
        }
        if call.caller is not None:
            line["user_id"] = call.caller.user_id
        if code != "OK":
            key = (call.method, code, reason)
            self._refusals[key] = self._refusals.get(key, 0) + 1
            line["reason"] = reason
            if code == "INTERNAL":
                line["level"] = "error"
        self._log.write(line)

    def end(self) -> None:
        """Log each call at once from now on, with what waits to be logged: the process is about to end."""
        self._log.end()

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]:
        """The samples of this moment, for Prometheus."""
        calls = HistogramMetricFamily("sanset_call_seconds", "Calls and their duration", labels=["method"])
        for method, durations in self._durations.items():
            total, buckets = 0.0, []
            for bound, count in zip((*map(str, _BUCKETS), "+Inf"), durations, strict=False):
                total += count
                buckets.append((bound, total))
            calls.add_metric([method], buckets, durations[-1])
        refusals = CounterMetricFamily(
            "sanset_refusals", "Calls that were refused or cancelled", labels=["method", "code", "reason"]
        )
        for key, count in self._refusals.items():
            refusals.add_metric(list(key), count)
        streams = GaugeMetricFamily("sanset_open_streams", "Open streams", labels=["method"])
        for method, count in self._streams.items():
            streams.add_metric([method], count)
        return calls, refusals, streams
