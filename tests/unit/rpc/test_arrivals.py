"""Arrivals: in a line that stands, late calls are refused; a call that is late by itself is not."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from server.db.deadline import Deadline
from server.errors import Overloaded
from server.rpc.arrivals import BEGUN, Arrivals
from server.rpc.call import Call


def _judged(arrivals: Arrivals, waits: list[float], began: float, rate: float = 1000) -> Counter[str]:
    """What becomes of calls that are read one after the other."""
    ended: Counter[str] = Counter()
    for place, waited in enumerate(waits):
        try:
            arrivals.judge(waited, began + place / rate)
        except Overloaded:
            ended["refused"] += 1
        else:
            ended["served"] += 1
    return ended


def _call(begun: str | None, *, through_envoy: bool = True) -> Call:
    headers = {BEGUN: begun} if begun is not None else {}
    return Call("/m", "r", "10.0.0.1", through_envoy, None, Deadline(5), headers=headers)


def test_only_envoy_is_believed_about_when_a_call_began(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[float] = []
    arrivals = Arrivals(1)
    monkeypatch.setattr(arrivals, "judge", lambda waited, now: judged.append(waited))
    ago = str(int(time.time() * 1000) - 2000)
    arrivals.admit(_call(None))
    arrivals.admit(_call(ago, through_envoy=False))
    assert judged == []
    arrivals.admit(_call(ago))
    assert judged == [pytest.approx(2, abs=1)]


def test_calls_that_come_at_once_are_served() -> None:
    assert _judged(Arrivals(1), [0.002] * 2000, 100) == {"served": 2000}


def test_a_rush_of_less_than_a_second_is_served() -> None:
    assert _judged(Arrivals(1), [0.8] * 900, 100) == {"served": 900}


def test_of_what_waited_more_than_a_second_in_a_line_every_other_call_is_refused() -> None:
    arrivals = Arrivals(1)
    _judged(arrivals, [1.5] * 200, 100)
    assert _judged(arrivals, [1.5] * 1000, 100.2) == {"refused": 500, "served": 500}


def test_in_a_line_that_does_not_end_a_tenth_of_a_second_is_too_long() -> None:
    arrivals = Arrivals(1)
    _judged(arrivals, [0.5] * 1500, 100)
    assert _judged(arrivals, [0.5, 0.08] * 200, 101.5) == {"refused": 200, "served": 200}


def test_when_the_line_has_ended_a_rush_is_served_again() -> None:
    arrivals = Arrivals(1)
    _judged(arrivals, [0.5] * 1500, 100)
    _judged(arrivals, [0.001] * 300, 101.5)
    assert _judged(arrivals, [0.5] * 100, 101.8) == {"served": 100}


def test_a_caller_who_sends_slowly_is_served_beside_others_and_alone() -> None:
    arrivals = Arrivals(1)
    assert _judged(arrivals, [0.001] * 500 + [5.0] + [0.001] * 500, 100) == {"served": 1001}
    assert _judged(Arrivals(1), [5.0] * 20, 100, rate=2) == {"served": 20}
    assert _judged(Arrivals(1), [5.0] * 20, 100, rate=40) == {"served": 20}
