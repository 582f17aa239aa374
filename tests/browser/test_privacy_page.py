"""What the shop knows of somebody, and how they have it forget them, in a browser."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect
from support.browser import Visiting
from support.real_stack import PASSWORD, Stack


def test_somebody_takes_their_data_along_and_deletes_the_account(shop: Stack, visit: Visiting) -> None:
    person = shop.customer()
    page = visit(person).tab("/account/privacy")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    rows = [json.loads(line) for line in Path(download.value.path()).read_text().splitlines()]
    assert person.me["email"] in {row["row"].get("email") for row in rows}

    page.get_by_role("button", name="Delete my account").click()
    page.get_by_label("Current password").fill("wrong")
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.get_by_label("Current password")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    login = {"email": person.me["email"], "password": PASSWORD}
    assert shop.client().post("auth/login", json=login).status_code == 401
