"""Events that no type of the shop makes: of any topic, with any key and payload."""

from __future__ import annotations

from dataclasses import dataclass

from server.events.models import JsonObject


@dataclass(frozen=True, slots=True)
class RawEvent:
    """An event as the table keeps it."""

    topic: str
    key: str = "*"
    payload: JsonObject | None = None

    def to_json(self) -> JsonObject | None:
        """The payload."""
        return self.payload
