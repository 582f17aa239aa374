"""Networks: what counts as one address. A household has a whole /64 of IPv6, and may call from all of it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network

IPV6_PREFIX = 64
"""As envoy.yaml has it."""


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
