"""Buying in a browser, from the search to the door."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Page, expect
from support.browser import NARROW, Visiting, picture_of
from support.real_stack import PASSWORD, Person, Stack, until
from support.shop_window import ShopWindow


def test_a_guest_searches_registers_buys_and_watches_the_order_arrive(
    shop: Stack, goods: ShopWindow, visit: Visiting
) -> None:
    page = visit().tab()
    search = page.get_by_role("combobox", name="Search the shop")
    search.press_sequentially("blue mug")
    expect(page.get_by_role("option", name="Blue mug")).to_be_visible()
    search.press("Enter")
    expect(page.get_by_role("heading", name="“blue mug”")).to_be_visible()
    page.get_by_role("heading", name="Blue mug", exact=True).click()
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
    page.get_by_label("Country").select_option("US")
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


def test_an_impatient_buyer_buys_once(shop: Stack, goods: ShopWindow, visit: Visiting) -> None:
    person = shop.customer()
    person.http.post("cart/add", json={"product_id": goods.mug["id"]})
    page = visit(person).tab("/checkout")
    button = page.get_by_role("button", name=re.compile(r"Buy for \$"))
    expect(button).to_be_enabled()
    button.evaluate("button => { for (let click = 0; click < 5; click++) button.click(); }")
    expect(page.get_by_role("heading", name="Order")).to_be_visible()
    assert len(person.http.get("orders").json()["items"]) == 1


def test_a_coupon_makes_it_cheaper_and_a_wrong_one_is_told(
    shop: Stack, goods: ShopWindow, visit: Visiting
) -> None:
    code = f"SAVE{uuid.uuid4().hex[:6].upper()}"
    made = shop.admin.http.post("admin/coupons", json={"code": code, "discount_basis_points": 1000})
    assert made.status_code == 200, made.text
    person = shop.customer()
    person.http.post("cart/add", json={"product_id": goods.mug["id"]})
    page = visit(person).tab("/cart")
    page.get_by_label("Coupon").fill("NOSUCH")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_label("Coupon")).to_have_value("NOSUCH")
    expect(page.get_by_role("complementary", name="Sum").get_by_role("alert")).to_be_visible()
    page.get_by_label("Coupon").fill(code.lower())
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("−$1.00")).to_be_visible()
    page.get_by_role("link", name="Check out").click()
    expect(page.get_by_text("−$1.00")).to_be_visible()


def test_a_gift_card_pays_and_a_wrong_code_is_told(shop: Stack, goods: ShopWindow, visit: Visiting) -> None:
    made = shop.admin.http.post("admin/gift-cards", json={"balance": {"currency_code": "USD", "units": "50"}})
    assert made.status_code == 200, made.text
    person = shop.customer()
    person.http.post("cart/add", json={"product_id": goods.mug["id"]})
    page = visit(person).tab("/checkout")
    page.get_by_label("Gift card").check()
    code = page.get_by_label("Code of the card")
    code.fill("NOSUCHCARD")
    expect(page.locator(".refusal")).to_be_visible()
    code.fill(made.json()["code"])
    expect(page.get_by_text("$50.00 left")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"Buy for \$")).click()
    expect(page.get_by_role("status").filter(has_text="Confirmed")).to_be_visible()


def test_money_that_comes_back_is_seen(shop: Stack, visit: Visiting) -> None:
    person = shop.customer()
    order = shop.order(person)
    page = visit(person).tab(f"/orders/{order['id']}")
    expect(page.get_by_role("status").filter(has_text="Confirmed")).to_be_visible()
    refund = {"all": True, "reason": "It broke on the way."}
    reply = shop.admin.http.post(f"orders/{order['id']}/refund", json=refund)
    assert reply.status_code == 200, reply.text
    expect(page.get_by_text("1 paid back")).to_be_visible()
    expect(page.get_by_text("It broke on the way.")).to_be_visible()


def test_two_sizes_of_a_shirt_are_told_apart_up_to_the_order(
    shop: Stack, goods: ShopWindow, visit: Visiting
) -> None:
    person = shop.customer()
    page = visit(person, size=NARROW).tab(f"/p/{goods.shirt['slug']}")
    expect(page.get_by_role("button", name="Choose Color and Size")).to_be_disabled()
    page.get_by_label("Red", exact=True).check(force=True)
    expect(page.get_by_role("button", name="Choose Size")).to_be_disabled()
    for size in ("S", "M"):
        page.get_by_label(size, exact=True).check(force=True)
        page.get_by_role("button", name="Add to the cart").click()
        expect(page.get_by_text("It is in your cart.")).to_be_visible()
        _in_cart(person, "SM".index(size) + 1)
    page.goto("/cart")
    for size in ("S", "M"):
        expect(page.get_by_role("button", name=f"Remove Wool shirt, Red, {size}")).to_be_visible()
    page.get_by_role("link", name="Check out").click()
    expect(page.get_by_text("Red, S", exact=True)).to_be_visible()
    expect(page.locator("label", has_text="Express").get_by_text(re.compile("^by "))).to_be_visible()
    page.get_by_role("button", name=re.compile(r"Buy for \$")).click()
    expect(page.get_by_role("link", name=re.compile("1 × Wool shirt.*Red, M"))).to_be_visible()
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("button", name="No, keep it").click()
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("status").filter(has_text="Cancelled")).to_be_visible()


def _in_cart(person: Person, number: int) -> None:
    """Waits until so many are in a person's cart."""
    until(lambda: person.http.get("cart").json()["item_count"] == number)


def test_on_a_telephone_products_come_before_what_narrows_them_down(
    goods: ShopWindow, visit: Visiting
) -> None:
    page = visit(size=NARROW).tab("/search?q=shirt")
    expect(page.get_by_role("heading", name="Wool shirt")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Red"))).to_be_hidden()
    page.get_by_text("Narrow it down").click()
    page.get_by_role("link", name=re.compile("^Red")).click()
    expect(page.get_by_text("Narrow it down (1 chosen)")).to_be_visible()


def test_a_buyer_sends_something_back_and_watches_the_shop_agree(shop: Stack, visit: Visiting) -> None:
    person = shop.customer()
    order = shop.order(person)
    for status in ("PROCESSING", "SHIPPED", "DELIVERED"):
        shop.move(order["id"], status)
    page = visit(person, size=NARROW).tab(f"/orders/{order['id']}")
    page.get_by_role("button", name="Send something back").click()
    page.get_by_label("What is wrong with it?").fill("It leaks.")
    page.get_by_role("button", name="Ask for the return").click()
    expect(page.get_by_role("alert")).to_have_text("Choose how many of what you send back.")
    page.get_by_label(re.compile("^Mug")).select_option("1")
    page.get_by_role("button", name="Ask for the return").click()
    expect(page.get_by_text("1 coming back")).to_be_visible()
    news = page.locator(".order-news")
    expect(news).to_contain_text("You asked to return your order.")
    [asked] = person.http.get("orders/returns").json()["items"]
    reply = shop.admin.http.post(f"admin/returns/{asked['id']}/approve", json={})
    assert reply.status_code == 200, reply.text
    expect(news).to_contain_text("Your return was accepted")
