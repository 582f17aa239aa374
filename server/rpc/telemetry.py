"""Telemetry: one log line per call, and counts and durations by method."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from time import monotonic

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from server.logs import AccessLog
from server.rpc.call import Call

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meter:
    """Counts the calls of one method, their refusals and their durations (RED), and logs them.

    In plain numbers, because all calls end on the event loop.
    """

    def __init__(self, method: str, log: AccessLog) -> None:
        self.method = method
        self._log = log
        self.durations = [0.0] * (len(_BUCKETS) + 2)
        """Calls per bucket, above all buckets, and the sum of their seconds."""
        self.refusals: dict[tuple[str, str], int] = {}
        """By code and reason."""
        self.open_streams: int | None = None
        """None before the first."""

    def stream_opened(self) -> None:
        """Count an open stream."""
        self.open_streams = (self.open_streams or 0) + 1

    def stream_closed(self) -> None:
        """Count it as closed."""
        self.open_streams = (self.open_streams or 0) - 1

    def finished(self, call: Call, started: float, code: str = "OK", reason: str = "") -> None:
        """Count and log a call that began at `started` on the monotonic clock, and how it ended."""
        seconds = monotonic() - started
        durations = self.durations
        durations[bisect_left(_BUCKETS, seconds)] += 1
        durations[-1] += seconds
        line: dict[str, object] = {
            "event": "call",
            "level": "info",
            "method": self.method,
            "code": code,
            "ms": int(seconds * 100_000 + 0.5) / 100,
            "request_id": call.request_id,
            "address": call.address,
        }
        if call.caller is not None:
            line["user_id"] = call.caller.user_id
        if code != "OK":
            self.refusals[code, reason] = self.refusals.get((code, reason), 0) + 1
            line["reason"] = reason
            if code == "INTERNAL":
                line["level"] = "error"
        self._log.write(line)


class Telemetry(Collector):
    """The meters of all methods, and the access log.

    It makes Prometheus samples of them when asked: the library's own counters take a lock for each call.
    """

    def __init__(self, registry: CollectorRegistry, access_log: AccessLog) -> None:
        self._log = access_log
        self._meters: dict[str, Meter] = {}
        registry.register(self)

    def meter_of(self, method: str) -> Meter:
        """What counts the calls of a method."""
        return self._meters.setdefault(method, Meter(method, self._log))

    def end(self) -> None:
        """Log each call at once from now on, with what waits to be logged: the process is about to end."""
        self._log.end()

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]:
        """The samples of this moment, for Prometheus; none of a method that nobody has called."""
        calls = HistogramMetricFamily("sanset_call_seconds", "Calls and their duration", labels=["method"])
        refusals = CounterMetricFamily(
            "sanset_refusals", "Calls that were refused or cancelled", labels=["method", "code", "reason"]
        )
        streams = GaugeMetricFamily("sanset_open_streams", "Open streams", labels=["method"])
        for method, meter in self._meters.items():
            if any(meter.durations):
                calls.add_metric([method], _buckets(meter.durations), meter.durations[-1])
            for key, count in meter.refusals.items():
                refusals.add_metric([method, *key], count)
            if meter.open_streams is not None:
                streams.add_metric([method], meter.open_streams)
        return calls, refusals, streams


def _buckets(durations: list[float]) -> list[tuple[str, float]]:
    """The calls up to each bound, as Prometheus counts them."""
    total, buckets = 0.0, []
    for bound, count in zip((*map(str, _BUCKETS), "+Inf"), durations, strict=False):
        total += count
        buckets.append((bound, total))
    return buckets
