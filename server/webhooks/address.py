"""Which addresses webhooks may reach: https, and public, by whatever name or spelling.

This is checked when an address is given; the check that counts is made at each connection (`public_network`).
"""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urlsplit

import httpcore

from server.public_network import NotPublic, resolve
from server.webhooks.errors import WebhookUrlRefused

RESOLVE_SECONDS: Final = 5.0


async def check_url(url: str, *, allow_private: bool) -> None:
    """Refuse an address that webhooks must not reach. Raises WebhookUrlRefused."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        httpcore.URL(url)
    except (ValueError, TypeError):
        raise WebhookUrlRefused("this is not an address") from None
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise WebhookUrlRefused("the address must begin with https://")
    if (
        not host
        or parts.username is not None
        or parts.fragment
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise WebhookUrlRefused("give a host, and no user, fragment, blank or special character")
    if port == 0:
        raise WebhookUrlRefused("nothing can listen on port 0; leave it out for 443")
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            await resolve(host, port or 443, allow_private=allow_private)
    except (NotPublic, OSError, TimeoutError) as error:
        said = str(error) if isinstance(error, NotPublic) else f"{host} cannot be resolved"
        raise WebhookUrlRefused(said) from None


def origin(url: str) -> str:
    """The scheme, host and port of an address that was checked: what can be shown when its path is a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
