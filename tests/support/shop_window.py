"""What a shop sells that browsers look at: two departments, products with and without pictures and variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.pictures import encoded, picture
from support.real_stack import Stack, until

_NAMES = ("Blue mug", "Green bowl", "Bread board", "Copper kettle", "Egg cups", "Linen apron")


@dataclass(frozen=True)
class ShopWindow:
    """Products by what they are for in a test, as JSON."""

    mug: Any
    """A thing at 10.00 with a picture, that never runs out."""
    shirt: Any
    """A thing in two colours and sizes."""


def filled(stack: Stack) -> ShopWindow:
    """Fill the shop, and wait until its search knows of it."""
    kitchen = _category(stack, "Kitchen")
    clothes = _category(stack, "Clothes")
    mug, *_ = [_product(stack, name, kitchen) for name in _NAMES]
    shirt = _product(stack, "Wool shirt", clothes)
    for color in ("Red", "Blue"):
        for size in ("S", "M"):
            _variant(stack, shirt["id"], color, size)
    stranger = stack.client()
    until(lambda: stranger.get("search", params={"q": "shirt"}).json().get("items"))
    return ShopWindow(mug, stranger.get(f"products/{shirt['id']}").json())


def _category(stack: Stack, name: str) -> str:
    reply = stack.admin.http.post("categories", json={"name": name})
    assert reply.status_code == 200, reply.text
    made: str = reply.json()["id"]
    return made


def _product(stack: Stack, name: str, category_id: str) -> Any:
    product = stack.product(
        name=name,
        category_id=category_id,
        brand="Hearth",
        stock=10_000,
        description=f"{name}: made to last.\n\nWash it by hand.",
        attributes={"Material": "several"},
    )
    path, file = f"products/{product['id']}/images", encoded(picture(600, 600), "PNG")
    headers = {"content-type": "image/png"}
    image = stack.admin.http.post(path, params={"alt": name}, content=file, headers=headers)
    assert image.status_code == 200, image.text
    return product


def _variant(stack: Stack, product_id: str, color: str, size: str) -> None:
    options = [{"name": "Color", "value": color}, {"name": "Size", "value": size}]
    reply = stack.admin.http.post(f"products/{product_id}/variants", json={"options": options, "stock": 100})
    assert reply.status_code == 200, reply.text
