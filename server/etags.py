"""Etags: a version or a content as clients see it, and the refusal of a stale one."""

from __future__ import annotations

from hashlib import blake2b

from server.errors import StaleEtag


def etag_of(version: int) -> str:
    """The etag of a version."""
    return f"v{version}"


def etag_of_content(version: int, *values: object) -> str:
    """The etag of a version and of what it holds: texts, numbers, lists of texts and None.

    The version, so that no etag returns when a value does. The content, since a release from before versions were
    counted may serve beside this one.
    """
    # SQLite has 1 for True, and after a write 0 for 0.0.
    alike = [float(value) if isinstance(value, int) else value for value in (version, *values)]
    return blake2b(repr(alike).encode(), digest_size=12).hexdigest()


def check_etag(sent: str, current: str, resource: str) -> None:
    """Raise StaleEtag when an etag was sent and is not the current one."""
    # The current one is not told: that would invite to overwrite what nobody has looked at.
    if sent and sent != current:
        raise StaleEtag(resource=resource)
