"""The main pages as people see them: on a desk and a telephone, with a keyboard or a screen reader."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from support.accessibility import flaws_of
from support.browser import NARROW, WIDE, Visiting, picture_of
from support.real_stack import Stack
from support.shop_window import ShopWindow

MAX_SCRIPT_BYTES = 150_000
"""What a page loads of scripts, compressed, before its first product shows."""
MAX_SHIFT = 0.02
"""How far things move on a page that was begun, as browsers count it: 0.1 is still good."""

LOADED = """() => new Promise(done => {
  let shift = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => shift += entry.value))
    .observe({type: "layout-shift", buffered: true});
  const scripts = performance.getEntriesByType("resource").filter(entry => entry.name.endsWith(".js"));
  const bytes = scripts.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
  requestAnimationFrame(() => requestAnimationFrame(() => done([bytes, shift])));
})"""
"""The bytes of the scripts so far, and how far things moved."""


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


@pytest.mark.parametrize("path", ["/", "/c/kitchen", "/search?q=mug"])
def test_products_show_after_little_script_and_stay_where_they_are(path: str, visit: Visiting) -> None:
    page = visit(size=NARROW).tab(path)
    expect(page.locator(".card h3").first).to_be_visible()
    expect(page.locator(".card-waiting")).to_have_count(0)
    script_bytes, shift = page.evaluate(LOADED)
    assert 0 < script_bytes <= MAX_SCRIPT_BYTES
    assert shift <= MAX_SHIFT
