"""The people of the shop at work in its console, while customers look on."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect
from support.accessibility import flaws_of
from support.browser import NARROW, PATIENCE_MS, WIDE, Visiting, picture_of
from support.real_stack import Stack
from support.shop_window import ShopWindow


def test_an_order_is_moved_and_a_unit_paid_back_while_its_buyer_watches(shop: Stack, visit: Visiting) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    watched = visit(buyer).tab(f"/orders/{order['id']}")
    page = visit(shop.admin).tab(f"/console/orders/{order['id']}/show")
    for button, said in {
        "Start packing": "Being packed",
        "Hand over": "On its way",
        "Mark as delivered": "Delivered",
    }.items():
        page.get_by_role("button", name=button).click()
        page.get_by_role("dialog").get_by_role("button", name=button).click()
        expect(watched.locator("[aria-current=step]")).to_have_text(said)
    page.get_by_role("button", name="Pay back").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(re.compile("^Mug")).fill("1")
    expect(dialog.get_by_text("$16.79").first).to_be_visible()  # with tax and shipping, as the shop foresees
    dialog.get_by_label("Why").fill("It broke on the way.")
    dialog.get_by_role("button", name="Pay back").click()
    expect(page.get_by_text("It broke on the way.")).to_be_visible()
    watched.reload()  # what has arrived is not watched any more
    expect(watched.get_by_text("1 paid back")).to_be_visible()


def test_a_slip_at_an_order_is_said_beside_its_field(shop: Stack, visit: Visiting) -> None:
    order = shop.order(shop.customer())
    page = visit(shop.admin).tab(f"/console/orders/{order['id']}/show")
    page.get_by_role("button", name="Pay back").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Pay back").click()
    mug = dialog.get_by_label(re.compile("^Mug"))
    expect(mug).to_have_attribute("aria-invalid", "true")
    expect(mug).to_have_accessible_description("Choose what to pay back.")
    dialog.get_by_role("button", name="Cancel").click()
    for status in ("PROCESSING", "SHIPPED"):
        shop.move(order["id"], status)
    expect(page.get_by_text("Handed over, without a number.")).to_be_visible()
    page.get_by_role("button", name="Another parcel").click()
    dialog.get_by_label("Carrier").fill("Post")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Tracking number")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("Carrier")).to_have_value("Post")


def test_a_day_leads_to_its_orders_that_were_paid_back(shop: Stack, visit: Visiting) -> None:
    order, other = (shop.order(shop.customer()) for _ in range(2))
    reply = shop.admin.http.post(f"orders/{order['id']}/refund", json={"all": True, "reason": "Recalled."})
    assert reply.status_code == 200, reply.text
    page = visit(shop.admin).tab("/console/sales?range=TODAY")
    page.get_by_role("link", name="Orders that were paid back").click()
    expect(page.get_by_text(order["number"])).to_be_visible()
    expect(page.get_by_text(other["number"])).to_have_count(0)
    page.goto(f"/console/orders/{order['id']}/show")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    expect(page.get_by_role("button", name="Pay back")).to_have_count(0)


def test_a_training_is_followed_to_its_model(shop: Stack, goods: ShopWindow, visit: Visiting) -> None:
    for _ in range(5):
        _orders(shop, [goods.mug["id"], shop.product()["id"]], count=4)
    page = visit(shop.admin).tab("/console/recommendations")
    page.get_by_role("button", name="Train").click()
    page.get_by_role("dialog").get_by_role("button", name="Train").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=4 * PATIENCE_MS)
    page.get_by_role("link", name="Show").first.click()
    expect(page.get_by_role("heading", name="How it was made")).to_be_visible()


def test_orders_are_by_the_names_of_their_customers(shop: Stack, visit: Visiting) -> None:
    buyers = [shop.customer() for _ in range(3)]
    orders = [shop.order(buyer) for buyer in buyers]
    for number, buyer in enumerate(buyers[:2]):
        buyer.http.patch("users/me", json={"full_name": f"Buyer {number} {buyer.me['id']}"})
    page = visit(shop.admin).tab("/console/synonyms")
    expect(page.get_by_role("heading", name="Synonyms", level=1)).to_be_visible()
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url.rpartition("/")[2]))
    page.get_by_role("menuitem", name="Orders").click()
    for name, order in zip(
        (*(f"Buyer {n} {buyers[n].me['id']}" for n in (0, 1)), "Ann Buyer"), orders, strict=True
    ):
        row = page.get_by_role("row", name=re.compile(order["number"]))
        expect(row.get_by_role("link", name=name)).to_be_visible()
    assert (calls.count("ListUsers"), calls.count("GetUser")) == (1, 0), "all of a page at once"
    picture_of(page, "console-orders")
    role = f"R{uuid.uuid4().hex[:8]}".upper()
    shop.admin.http.post("admin/roles", json={"name": role, "permissions": ["MANAGE_REFUNDS"]})
    person = shop.customer(address=False)
    shop.admin.http.put(f"admin/users/{person.me['id']}/role", json={"role": role})
    page = visit(person).tab("/console/orders")
    row = page.get_by_role("row", name=re.compile(orders[0]["number"]))
    expect(row.get_by_text(f"Customer {buyers[0].me['id']}", exact=True)).to_be_visible()


def test_a_long_form_leads_to_what_was_refused(shop: Stack, visit: Visiting) -> None:
    page = visit(shop.admin, size=NARROW).tab("/console/roles/create")
    name = page.get_by_label("Name")
    name.fill("no role")
    page.get_by_label("Webhooks").check()
    page.get_by_role("button", name="Save").click()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_be_focused()
    expect(name).to_be_in_viewport()
    expect(page.get_by_label("Webhooks")).to_be_checked()


def test_a_tab_that_was_open_while_pages_were_built_anew_goes_on(shop: Stack, visit: Visiting) -> None:
    begun = visit(shop.admin)
    page = begun.tab("/console")
    sales = page.get_by_role("menuitem", name="Best sellers")
    expect(sales).to_be_visible()
    page.route(re.compile("/assets/TopSalesPage-.*[.]js"), lambda route: route.abort(), times=1)
    sales.click()
    expect(page.get_by_label("Ranked by")).to_be_visible()
    begun.complaints.clear()  # that the file could not be had


def _orders(shop: Stack, product_ids: list[str], count: int) -> None:
    """A new customer orders these products so many times."""
    buyer = shop.customer()
    for _ in range(count):
        for product_id in product_ids:
            buyer.http.post("cart/add", json={"product_id": product_id})
        reply = buyer.http.post(
            "orders/checkout", json={"payment_method": "CARD", "request_id": str(uuid.uuid4())}
        )
        assert reply.status_code == 200, reply.text


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_pages_of_work_have_no_flaw_that_shuts_people_out(
    shop: Stack, goods: ShopWindow, visit: Visiting, size: tuple[int, int]
) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    page = visit(shop.admin, size=size).tab("/console")
    for name, path in {
        "products": "products",
        "product": f"products/{goods.shirt['id']}",
        "categories": "categories",
        "orders": "orders",
        "order": f"orders/{order['id']}/show",
        "customers": "customers",
        "customer": f"customers/{buyer.me['id']}/show",
        "recommendations": "recommendations",
        "webhooks": "webhooks",
        "audit": "audit",
    }.items():
        page.goto(f"/console/{path}")
        expect(page.get_by_role("heading", level=1)).not_to_be_empty()
        expect(page.locator(".MuiSkeleton-root, .RaLoading-root, [aria-busy=true]")).to_have_count(0)
        picture_of(page, f"console-{name}-{size[0]}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], f"{name} scrolls sideways"
        assert size is NARROW or flaws_of(page) == {}, name
