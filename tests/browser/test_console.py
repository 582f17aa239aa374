"""The console in a browser: who is let in, what each sees, and what becomes of mistakes."""

from __future__ import annotations

import re
import uuid

import pyotp
import pytest
from playwright.sync_api import Locator, Page, expect
from support.accessibility import flaws_of
from support.browser import NARROW, WIDE, Visiting, picture_of
from support.real_stack import ADMIN, PASSWORD, Person, Stack
from support.shop_staff import give_role, new_role, new_staff
from support.shop_window import ShopWindow

from browser.test_signing_in import confirmed, with_a_finger

REPORTS = ("", "sales", "revenue", "top-sales", "user-activity", "cohorts", "funnel", "searches", "health")


def test_customers_are_not_let_in(shop: Stack, visit: Visiting) -> None:
    customer = shop.customer(address=False)
    page = visit().tab("/console")
    _sign_in(page, customer)
    expect(page.get_by_role("alert")).to_contain_text("This account may do nothing here.")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_enabled()


def test_whoever_signs_in_at_the_storefront_is_not_signed_in_here(shop: Stack, visit: Visiting) -> None:
    browsing = visit()
    page = browsing.tab("/sign-in")
    page.get_by_label("E-mail address").fill(shop.admin.me["email"])
    page.get_by_label("Password").fill(ADMIN[1])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("link", name="Sign in")).to_be_hidden()
    console = browsing.tab("/console")
    expect(console.get_by_role("heading", name="Sanset console")).to_be_visible()


def test_vendors_see_their_own_sales_and_nothing_of_the_shop(shop: Stack, visit: Visiting) -> None:
    page = visit(new_staff(shop, "VENDOR")).tab("/console")
    expect(page.get_by_text("Of your own products")).to_be_visible()
    expect(page.get_by_role("heading", name="Low stock")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Dashboard")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Revenue")).to_have_count(0)
    page.goto("/console/revenue")
    expect(page.get_by_text("You don't have the right permissions")).to_be_visible()


def test_mistakes_are_beside_their_fields_and_a_double_click_saves_once(shop: Stack, visit: Visiting) -> None:
    code = f"SAVE-{uuid.uuid4().hex[:8]}".upper()
    page = visit(new_staff(shop, new_role(shop, "MANAGE_PROMOTIONS"))).tab("/console/coupons/create")
    page.get_by_label("Code").fill("no code!")
    page.get_by_label("Percent").fill("120")
    page.get_by_label("Orders in all").fill("-1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Must be 100 or less")).to_be_visible()
    page.get_by_label("Percent").fill("12.5")
    page.get_by_role("button", name="Save").click()
    for label in ("Code", "Orders in all"):
        expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    picture_of(page, "console-mistakes")
    page.get_by_label("Code").fill(code)
    page.get_by_label("Orders in all").fill("5")
    page.get_by_role("button", name="Save").dblclick()
    row = page.get_by_role("row", name=re.compile(code))
    expect(row).to_have_count(1)
    row.press("Enter")
    expect(page.get_by_label("Percent")).to_have_value("12.5")
    listed = shop.admin.http.get("admin/coupons", params={"code": code}).json()
    assert [coupon["discount_basis_points"] for coupon in listed["items"]] == [1250]


def test_a_session_that_ends_costs_nothing_that_was_typed(shop: Stack, visit: Visiting) -> None:
    person = new_staff(shop, new_role(shop, "MANAGE_SEARCH"))
    page = visit(person).tab("/console/synonyms/create")
    term = f"sofa {uuid.uuid4().hex[:8]}"
    page.get_by_label("Searched for").fill(term)
    page.get_by_label("Terms").fill("couch")
    page.get_by_label("Terms").press("Enter")
    person.http.post("auth/logout", json={"all_sessions": True})
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Your session has ended")
    _sign_in(dialog, person)
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Searched for")).to_have_value(term)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name=re.compile(term))).to_be_visible()


def test_staff_sign_in_by_a_passkey_and_by_a_second_factor(shop: Stack, visit: Visiting) -> None:
    person = confirmed(shop)
    give_role(shop, person, new_role(shop, "MANAGE_SEARCH"))
    page = visit(person).tab("/account/security")
    with_a_finger(page)
    page.get_by_label("Name of this device").fill("Till")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("listitem").filter(has_text="Till")).to_be_visible()
    page.evaluate("localStorage.removeItem('sanset.console')")
    page.goto("/console/synonyms")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Synonyms", level=1)).to_be_visible()

    begun = person.http.post("users/me/second-factor", json={"current_password": PASSWORD}).json()
    code = pyotp.TOTP(begun["secret"]).now()
    recovery = person.http.post("users/me/second-factor/confirm", json={"code": code}).json()["items"]
    page = visit().tab("/console/synonyms")
    _sign_in(page, person)
    page.get_by_label("Code").fill(recovery[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Synonyms", level=1)).to_be_visible()


def test_what_cannot_be_loaded_says_why_and_is_tried_again(shop: Stack, visit: Visiting) -> None:
    page = visit(shop.admin).tab("/console/coupons")
    expect(page.get_by_role("heading", name="Coupons", level=1)).to_be_visible()
    page.route("**/sanset.v1.AnalyticsService/GetCohorts", lambda route: route.abort())
    page.get_by_role("menuitem", name="Cohorts").click()
    expect(page.get_by_role("alert")).to_contain_text("The shop does not answer.")
    picture_of(page, "console-failure")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_it_speaks_german(shop: Stack, visit: Visiting) -> None:
    page = visit(shop.admin).tab("/console/sales")
    page.get_by_role("button", name="English").click()
    page.get_by_role("menuitem", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Verkäufe", level=1)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page).to_have_title("Verkäufe · Sanset")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_reports_have_no_flaw_that_shuts_people_out(
    shop: Stack, goods: ShopWindow, visit: Visiting, size: tuple[int, int]
) -> None:
    shop.order(shop.customer())
    page = visit(shop.admin, size=size).tab("/console")
    for path in REPORTS:
        page.goto(f"/console/{path}")
        expect(page.get_by_role("heading", level=1)).not_to_be_empty()
        expect(page.locator("main h2, main table, main li").first).to_be_visible()
        expect(page.locator(".MuiSkeleton-root, .RaLoading-root, [aria-busy=true]")).to_have_count(0)
        picture_of(page, f"console-{path or 'dashboard'}-{size[0]}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], f"{path} scrolls sideways"
        assert size is NARROW or flaws_of(page) == {}, path


def test_a_report_is_saved_as_a_file(shop: Stack, visit: Visiting) -> None:
    page = visit(shop.admin).tab("/console/sales?range=LAST_7_DAYS")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as CSV").click()
    lines = saving.value.path().read_text().splitlines()
    assert saving.value.suggested_filename == "sales.csv"
    assert len(lines) == 8  # a line for each day, and the names above


def _sign_in(where: Page | Locator, person: Person) -> None:
    where.get_by_label("E-mail address or user name").fill(person.me["email"])
    where.get_by_label("Password").fill(PASSWORD)
    where.get_by_role("button", name="Sign in", exact=True).click()
