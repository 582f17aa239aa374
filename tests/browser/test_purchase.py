"""Buying in a browser, from the search to the door."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Page, expect
from support.browser import Visiting, picture_of
from support.real_stack import PASSWORD, Stack
from support.shop_window import ShopWindow


def test_a_guest_searches_registers_buys_and_watches_the_order_arrive(
    shop: Stack, goods: ShopWindow, visit: Visiting
) -> None:
    page = visit().tab()
    search = page.get_by_role("combobox", name="Search the shop")
    search.press_sequentially("mug")
    expect(page.get_by_role("option", name="Blue mug")).to_be_visible()
    search.press("Enter")
    page.get_by_role("heading", name="Blue mug").click()
    page.get_by_role("button", name="Add to the cart").click()
    page.get_by_role("link", name="To the cart").click()
    page.get_by_role("link", name="Check out").click()

    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Full name").fill("Ann Buyer")
    page.get_by_label("E-mail address").fill(f"ann-{uuid.uuid4().hex}@shop.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()

    page.get_by_label("Street and number").fill("1 Main Street")
    page.get_by_label("Town").fill("Springfield")
    page.get_by_label("Country").fill("us")
    page.get_by_role("button", name="Save the address").click()
    page.get_by_role("button", name=re.compile(r"Buy for \$")).click()

    expect(page.get_by_role("status").filter(has_text="Confirmed")).to_be_visible()
    picture_of(page, "order")
    watched_to_the_door(shop, page)
    expect(page.get_by_role("link", name="Cart, 0 in it")).to_be_visible()


def watched_to_the_door(shop: Stack, page: Page) -> None:
    """The shop moves the order of a page, which shows each step without being read anew."""
    order_id = page.url.rsplit("/", 1)[1]
    for status, said in {
        "PROCESSING": "Being packed",
        "SHIPPED": "On its way",
        "DELIVERED": "Delivered",
    }.items():
        shop.move(order_id, status)
        expect(page.locator("[aria-current=step]")).to_have_text(said)
