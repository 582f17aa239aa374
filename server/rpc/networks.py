"""Networks: what counts as one address. A household has a whole /64 of IPv6, and may call from all of it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, ip_address, ip_network

IPV6_PREFIX = 64
"""As envoy.yaml has it."""
IPV4_NEIGHBOURS = 24


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """`address` itself, or the /64 that it is in."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:  # a socket's path, or nothing
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, IPV6_PREFIX), strict=False))


def neighbours_of(address: str) -> str:
    """The network whose addresses are mostly in one hand: the /24 that `address` is in, of IPv6 the /64."""
    network = network_of(address)
    try:
        return str(IPv4Network(f"{network}/{IPV4_NEIGHBOURS}", strict=False))
    except ValueError:
        return network
