"""What people do wrong, and what happens to them meanwhile: nothing that they typed is lost."""

from __future__ import annotations

import uuid

from playwright.sync_api import Page, expect
from support.browser import Visiting
from support.real_stack import PASSWORD, Stack
from support.shop_window import ShopWindow


def test_each_mistake_of_a_form_is_told_beside_its_field(visit: Visiting) -> None:
    page = visit().tab("/register")
    page.get_by_label("E-mail address").fill("nowhere")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Make an account").click()
    for label in ("Full name", "E-mail address", "Password"):
        expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("E-mail address")).to_have_value("nowhere")
    expect(page.get_by_label("Password")).to_have_value("short")
    expect(page.get_by_label("Full name")).to_be_focused()

    page.get_by_label("Full name").fill("Ann Buyer")
    page.get_by_label("E-mail address").fill(f"ann-{uuid.uuid4().hex}@shop.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_role("link", name="Ann")).to_be_visible()


def test_who_is_signed_out_while_they_type_goes_on_after_signing_in(shop: Stack, visit: Visiting) -> None:
    person = shop.customer()
    page = visit(person).tab("/account/details")
    name = page.get_by_label("Full name")
    name.fill("Ann the Second")
    person.http.post("auth/logout", json={"all_sessions": True})
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    dialog.get_by_label("E-mail address").fill(person.me["email"])
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(name).to_have_value("Ann the Second")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your details were saved.")).to_be_visible()


def test_a_cart_is_the_same_in_every_tab(goods: ShopWindow, visit: Visiting) -> None:
    browsing = visit()
    cart, product = browsing.tab("/cart"), browsing.tab(f"/p/{goods.mug['slug']}")
    expect(cart.get_by_text("Your cart is empty.")).to_be_visible()
    product.get_by_role("button", name="Add to the cart").click()
    expect(cart.get_by_role("listitem").filter(has_text="Blue mug")).to_be_visible()


def test_who_signs_out_is_signed_out_in_every_tab(shop: Stack, visit: Visiting) -> None:
    browsing = visit(shop.customer())
    account, orders = browsing.tab("/account/addresses"), browsing.tab("/account")
    expect(account.get_by_text("1 Main Street")).to_be_visible()
    orders.get_by_role("button", name="Sign out").click()
    expect(orders.get_by_role("link", name="Sign in")).to_be_visible()
    expect(account.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(account.get_by_text("1 Main Street")).to_be_hidden()


def test_what_is_begun_without_a_network_ends_with_it(goods: ShopWindow, visit: Visiting) -> None:
    browsing = visit()
    page = browsing.tab(f"/p/{goods.mug['slug']}")
    button = page.get_by_role("button", name="Add to the cart")
    expect(button).to_be_enabled()
    browsing.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    button.click()
    browsing.context.set_offline(False)
    expect(page.get_by_text("You are offline.")).to_be_hidden()
    expect(page.get_by_text("It is in your cart.")).to_be_visible()


def test_german_and_arabic_are_written_and_read(shop: Stack, visit: Visiting) -> None:
    person = shop.customer(address=False)
    page = visit(person).tab("/account/addresses")
    for street, town in (("Königstraße 5", "Köln"), ("شارع الملك فهد ١٢", "الرياض")):
        page.get_by_role("button", name="Add an address").click()
        page.get_by_label("Street and number").fill(street)
        page.get_by_label("Town").fill(town)
        page.get_by_label("Country").select_option("DE")
        page.get_by_role("button", name="Save the address").click()
        expect(page.get_by_text(f"{street}, {town}")).to_be_visible()

    order = shop.order(person)
    for status in ("PROCESSING", "SHIPPED", "DELIVERED"):
        shop.move(order["id"], status)
    page.goto(f"/products/{order['items'][0]['product_id']}")
    _review(page, "كوب جميل وثقيل، أنصح به")
    expect(page.get_by_text("كوب جميل وثقيل، أنصح به")).to_have_css("direction", "rtl")


def _review(page: Page, text: str) -> None:
    page.get_by_role("button", name="Write a review").click()
    page.get_by_label("What do you say of it?").fill(text)
    page.get_by_role("button", name="Send the review").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
