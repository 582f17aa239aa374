"""Settings of the stock: where another system says how much there is."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from server.settings.group import Group


class InventorySettings(Group):
    """The list that the stock is brought up to."""

    inventory_source: str = Field(
        "",
        description="A CSV file, or an address that answers with one (sku,location,quantity), by which stock is "
        "set every 15 minutes; empty: none",
    )
    inventory_source_allow_private: bool = Field(
        False, description="Let INVENTORY_SOURCE be in this network, and speak http"
    )

    @field_validator("inventory_source")
    @classmethod
    def _can_be_read(cls, value: str) -> str:
        if "://" not in value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError("use a path, or an address like https://example.com/stock.csv, without a user")
        return value
