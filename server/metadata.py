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


def metadata_json(metadata: Mapping[str, Any] | None) -> str:
    """Metadata as compact JSON, its names in order; empty when there is none."""
    if not metadata:
        return ""
    return json.dumps(metadata, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
