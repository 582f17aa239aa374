"""The form of a rule: one read-only query for the rows that break it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that always holds. `query` finds the rows that break it; their columns fill `sentence`.

    Where the databases have no common words, as for what is inside of JSON, there is a query by dialect.
    `lists` are the values of the query's lists (`IN :live`).
    """

    name: str
    sentence: str
    query: str | Select[*tuple[Any, ...]] | Mapping[str, str]
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
