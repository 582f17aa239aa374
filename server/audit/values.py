"""Values as the audit log keeps them: plain, short, and without what is secret or of a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

MASK: Final = "***"
"""Stands for a value that the log does not keep."""

MAX_TEXT: Final = 200
MAX_ITEMS: Final = 50
MAX_BYTES: Final = 8 * 1024
"""Of the values of one kind of an entry, as JSON."""


def masked(values: Mapping[str, object], hides: Collection[str]) -> dict[str, Any]:
    """Values by name as JSON has them; those of the names that are hidden, at any depth, are masked."""
    return {name: MASK if name in hides else _plain(value, hides) for name, value in values.items()}


def bounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that fit an entry; of more than that only their names."""
    size = len(canonical(values))
    return dict(values) if size <= MAX_BYTES else {"omitted": list(values)[:MAX_ITEMS], "bytes": size}


def canonical(value: object) -> bytes:
    """A value as JSON that is always written the same way, whichever database it comes from."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: object, hides: Collection[str]) -> Any:
    """A value as JSON has it: numbers other than integers are texts, which no database writes otherwise."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return shortened(str(value))
        case bytes():
            return f"{len(value)} bytes"
        case Mapping():
            return masked({str(key): each for key, each in value.items()}, hides)
        case Sequence() | frozenset() | set():
            return _items(value, lambda each: _plain(each, hides))
        case _:
            return shortened(str(value))


def _items(values: Collection[object], plain: Callable[[object], Any]) -> list[Any]:
    first = [plain(each) for _, each in zip(range(MAX_ITEMS), values, strict=False)]
    return first if len(values) <= MAX_ITEMS else [*first, f"and {len(values) - MAX_ITEMS} more"]


def shortened(text: str) -> str:
    """A text, cut where it is long."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
