"""Text that people type about themselves: what is stored of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from server.errors import InvalidField


def tidied(values: Mapping[str, Any], *, required: Iterable[str] = (), prefix: str = "") -> dict[str, Any]:
    """`values` with their texts stripped; other values as they are.

    Raises InvalidField when a text holds control characters (a line break would forge lines in mail and on
    labels), or one of `required` is present and blank. `prefix` comes before the field's name in the message.
    """
    tidy = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    wrong = [
        (prefix + name, "must not contain control characters")
        for name, value in tidy.items()
        if isinstance(value, str) and has_control_characters(value)
    ]
    wrong += [(prefix + name, "must not be blank") for name in required if tidy.get(name) == ""]
    if wrong:
        raise InvalidField(*wrong)
    return tidy


def has_control_characters(text: str) -> bool:
    """Whether `text` holds a control character, a line break included."""
    return any(unicodedata.category(character) == "Cc" for character in text)


def lookup_key(text: str) -> str:
    """The form in which an e-mail address or user name is unique: whatever its case."""
    return text.strip().casefold()
