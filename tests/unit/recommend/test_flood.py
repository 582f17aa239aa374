"""Floods of events: how much one person and one address may report, and that memory stays bounded."""

from __future__ import annotations

import threading

import pytest

from server.crypto.ring import KeyRing
from server.recommend.feedback.errors import TooManyEvents
from server.recommend.feedback.flood import FROM_ONE_ORIGIN, IN_A_DAY, Buckets, Flood
from server.recommend.feedback.origins import Origins


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_events_come_back_as_time_goes_by() -> None:
    clock = Clock()
    flood = Flood(600, clock)
    for _ in range(6):
        flood.admit("u:1", "", 100)
    with pytest.raises(TooManyEvents) as caught:
        flood.admit("u:1", "", 100)
    assert caught.value.retry_after_seconds == 10
    assert caught.value.facts == {"limit": "600", "seconds": "10"}
    flood.admit("u:2", "", 100)
    clock.now += 9.9
    with pytest.raises(TooManyEvents):
        flood.admit("u:1", "", 100)
    clock.now += 0.2
    flood.admit("u:1", "", 100)


def test_what_is_refused_costs_nothing() -> None:
    clock = Clock()
    flood = Flood(100, clock)
    flood.admit("u:1", "", 50)
    with pytest.raises(TooManyEvents):
        flood.admit("u:1", "", 60)
    flood.admit("u:1", "", 50)


def test_a_full_batch_passes_under_the_smallest_limit() -> None:
    Flood(1).admit("u:1", "", 100)


def test_no_limit_is_no_limit() -> None:
    flood = Flood(0)
    for _ in range(1000):
        flood.admit("v:1", "home", 100)


def test_invented_visitors_share_what_their_address_may_report() -> None:
    flood = Flood(600, Clock())
    for visitor in range(6 * FROM_ONE_ORIGIN):
        flood.admit(f"v:{visitor}", "home", 100)
    with pytest.raises(TooManyEvents):
        flood.admit("v:one-more", "home", 1)
    flood.admit("v:someone", "elsewhere", 100)


def test_an_address_has_an_end_for_the_day_too() -> None:
    clock = Clock()
    flood = Flood(100, clock)
    taken = 0
    for minute in range(500):
        clock.now += 60
        for visitor in range(FROM_ONE_ORIGIN):
            try:
                flood.admit(f"v:{minute}-{visitor}", "home", 100)
            except TooManyEvents:
                continue
            taken += 100
    most_at_once = 100 * IN_A_DAY
    assert most_at_once <= taken < most_at_once * 1.5
    flood.admit("v:else", "elsewhere", 100)


def test_buckets_are_bounded_and_the_least_used_goes_first() -> None:
    buckets = Buckets(60, 10, most=2)
    for name in ("a", "b", "a", "c"):
        buckets.take(name, 5, now=0.0)
    assert buckets.wait_for("a", 10, now=0.0) == 10, "kept: nothing is left in it"
    assert buckets.wait_for("c", 10, now=0.0) == 5
    assert buckets.wait_for("b", 10, now=0.0) == 0, "forgotten, so full again"


def test_threads_cannot_take_more_than_there_is() -> None:
    flood = Flood(1000, Clock())
    admitted = []

    def ask() -> None:
        for _ in range(200):
            try:
                flood.admit("u:1", "", 10)
            except TooManyEvents:
                continue
            admitted.append(10)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(admitted) == 1000


def test_an_origin_tells_addresses_apart_and_nothing_else() -> None:
    origins = Origins(KeyRing([b"a secret"]))
    first = origins.of("203.0.113.7")
    assert len(first) == 16
    assert "203" not in first
    assert origins.of("203.0.113.7") == first
    assert origins.of("203.0.113.8") != first
    assert Origins(KeyRing([b"another"])).of("203.0.113.7") != first


def test_a_network_of_ipv6_is_one_origin_and_a_mapped_address_its_own() -> None:
    origins = Origins(KeyRing([b"a secret"]))
    assert origins.of("2001:db8:1:2::1") == origins.of("2001:db8:1:2:ffff::9")
    assert origins.of("2001:db8:1:2::1") != origins.of("2001:db8:1:3::1")
    assert origins.of("::ffff:203.0.113.7") == origins.of("203.0.113.7")
    assert origins.of("unix:/run/shop.sock") == origins.of("unix:/run/shop.sock")
