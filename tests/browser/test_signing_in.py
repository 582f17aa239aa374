"""The other ways to sign in, as people use them: an authenticator, a passkey, and a provider."""

from __future__ import annotations

import email
import re
from email import policy

import pyotp
from playwright.sync_api import Page, expect
from support.browser import Visiting
from support.openid_provider import OpenIdProvider, User
from support.real_stack import PASSWORD, Person, Stack, until


def test_an_authenticator_is_set_up_and_stood_for_by_a_recovery_code(shop: Stack, visit: Visiting) -> None:
    person = confirmed(shop)
    page = visit(person).tab("/account/security")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("img", name="The secret, for the camera")).to_be_visible()
    secret = page.locator("code.secret").inner_text()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Confirm").click()
    recovery = page.get_by_role("group", name="Recovery codes").get_by_role("listitem").first.inner_text()
    page.get_by_role("button", name="I have them").click()
    expect(page.get_by_text("a code of your authenticator is asked for")).to_be_visible()

    page = visit().tab("/sign-in")
    _by_password(page, person)
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("link", name="Ann")).to_be_visible()


def test_a_passkey_is_registered_and_signs_in_without_a_password(shop: Stack, visit: Visiting) -> None:
    browsing = visit(confirmed(shop))
    page = browsing.tab("/account/security")
    with_a_finger(page)
    page.get_by_label("Name of this device").fill("Telephone")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("listitem").filter(has_text="Telephone")).to_be_visible()

    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("link", name="Ann")).to_be_visible()


def test_somebody_comes_by_a_provider_and_links_it_no_more(
    shop: Stack, provider: OpenIdProvider, visit: Visiting
) -> None:
    provider.user = User(sub="carla", email="carla@shop.test", name="Carla Provided")
    page = visit().tab("/sign-in?next=/account/security")
    page.get_by_role("button", name="Go on with Local").click()
    expect(page.get_by_role("heading", name="Security")).to_be_visible()
    expect(page.get_by_role("link", name="Carla")).to_be_visible()
    page.get_by_role("button", name="Unlink carla@shop.test").click()
    expect(page.get_by_role("alert")).to_contain_text("last way to sign in")


def test_somebody_links_a_provider_and_signs_in_there(
    shop: Stack, provider: OpenIdProvider, visit: Visiting
) -> None:
    provider.user = User(sub="linda", email="linda@elsewhere.test", name="Linda Elsewhere")
    page = visit(confirmed(shop)).tab("/account/security")
    page.get_by_role("button", name="Link Local").click()
    expect(page.get_by_role("listitem").filter(has_text="linda@elsewhere.test")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Go on with Local").click()
    expect(page.get_by_role("link", name="Ann")).to_be_visible()


def test_the_link_of_a_mail_confirms_the_address_on_a_page(shop: Stack, visit: Visiting) -> None:
    person = shop.customer()
    page = visit(person).tab(link_mailed_to(shop, person))
    expect(page.get_by_text(f"{person.me['email']} is confirmed.")).to_be_visible()
    page.goto("/account/security")
    expect(page.get_by_role("heading", name="Passkeys")).to_be_visible()
    expect(page.get_by_text("Confirm your e-mail address first")).to_be_hidden()


def confirmed(shop: Stack) -> Person:
    """Somebody who has opened the link that was mailed to them."""
    person = shop.customer()
    assert shop.client().get(f"{shop.origin}{link_mailed_to(shop, person)}").status_code == 200
    return person


def link_mailed_to(shop: Stack, person: Person) -> str:
    """The path of the link that confirms an address, as soon as its mail is there."""
    links: list[str] = []

    def arrived() -> bool:
        for path in (shop.home / "mail").glob("*.eml"):
            message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
            if message["To"] == person.me["email"]:
                body = message.get_body(("plain",))
                assert body is not None
                links.extend(re.findall(r"/api/v1/auth/verify-email/\S+", body.get_content()))
        return bool(links)

    until(arrived)
    return links[0]


def with_a_finger(page: Page) -> None:
    """Give the browser a device that has passkeys, and somebody who confirms each."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def _by_password(page: Page, person: Person) -> None:
    page.get_by_label("E-mail address").fill(person.me["email"])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
