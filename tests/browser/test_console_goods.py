"""What the shop sells, in the console: products with all that is theirs, files of them, and the shelves behind."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support.accessibility import flaws_of
from support.browser import NARROW, WIDE, Visiting, picture_of
from support.pictures import encoded, picture
from support.real_stack import Stack
from support.shop_staff import new_role, new_staff
from support.shop_window import ShopWindow

PAGES = (
    "products",
    "products/create",
    "categories",
    "low-stock",
    "locations/create",
    "imports/create",
    "reviews",
    "gift-cards",
    "loyalty",
)
TABS = ("variants", "images", "stock")


def test_a_product_is_made_shown_and_stocked(shop: Stack, visit: Visiting, tmp_path: Path) -> None:
    name = f"Teapot {uuid.uuid4().hex[:8]}"
    page = visit(shop.admin).tab("/console/products/create")
    page.get_by_label("Name", exact=False).first.fill(name)
    page.locator("input[name=price]").fill("24,90")
    page.locator("input[name=slug]").fill("No Slug!")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("input[name=slug]")).to_have_attribute("aria-invalid", "true")
    page.locator("input[name=slug]").fill("")
    page.get_by_role("button", name="Save").dblclick()
    expect(page.get_by_role("heading", level=1, name=re.compile(name))).to_be_visible()
    listed = shop.admin.http.get("products", params={"q": name}).json()["items"]
    assert [(item["name"], item["price"]["units"], item["price"]["nanos"]) for item in listed] == [
        (name, "24", 900_000_000)
    ]
    _add_picture(page, tmp_path)
    _receive(page, 7)
    [product] = shop.admin.http.get("products", params={"q": name}).json()["items"]
    assert (product["stock"], product["image_url"] != "") == (7, True)


def test_a_variant_with_mistakes_says_so_beside_them(shop: Stack, visit: Visiting) -> None:
    product = shop.product()
    page = visit(shop.admin).tab(f"/console/products/{product['id']}?tab=variants")
    page.get_by_role("button", name="Add a variant").click()
    dialog = page.get_by_role("dialog", name="Add a variant")
    dialog.locator("input[name='options.0.name']").fill("size")
    dialog.locator("input[name='options.0.value']").fill("Large")
    dialog.locator("input[name=sku]").fill("no sku")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator("input[name=sku]")).to_have_attribute("aria-invalid", "true")
    dialog.locator("input[name=sku]").fill("")
    dialog.locator("input[name=price]").fill("12.50")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name=re.compile(r"Large.*\$12\.50"))).to_be_visible()


def test_a_file_with_bad_rows_is_imported_but_for_those(shop: Stack, visit: Visiting, tmp_path: Path) -> None:
    mark = uuid.uuid4().hex[:8].upper()
    good = "".join(f"{mark}-{number},Imported {number},1.50,2\n" for number in range(1_000))
    file = tmp_path / "products.csv"
    file.write_text(f"sku,name,price,stock\n{mark}-A,Fine,9.99,3\n{mark}-B,Bad,cheap,4\n{good}")
    page = visit(shop.admin).tab("/console/imports/create")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("Only check it, write nothing").uncheck()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Complete")).to_be_visible()
    row = page.get_by_role("row", name=re.compile(f"{mark}-B"))
    expect(row).to_contain_text("price")
    expect(row.get_by_role("cell").first).to_have_text("3")
    picture_of(page, "console-import")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Download as CSV").click()
    heading, bad = saving.value.path().read_text("utf-8-sig").splitlines()
    assert heading == "Line,Column,Why,SKU"
    assert bad.startswith("3,price,")
    [newest] = shop.admin.http.get("admin/imports", params={"page_size": 1}).json()["items"]
    assert (newest["created_count"], newest["refused_count"]) == (1_001, 1)


def test_a_file_that_is_none_of_products_is_refused_beside_its_field(
    shop: Stack, visit: Visiting, tmp_path: Path
) -> None:
    file = tmp_path / "moons.csv"
    file.write_text("sku,moons\nA,2\n")
    page = visit(shop.admin).tab("/console/imports/create")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text('there is no column "moons"')).to_be_visible()
    expect(page.get_by_text("moons.csv")).to_be_visible()


def test_the_code_of_a_gift_card_is_shown_once(shop: Stack, visit: Visiting) -> None:
    page = visit(shop.admin).tab("/console/gift-cards")
    page.get_by_role("button", name="Issue a card").first.click()
    page.get_by_label("Balance").fill("25")
    page.get_by_role("dialog").get_by_role("button", name="Issue a card").click()
    dialog = page.get_by_role("dialog", name="The code of the card")
    expect(dialog).to_contain_text("GIFT-")
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("row", name=re.compile(r"\$25\.00")).first).to_be_visible()
    expect(page.get_by_text("GIFT-")).to_have_count(0)


def test_a_category_is_made_moved_and_deleted(shop: Stack, visit: Visiting) -> None:
    above, name = (f"{word} {uuid.uuid4().hex[:8]}" for word in ("Garden", "Tools"))
    shop.admin.http.post("categories", json={"name": above}).raise_for_status()
    page = visit(shop.admin).tab("/console/categories")
    page.get_by_role("button", name="Add a category", exact=True).click()
    page.get_by_label("Name", exact=False).first.fill(name)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name=f"Edit: {name}").click()
    page.get_by_role("combobox", name="Below").fill(above)
    page.get_by_role("option", name=above).click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("listitem").filter(has_text=above).get_by_text(name)).to_be_visible()
    page.get_by_role("button", name=f"Delete: Delete the category “{name}”?").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("link", name=name)).to_have_count(0)


def test_vendors_see_their_own_products_alone(shop: Stack, goods: ShopWindow, visit: Visiting) -> None:
    vendor = new_staff(shop, "VENDOR")
    name = f"Vendor's lamp {uuid.uuid4().hex[:8]}"
    body: dict[str, Any] = {"name": name, "price": {"currency_code": "USD", "units": "10"}}
    vendor.http.post("products", json=body).raise_for_status()
    page = visit(vendor).tab("/console/products")
    expect(page.get_by_role("row", name=re.compile(name))).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)  # the heading, and their own
    expect(page.get_by_role("menuitem", name="Categories")).to_have_count(0)


def test_who_may_not_change_products_only_looks_at_them(
    shop: Stack, goods: ShopWindow, visit: Visiting
) -> None:
    page = visit(new_staff(shop, new_role(shop, "MANAGE_REVIEWS"))).tab(
        f"/console/products/{goods.shirt['id']}/show"
    )
    expect(page.get_by_text("Wool shirt").first).to_be_visible()
    for tab in ("Variants", "Pictures", "Stock"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tabpanel", name=tab)).to_be_visible()
        expect(page.get_by_role("progressbar")).to_have_count(0)
        expect(page.get_by_role("tabpanel", name=tab).get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("menuitem", name="Reviews")).to_be_visible()
    for hidden in ("Imports", "Locations", "Low stock", "Gift cards", "Loyalty programme"):
        expect(page.get_by_role("menuitem", name=hidden)).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_its_pages_have_no_flaw_that_shuts_people_out(
    shop: Stack, goods: ShopWindow, visit: Visiting, size: tuple[int, int]
) -> None:
    page = visit(shop.admin, size=size).tab("/console")
    for path in (*PAGES, *(f"products/{goods.shirt['id']}?tab={tab}" for tab in TABS)):
        page.goto(f"/console/{path}")
        expect(page.get_by_role("heading", level=1)).not_to_be_empty()
        expect(page.locator(".RaLoading-root, main [role=progressbar]")).to_have_count(0)
        picture_of(page, f"console-{re.sub('[^a-z]+', '-', path)}-{size[0]}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], f"{path} scrolls sideways"
        assert size is NARROW or flaws_of(page) == {}, path


def _add_picture(page: Page, directory: Path) -> None:
    file = directory / "teapot.png"
    file.write_bytes(encoded(picture(400, 300), "PNG"))
    page.get_by_role("tab", name="Pictures").click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("What it shows").fill("A teapot")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("img", name="A teapot")).to_be_visible()


def _receive(page: Page, units: int) -> None:
    page.get_by_role("tab", name="Stock").click()
    page.get_by_role("button", name=re.compile("^Change:")).click()
    page.locator("input[name=delta]").fill(str(units))
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text(f"{units} units can be ordered")).to_be_visible()
