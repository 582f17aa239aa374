"""The events of the orders as tests of the event table read them: by their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from server.events.log import ORDER
from server.events.topics import Payload


@dataclass(frozen=True, slots=True)
class OrderKey:
    """An event of the orders, whatever it says."""

    topic: ClassVar[str] = ORDER
    key: str

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        return cls(key)
