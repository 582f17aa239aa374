"""Tells whether a server on this machine answers over HTTP."""

from __future__ import annotations

import asyncio
import ssl


def any_certificate() -> ssl.SSLContext:
    """TLS to ourselves, whose certificate names the shop as its callers know it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def answers_well(host: str, port: int, path: str, tls: ssl.SSLContext | None = None) -> bool:
    """Tell whether a GET is answered with status 200."""
    try:
        reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
