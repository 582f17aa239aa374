"""HTTP without TLS: reading the authorities of the system takes a client longer than most calls."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody, and is asked by nobody."""


def client(**options: Any) -> httpx.Client:
    """A client for http:// alone."""
    return httpx.Client(verify=NO_TLS, **options)


def request(verb: str, url: str, **options: Any) -> httpx.Response:
    """A single call."""
    return httpx.request(verb, url, verify=NO_TLS, **options)


def get(url: str, **options: Any) -> httpx.Response:
    """A single read."""
    return request("GET", url, **options)
