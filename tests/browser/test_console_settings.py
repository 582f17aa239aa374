"""The shop's settings in the console: all of them by subject, found by words, and nothing secret."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect
from support.accessibility import flaws_of
from support.browser import NARROW, WIDE, Visiting, picture_of
from support.real_stack import Stack

from server.settings import Settings

COUNT = len(Settings.model_fields)


def test_settings_are_found_by_words_and_by_what_was_changed(shop: Stack, visit: Visiting) -> None:
    page = visit(shop.admin).tab("/console")
    page.get_by_role("menuitem", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    count = page.get_by_role("status")
    expect(count).to_have_text(f"{COUNT} of {COUNT} settings")
    expect(page.get_by_role("heading", name="Prices, taxes and shipping", level=2)).to_be_visible()
    search = page.get_by_label("Find a setting")
    search.fill("GATEWAY delay")
    expect(count).to_have_text(f"1 of {COUNT} settings")
    expect(page.get_by_role("heading", name="DEMO_PAYMENT_DELAY_SECONDS")).to_be_visible()
    search.fill("currency iso")
    currency = page.get_by_role("listitem").filter(
        has=page.get_by_role("heading", name="CURRENCY", exact=True)
    )
    expect(currency).to_contain_text("ValueUSDDefaultUSD")
    expect(currency.locator("[lang=en]")).to_have_text("The shop's currency (ISO 4217)")
    page.get_by_label("Changed ones only").check()
    expect(page.get_by_text("No setting is like this.")).to_be_visible()
    search.fill("")
    port = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="PORT", exact=True))
    expect(port).to_contain_text(f"ChangedJSON, SSE and gRPC-WebValue{shop.port}Default8000")
    expect(currency).to_have_count(0)


def test_secrets_are_not_shown(shop: Stack, visit: Visiting) -> None:
    page = visit(shop.admin).tab("/console/settings")
    secret = page.get_by_role("listitem").filter(
        has=page.get_by_role("heading", name="SECRET_KEY", exact=True)
    )
    expect(secret).to_contain_text("•••••••• Set, and hidden")
    expect(secret).to_contain_text("DefaultNot set")
    expect(page.get_by_text("client_secret").last).to_contain_text('"client_secret": "********"')


def test_who_may_not_see_them_has_no_such_page(shop: Stack, visit: Visiting) -> None:
    name = f"R{uuid.uuid4().hex[:8]}".upper()
    body = {"name": name, "permissions": ["MANAGE_SEARCH"]}
    assert shop.admin.http.post("admin/roles", json=body).status_code == 200
    person = shop.customer(address=False)
    shop.admin.http.put(f"admin/users/{person.me['id']}/role", json={"role": name})
    page = visit(person).tab("/console/settings")
    expect(page.get_by_text("You don't have the right permissions")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Settings")).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_them(shop: Stack, visit: Visiting, size: tuple[int, int], scheme: str) -> None:
    page = visit(shop.admin, size=size).tab("/console/settings")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.reload()
    expect(page.get_by_role("heading", name="SMTP_HOST")).to_be_visible()
    picture_of(page, f"console-settings-{scheme}-{size[0]}")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert flaws_of(page) == {}


def test_they_are_in_german_but_for_what_the_shop_says_of_them(shop: Stack, visit: Visiting) -> None:
    visiting = visit(shop.admin)
    page = visiting.tab("/console/settings")
    page.get_by_role("button", name="English").click()
    page.get_by_role("menuitem", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Einstellungen", level=1)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text(f"{COUNT} von {COUNT} Einstellungen")
    expect(page.locator("li [lang=en]")).to_have_count(COUNT)
    subjects = page.get_by_role("heading", level=2).all_text_contents()
    assert "Preise, Steuern und Versand" in subjects
    page.goto("/console/health")
    expect(page.get_by_role("rowheader", name="Mails versenden")).to_be_visible()
    names = page.get_by_role("rowheader").all_text_contents()
    assert not [name for name in names if re.fullmatch(r"[a-z ]+", name)], "a job has no name in German"
