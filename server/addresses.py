"""Addresses and networks of callers as values: one and the same, however it is written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

HOUSEHOLD_BITS: Final = 64
"""Of IPv6: whoever has one address of such a network has all of them. As envoy.yaml has it."""
_HOUSEHOLD_GROUPS: Final = 4
_MAPPED_BITS: Final = 96
"""Before the IPv4 address that an IPv6 address carries: a socket for both kinds names callers so."""


def address_of(text: str) -> Address | None:
    """The address that a text names, without its zone; None when it is none, as a socket's path.

    ::ffff:203.0.113.7 is 203.0.113.7.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def network_named(text: str) -> Network:
    """The network, or the single address, that a text names. Raises ValueError when it is none."""
    network = ip_network(text, strict=False)
    inner = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if inner is None or network.prefixlen < _MAPPED_BITS:
        return network
    return IPv4Network((inner, network.prefixlen - _MAPPED_BITS))


def beginning_of_household(text: str) -> str:
    """What the texts of all addresses of a household begin with; empty where the address is of no household.

    Also where zeros among the first groups may be left out, or not, as the rest of an address has it.
    """
    address = address_of(text)
    if not isinstance(address, IPv6Address):
        return ""
    groups = str(household_of(address).network_address).removesuffix("::").split(":")
    return ":".join([*groups, ""]) if len(groups) == _HOUSEHOLD_GROUPS and "0" not in groups else ""


def household_of(address: IPv6Address) -> IPv6Network:
    """The network that an address of IPv6 is in, whose addresses are all in one hand."""
    return IPv6Network((address, HOUSEHOLD_BITS), strict=False)
