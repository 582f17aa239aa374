"""Networks: what counts as one address. A household has a whole /64 of IPv6, and may call from all of it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network

from server.addresses import address_of, household_of

IPV4_NEIGHBOURS = 24


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """`address` itself, or the /64 that it is in."""
    parsed = address_of(address)
    if parsed is None:  # a socket's path, or nothing
        return address
    return str(parsed if isinstance(parsed, IPv4Address) else household_of(parsed))


def neighbours_of(address: str) -> str:
    """The network whose addresses are mostly in one hand: the /24 that `address` is in, of IPv6 the /64."""
    network = network_of(address)
    try:
        return str(IPv4Network(f"{network}/{IPV4_NEIGHBOURS}", strict=False))
    except ValueError:
        return network
