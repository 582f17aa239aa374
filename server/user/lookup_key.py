"""E-mail addresses and user names: the form in which two of them are the same."""

from __future__ import annotations


def lookup_key(text: str) -> str:
    """The form in which an e-mail address or user name is unique: whatever its case."""
    return text.strip().casefold()
