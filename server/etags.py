"""Etags: a version as clients see it, and the refusal of a stale one."""

from __future__ import annotations

from server.errors import StaleEtag


def etag_of(version: int) -> str:
    """The etag of a version."""
    return f"v{version}"


def check_etag(sent: str, version: int, resource: str) -> None:
    """Raise StaleEtag when an etag was sent and is not that of `version`."""
    if sent and sent != etag_of(version):
        raise StaleEtag(resource=resource, current=etag_of(version))
