"""Limits: calls by address, streams by caller."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from server.budgets.budgets import Budgets
from server.contract import FILES_A_MINUTE, REPORTS_A_MINUTE
from server.db.deadline import Deadline
from server.identity import Identity, Role
from server.rpc.address_limits import RateLimited
from server.rpc.call import Call
from server.rpc.limits import Limits, TooManyStreams
from server.rpc.networks import network_of

REPORT = "/shop.v1.PaymentService/ReceiveReport"
FILE = "/shop.v1.MediaService/GetFile"
SEARCH = "/shop.v1.SearchService/Search"


def _call(address: str = "10.0.0.1", user_id: int = 0, *, through_envoy: bool = False) -> Call:
    caller = Identity(user_id, Role.CUSTOMER, "s", 0) if user_id else None
    return Call("/m", "r", address, through_envoy, None, Deadline(5), caller)


def _limits(anonymous: int = 3, signed_in: int = 5, streams_per_user: int = 2, streams: int = 3) -> Limits:
    return Limits(
        Budgets(None, lambda: 600_000.0),
        anonymous=anonymous,
        signed_in=signed_in,
        streams_per_user=streams_per_user,
        streams=streams,
        report_methods=[REPORT],
        file_methods=[FILE],
        searches=2,
        search_methods=[SEARCH],
    )


def _admitted(limits: Limits, call: Call, tries: int = 20) -> int:
    for count in range(tries):
        try:
            limits.count_of(call.method)(call)
        except RateLimited:
            return count
    return tries


def test_the_refusal_says_how_many_and_when_again() -> None:
    limits = _limits()
    _admitted(limits, _call())
    with pytest.raises(RateLimited) as caught:
        limits.count_of(_call().method)(_call())
    assert caught.value.facts["limit"] == "3"
    assert 1 <= (caught.value.retry_after_seconds or 0) <= 60


def test_searches_have_a_lower_limit_of_their_own_and_count_among_all_calls() -> None:
    limits, search = _limits(anonymous=4), replace(_call(), method=SEARCH)
    assert _admitted(limits, search) == 2
    assert _admitted(limits, _call()) == 1, "two searches and the refused one were calls, too"
    assert _admitted(limits, replace(search, address="10.0.0.2")) == 2


def test_an_address_has_so_many_calls_a_minute_and_more_when_signed_in() -> None:
    limits = _limits(anonymous=300, signed_in=500)
    assert _admitted(limits, _call(), 400) == 300
    assert _admitted(limits, _call(user_id=1), 600) == 500
    assert _admitted(limits, _call(user_id=2), 600) == 0, "another user at the same address shares its count"
    assert _admitted(limits, _call("10.0.0.2"), 400) == 300


def test_a_payment_gateway_may_report_much_more_than_a_stranger_may_call() -> None:
    limits = _limits()
    assert _admitted(limits, _call()) == 3
    report = replace(_call(), method=REPORT)
    assert _admitted(limits, report, 7000) == REPORTS_A_MINUTE


def test_a_page_may_show_much_more_pictures_than_a_stranger_may_call() -> None:
    assert _admitted(_limits(), replace(_call(), method=FILE), 7000) == FILES_A_MINUTE


def test_calls_through_envoy_and_past_it_have_one_budget() -> None:
    limits = _limits()
    assert _admitted(limits, _call(through_envoy=True), 2) == 2
    assert _admitted(limits, _call()) == 1
    assert _admitted(limits, _call(through_envoy=True)) == 0


def test_zero_turns_the_limits_off() -> None:
    assert _admitted(_limits(anonymous=0), _call()) == 20
    assert _admitted(_limits(anonymous=0), _call(user_id=1)) == 20


def test_a_user_holds_so_many_streams_and_gets_the_place_back() -> None:
    limits = _limits()
    with ExitStack() as held:
        held.enter_context(limits.stream(_call(user_id=1)))
        with limits.stream(_call(user_id=1)):
            with pytest.raises(TooManyStreams) as caught, limits.stream(_call(user_id=1)):
                pass
            assert caught.value.facts == {"limit": "2"}
        held.enter_context(limits.stream(_call(user_id=1)))
    assert limits.open_streams == 0


def test_a_worker_holds_so_many_streams_in_all() -> None:
    limits = _limits()
    with ExitStack() as held:
        for user_id in (1, 2, 3):
            held.enter_context(limits.stream(_call(user_id=user_id)))
        with pytest.raises(TooManyStreams) as caught, limits.stream(_call(user_id=4)):
            pass
        assert caught.value.facts == {"limit": "3"}


def test_a_stream_that_fails_gives_its_place_back() -> None:
    limits = _limits()
    with pytest.raises(ZeroDivisionError), limits.stream(_call(user_id=1)):
        _ = 1 / 0
    assert limits.open_streams == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::9", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:/run/x", "unix:/run/x"),
        ("", ""),
    ],
)
def test_a_network_of_ipv6_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
