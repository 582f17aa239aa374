"""Addresses: one and the same, however it is written, wherever it is counted."""

from __future__ import annotations

import pytest

from server.addresses import address_of, network_named
from server.crypto.ring import KeyRing
from server.recommend.feedback.origins import Origins
from server.rpc.networks import network_of


@pytest.mark.parametrize(
    ("text", "network", "origin"),
    [
        ("203.0.113.7", "203.0.113.7", "ae4f74b2eb7fa1de"),
        ("::ffff:203.0.113.7", "203.0.113.7", "ae4f74b2eb7fa1de"),
        ("::ffff:cb00:7107%eth0", "203.0.113.7", "ae4f74b2eb7fa1de"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "13eb9d5ee039e76e"),
        ("2001:0DB8:1:2::9", "2001:db8:1:2::/64", "13eb9d5ee039e76e"),
        ("fe80::1%eth0", "fe80::/64", "b3d3815bda40b590"),
        ("unix:", "unix:", "f55c4235005c08ed"),
    ],
)
def test_what_counts_as_one_address_is_the_same_everywhere(text: str, network: str, origin: str) -> None:
    """The origins are those of earlier releases: another hash would make strangers of all visitors."""
    assert network_of(text) == network
    assert Origins(KeyRing([b"a secret of the tests, long enough for all"])).of(text) == origin


def test_what_is_no_address_is_none() -> None:
    assert [address_of(text) for text in ("", "unix:", "203.0.113", "203.0.113.7:80", "::g")] == [None] * 5


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("203.0.113.7/24", "203.0.113.0/24"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("::/0", "::/0"),
        ("2001:db8::5/32", "2001:db8::/32"),
    ],
)
def test_a_network_that_carries_addresses_of_ipv4_is_one_of_ipv4(text: str, network: str) -> None:
    assert str(network_named(text)) == network
