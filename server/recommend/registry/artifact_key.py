"""The key of the artifacts."""

from __future__ import annotations

from server.crypto.keys import derived_key
from server.settings import Settings


def artifact_key(settings: Settings) -> bytes:
    """The key that signs artifacts, derived from the shop's secret."""
    return derived_key(settings.secret_key.get_secret_value().encode(), "artifact")
