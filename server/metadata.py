"""Custom metadata: the JSON objects that callers keep with resources. They are bounded, and never interpreted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Metadata: TypeAlias = dict[str, Any]
"""A JSON object, which can hold anything."""

MAX_METADATA_BYTES: Final = 4 * 1024
"""As compact JSON in UTF-8."""

MAX_METADATA_KEY: Final = 64
"""Characters of a name, at any depth."""

_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def is_same_json(one: object, other: object) -> bool:
    """Whether two JSON values are the same, which true and 1 are to Python."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same_json(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same_json, one, other))
    return one == other


def metadata_json(metadata: Mapping[str, Any] | None) -> str:
    """Metadata as compact JSON, its names in order; empty when there is none."""
    return _COMPACT.encode(metadata) if metadata else ""
