"""The public internet: which addresses belong to it, and connections that reach nothing else.

A name is resolved once for each connection, every address it has must be public, and the connection goes to one of
those, so that a name cannot mean another address a moment later.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Final

import certifi
import httpcore

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC_4: Final = [
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "168.63.129.16/32",  # where Azure tells its machines about themselves
    )
]  # fmt: skip
_UNICAST_6: Final = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = [ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20")]
"""IANA's special purposes. Python's `is_global` alone follows its release, and misses some."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotPublic(Exception):
    """The address must not be connected to; the text says why."""


async def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of a host, all of which may be connected to. Raises NotPublic and OSError."""
    loop = asyncio.get_running_loop()
    try:
        entries = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError(f"{host[:100]} is not a name") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    if not addresses:
        raise OSError(f"{host} has no address")
    if not allow_private:
        for address in addresses:
            if not is_public(ipaddress.ip_address(address.partition("%")[0])):
                raise NotPublic(f"{host} is at {address}, which is not a public address")
    return addresses


def is_public(address: Address) -> bool:
    """Return whether an address lies in the public internet, looked through the ways to wrap IPv4 into IPv6."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_PUBLIC_4)
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(inner)
    special = any(address in network for network in _NOT_PUBLIC_6)
    return address.is_global and address in _UNICAST_6 and not special


class PublicOnly(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only; TLS still checks the certificate of the name."""

    def __init__(self, *, allow_private: bool, trusted_host: str = "") -> None:
        """`trusted_host` may be wherever it is, as the settings name it."""
        self._allow_private = allow_private
        self._trusted_host = trusted_host
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of `host` that answers. Raises NotPublic."""
        try:
            is_trusted = self._allow_private or host == self._trusted_host
            addresses = await resolve(host, port, allow_private=is_trusted)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved") from error
        for number, address in enumerate(addresses, start=1):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise AssertionError("unreachable")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise NotPublic("a socket of this host")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def trust() -> ssl.SSLContext:
    """Trusts whom this host trusts, so that a company's own authority can be added, and the public ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
