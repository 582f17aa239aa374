"""Bodies to begin with, as the pages of the documentation fill them in."""

from __future__ import annotations

from openapi.contract import Json

_EXAMPLES: dict[str, Json] = {
    ".sanset.v1.LoginRequest": {"email": "john@example.com", "password": "demo-shop-1"},
    ".sanset.v1.AddItemRequest": {"product_id": "1", "quantity": 1},
}
"""By request; they hold in a demo shop."""


def example(request: str) -> Json:
    """The example of a body that is the whole request, where there is one."""
    return {"example": _EXAMPLES[request]} if request in _EXAMPLES else {}
