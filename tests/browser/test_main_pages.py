"""The main pages as people see them: on a desk and a telephone, with a keyboard or a screen reader."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from support.accessibility import flaws_of
from support.browser import NARROW, WIDE, Visiting, picture_of
from support.real_stack import Stack
from support.shop_window import ShopWindow


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_main_pages_have_no_flaw_that_shuts_people_out(
    shop: Stack, goods: ShopWindow, visit: Visiting, size: tuple[int, int]
) -> None:
    person = shop.customer()
    order = shop.order(person)
    person.http.post("cart/add", json={"product_id": goods.mug["id"]})
    page = visit(person, size=size).tab()
    for name, path in {
        "home": "/",
        "category": "/c/kitchen",
        "search": "/search?q=mug",
        "product": f"/p/{goods.shirt['slug']}",
        "cart": "/cart",
        "checkout": "/checkout",
        "order": f"/orders/{order['id']}",
        "account": "/account",
        "security": "/account/security",
        "sign-in": "/sign-in",
    }.items():
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        expect(page.locator(".waiting, .card-waiting, [aria-busy=true]")).to_have_count(0)
        picture_of(page, f"{name}-{size[0]}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], f"{name} scrolls sideways"
        assert size is NARROW or flaws_of(page) == {}, name  # once: it takes longer than all the rest
