"""The shop's settings over the contract: who may see them, and what nobody is shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sanset.v1 import audit_pb2, settings_pb2
from sanset.v1.access_pb2 import AccessRule
from support.running_shop import Account, RunningShop, refused, test_settings
from support.staff_story import employee

from server.settings import Settings, load
from server.staff.settings.servicer import SettingsServicer

REQUEST = settings_pb2.GetSettingsRequest()
SECRET = "s3cret-x"
SECRETS = (
    "SECRET_KEY",
    "SMTP_PASSWORD",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "S3_SECRET_ACCESS_KEY",
)


@pytest.fixture(scope="module")
def guarded(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop that has a secret of every kind."""
    running = RunningShop(
        test_settings(
            module_database_url,
            tmp_path_factory.mktemp("guarded"),
            secret_key=SECRET * 8,
            previous_secret_keys=[SECRET * 5, SECRET * 6],
            smtp_password=SECRET,
            stripe_secret_key=SECRET,
            stripe_webhook_secret=SECRET,
            stripe_api_base=f"https://shop:{SECRET}@stripe.example.com",
            s3_secret_access_key=SECRET,
            oidc_providers=[
                {
                    "name": "p",
                    "issuer": "https://accounts.example.com",
                    "client_id": "c",
                    "client_secret": SECRET,
                    "redirect_uris": ["https://shop.example.com"],
                }
            ],
            currency="EUR",
        )
    )
    yield running
    running.stop()


def shown(shop: RunningShop, account: Account | None = None) -> dict[str, settings_pb2.Setting]:
    """The settings by their names."""
    reply = shop.settings_service.GetSettings(REQUEST, metadata=(account or shop.admin).metadata)
    return {setting.name: setting for setting in reply.items}


def test_every_setting_is_there_once(shop: RunningShop) -> None:
    reply = shop.settings_service.GetSettings(REQUEST, metadata=shop.admin.metadata)
    assert [setting.name for setting in reply.items] == [name.upper() for name in Settings.model_fields]
    assert all(setting.description and setting.group for setting in reply.items)


def test_no_secret_is_shown(guarded: RunningShop) -> None:
    settings = shown(guarded)
    assert SECRET not in str(settings)
    for name in (
        "SECRET_KEY",
        "SMTP_PASSWORD",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "S3_SECRET_ACCESS_KEY",
    ):
        assert (settings[name].value, settings[name].secret, settings[name].changed) == (
            "********",
            True,
            True,
        )
    assert settings["PREVIOUS_SECRET_KEYS"].value == "******** ********"
    assert settings["STRIPE_API_BASE"].value == "https://********@stripe.example.com"
    assert '"client_secret": "********"' in settings["OIDC_PROVIDERS"].value


def test_the_password_of_the_database_is_not_shown() -> None:
    url = f"postgresql://shop:{SECRET}@db.example.com/shop?sslpassword={SECRET}"
    settings = load(environment="test", secret_key=SECRET * 8, database_url=url)
    reply = SettingsServicer(settings).GetSettings(REQUEST, call=None)  # type: ignore[arg-type]
    assert SECRET not in str(reply)
    (database,) = (setting for setting in reply.items if setting.name == "DATABASE_URL")
    assert database.value == "postgresql+psycopg://shop:********@db.example.com/shop?sslpassword=********"


def test_a_setting_says_whether_it_is_as_it_comes(guarded: RunningShop) -> None:
    settings = shown(guarded)
    currency, port = settings["CURRENCY"], settings["SMTP_PORT"]
    assert (currency.value, currency.default_value, currency.changed) == ("EUR", "USD", True)
    assert (port.value, port.default_value, port.changed) == ("587", "587", False)
    assert (currency.group, port.group) == ("pricing", "mail")
    assert not settings["FIRST_SUPERUSER_PASSWORD"].changed


def test_who_may_see_how_the_shop_is_set_up_may(shop: RunningShop) -> None:
    account = employee(shop, AccessRule.VIEW_SETTINGS)
    assert shown(shop, account).keys() == shown(shop).keys()
    request = audit_pb2.ListAuditLogsRequest(action="GetSettings", actor_id=account.user_id)
    (entry,) = shop.audit.ListAuditLogs(request, metadata=shop.admin.metadata).items
    assert not entry.request.fields, "an entry of who reads them, without what they are"
    assert not entry.after.fields


def test_others_may_not(shop: RunningShop) -> None:
    every = [value for value in AccessRule.Permission.values() if value not in (0, AccessRule.VIEW_SETTINGS)]
    for account in (shop.customer(address=False), shop.vendor(), employee(shop, *every)):
        assert refused(shop.settings_service.GetSettings, REQUEST, account).reason == "PERMISSION_MISSING"
    assert refused(shop.settings_service.GetSettings, REQUEST).reason == "TOKEN_MISSING"
