"""Settings: every wrong one stops the start with one line that names it."""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr

from server.settings import InvalidSettings, Settings, environment_of, load
from server.settings.text import described

ROOT = Path(__file__).parents[3]
STRONG = "c41f07e29ab5d8368e02f7b1935acd64"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting from outside, and no `.env`."""
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.chdir(tmp_path)


def _refused(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as caught:
        load()
    return str(caught.value)


WRONG = [
    ("ENVIRONMENT", "dev"),
    ("DATABASE_URL", "mysql://localhost/shop"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:///"),
    ("DATABASE_URL", "postgresql://"),
    ("DATABASE_URL", "postgresql://user:pass@host:99999/shop"),
    ("DB_POOL_SIZE", "0"),
    ("PORT", "http"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("GRPC_PORT", "-1"),
    ("GRPC_PORT", "8000"),
    ("GRPC_REFLECTION", "perhaps"),
    ("TRUSTED_PROXY_HOPS", "-1"),
    ("TRUSTED_PROXY_HOPS", "10.0.0.0/8"),
    ("PROXY_PROTOCOL", "v2"),
    ("TLS_CERT_FILE", "certificate.pem"),
    ("TLS_KEY_FILE", "key.pem"),
    ("TLS_CLIENT_CA_FILE", "clients.pem"),
    ("TLS_CLIENT_PORTS", "json"),
    ("BEHIND_TLS_PROXY", "perhaps"),
    ("WORKERS", "0"),
    ("WORKERS", "two"),
    ("CORS_ORIGINS", "https://shop.example"),
    ("CORS_ORIGINS", '"https://shop.example"'),
    ("CORS_ORIGINS", '["*"]'),
    ("CORS_ORIGINS", '["https://*.example"]'),
    ("CORS_ORIGINS", '["shop.example"]'),
    ("CORS_HEADERS", "x-shop"),
    ("CORS_HEADERS", '["*"]'),
    ("CORS_EXPOSED_HEADERS", '["x-one, x-two"]'),
    ("RATE_LIMIT", "-1"),
    ("RATE_LIMIT_SIGNED_IN", "0"),
    ("RATE_LIMIT_STORE", "redis://"),
    ("RATE_LIMIT_SEARCH", "0"),
    ("DEFAULT_LANGUAGE", "english"),
    ("LANGUAGES", '["de-AT"]'),
    ("LANGUAGES", '["de", "en"]'),
    ("OIDC_PROVIDERS", '[{"name": "google"}]'),
    ("OIDC_PROVIDERS", "google"),
    ("WEBAUTHN_RP_ID", "https://shop.example.com"),
    ("WEBAUTHN_RP_NAME", "x" * 65),
    ("WEBAUTHN_ORIGINS", '["shop.example.com"]'),
    ("MAX_MESSAGE_BYTES", "12"),
    ("MAX_IMPORT_BYTES", "12"),
    ("MAX_STREAMS_PER_USER", "0"),
    ("MAX_OPEN_STREAMS", "0"),
    ("MAX_QUEUED_CALLS", "0"),
    ("MAX_WAIT_SECONDS", "0"),
    ("REFRESH_GRACE_SECONDS", "14"),
    ("DEFAULT_DEADLINE_SECONDS", "31"),
    ("MAX_WAIT_SECONDS", "61"),
    ("DEFAULT_DEADLINE_SECONDS", "0"),
    ("DEFAULT_DEADLINE_SECONDS", "nan"),
    ("HEARTBEAT_SECONDS", "31"),
    ("STREAM_LIFETIME_SECONDS", "0"),
    ("DRAIN_SECONDS", "-1"),
    ("DRAIN_NOTICE_SECONDS", "-1"),
    ("LOG_LEVEL", "loud"),
    ("RUN_JOBS", "sometimes"),
    ("CLEANUP_DAILY_AT", "25:00"),
    ("AUDIT_DAYS", "29"),
    ("EVENT_DAYS", "0"),
    ("MAIL_DAYS", "7"),
    ("REQUEST_ID_HOURS", "23"),
    ("SESSION_DAYS", "1"),
    ("VERIFY_DAILY_AT", "4am"),
    ("SMTP_PORT", "0"),
    ("SMTP_TLS", "maybe"),
    ("MAIL_FROM", "shop"),
    ("MAIL_ADMIN", "@example.com"),
    ("BEHAVIOR_DAYS", "0"),
    ("SEARCH_LOG_DAYS", "-1"),
    ("SEARCH_COUNT_DAYS", "29"),
    ("SUGGEST_MIN_SEARCHERS", "1"),
    ("SUGGEST_DAYS", "91"),
    ("TIME_ZONE", "Mars/Olympus"),
    ("TIME_ZONE", "../etc/passwd"),
    ("WEBHOOK_ALLOW_PRIVATE", "perhaps"),
    ("SECRET_KEY", "short"),
    ("PREVIOUS_SECRET_KEYS", '["short"]'),
    ("PREVIOUS_SECRET_KEYS", "a secret that is no list, however long it may be"),
    ("ALGORITHM", "none"),
    ("JWT_PREVIOUS_KEYS", "[]"),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
    ("REFRESH_TOKEN_EXPIRE_MINUTES", "1"),
    ("REFRESH_GRACE_SECONDS", "-1"),
    ("CATALOGUE_CACHE_SECONDS", "-1"),
    ("BCRYPT_COST", "3"),
    ("BCRYPT_COST", "17"),
    ("RETURN_DAYS", "0"),
    ("TRAIN_DAILY_AT", "3am"),
    ("TRAIN_DAILY_AT", "24:00"),
    ("PAYMENT_GATEWAY", "paypal"),
    ("MODELS_KEPT", "0"),
    ("RECOMMENDATION_LOG_DAYS", "29"),
    ("EVENTS_PER_MINUTE", "-1"),
    ("DEFAULT_PAGE_SIZE", "0"),
    ("DEFAULT_PAGE_SIZE", "101"),
    ("MAX_PAGE_SIZE", "many"),
    ("RECOMMENDATION_LOG", "maybe"),
    ("CURRENCY", "usd"),
    ("TAX_RATE", "8"),
    ("TAX_RATE", "-0.01"),
    ("TAX_RATES", '{"GB": "20"}'),
    ("TAX_RATES", '{"GB": "-0.2"}'),
    ("TAX_RATES", '{"GB": "NaN"}'),
    ("TAX_RATES", "{"),
    ("TAX_RATES", '{"UK": "0.2"}'),
    ("TAX_RATES", '{"XX": "0.2"}'),
    ("TAX_RATES", '{"EU": "0.2"}'),
    ("TAX_RATES", '{"GB": "0.2", "gb": "0.1"}'),
    ("SHIPPING_FEE", '{"USD": "-5.99"}'),
    ("SHIPPING_FEE", '{"EUR": "5.99"}'),
    ("FREE_SHIPPING_FROM", '{"USD": "fifty"}'),
    ("TIER_FROM_POINTS", '{"BRONZE": 0, "SILVER": 500, "GOLD": 400, "PLATINUM": 5000}'),
    ("TIER_FROM_POINTS", '{"BRONZE": 10, "SILVER": 500, "GOLD": 2000, "PLATINUM": 5000}'),
    ("TIER_FROM_POINTS", '{"BRONZE": 0, "SILVER": 500, "GOLD": 500, "PLATINUM": 5000}'),
    ("TIER_FROM_POINTS", '{"BRONZE": 0, "SILVER": 500, "GOLD": 2000}'),
    ("TIER_DISCOUNT", '{"BRONZE": "0", "SILVER": "0.05", "GOLD": "1.10", "PLATINUM": "0.15"}'),
    ("REQUIRE_EMAIL_VERIFICATION", "perhaps"),
    ("REQUIRE_STAFF_SECOND_FACTOR", "perhaps"),
    ("PUBLIC_URL", "shop.example.com"),
    ("PUBLIC_URL", "https://shop.example.com/?page=1"),
    ("TIER_DISCOUNT", '{"BRONZE": "0", "SILVER": "0.05", "GOLD": "0.10"}'),
    ("TIER_DISCOUNT", '{"BRONZE": "0", "SILVER": "0.00005", "GOLD": "0.10", "PLATINUM": "0.15"}'),
    ("RESERVATION_MINUTES", "0"),
    ("MAX_UNPAID_ORDERS", "0"),
    ("GUEST_CART_DAYS", "0"),
    ("LOW_STOCK_THRESHOLD", "0"),
    ("INVENTORY_SOURCE", "ftp://example.com/stock.csv"),
    ("INVENTORY_SOURCE", "https://user:secret@example.com/stock.csv"),
    ("INVENTORY_SOURCE_ALLOW_PRIVATE", "perhaps"),
    ("DEMO_PAYMENT_DELAY_SECONDS", "-1"),
    ("DEMO_PAYMENT_FAILURE_RATE", "1.5"),
    ("PAYMENT_TIMEOUT_SECONDS", "0"),
    ("MAX_FILE_SIZE", "12"),
    ("MEDIA_STORAGE", "ftp"),
    ("MEDIA_STORAGE", "s3"),
    ("S3_PREFIX", "x" * 201),
    ("REVIEW_MODERATION", "later"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_refused_in_one_line_that_names_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = _refused(monkeypatch, **{name: value})
    assert name in line
    assert "\n" not in line
    assert "pydantic" not in line.lower()


def test_every_setting_with_a_bound_was_tried() -> None:
    free = {
        "data_dir", "host", "edge_token", "jwt_key_file", "jwt_key_id", "jwt_issuer", "jwt_audience",
        "smtp_host", "smtp_user", "smtp_password", "first_superuser_email", "first_superuser_password",
        "stripe_secret_key", "stripe_webhook_secret",
        "stripe_api_base", "payment_return_url", "upload_folder", "pages_dir",
        "s3_bucket", "s3_endpoint", "s3_region",
        "s3_access_key_id", "s3_secret_access_key", "embedding_model",
    }  # fmt: skip
    assert {name.lower() for name, _ in WRONG} == Settings.model_fields.keys() - free


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 64}, "SECRET_KEY"),
        ({"SECRET_KEY": "changeme" * 8}, "SECRET_KEY"),
        ({"SECRET_KEY": "your-super-secret-key-change-this-in-production"}, "SECRET_KEY"),
        ({"SECRET_KEY": "0123456789abcdef" * 2}, "SECRET_KEY"),
        ({"PREVIOUS_SECRET_KEYS": '["0123456789abcdef0123456789abcdef"]'}, "PREVIOUS_SECRET_KEYS"),
        ({"EDGE_TOKEN": "edge"}, "EDGE_TOKEN"),
        ({"STRIPE_SECRET_KEY": "sk_live_your_stripe_secret_key"}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": "sk_test_4eC39HqLyjWDarjtT1zdp7dc"}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_test_secret"}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_1234567890abcdef1234567890abcdef"}, "STRIPE_WEBHOOK_SECRET"),
        ({"WEBHOOK_ALLOW_PRIVATE": "true"}, "WEBHOOK_ALLOW_PRIVATE"),
        ({"PUBLIC_URL": "http://shop.example.com"}, "PUBLIC_URL"),
        ({"REQUIRE_EMAIL_VERIFICATION": "true"}, "PUBLIC_URL"),
        ({"CORS_ORIGINS": '["*"]'}, "CORS_ORIGINS"),
        ({"HOST": "0.0.0.0"}, "HOST"),
        ({"HOST": "::"}, "HOST"),
        ({"HOST": "192.0.2.7"}, "HOST"),
        ({"HOST": "shop.example.com"}, "HOST"),
        ({"STRIPE_API_BASE": "http://stripe.example.com"}, "STRIPE_API_BASE"),
        ({"PAYMENT_RETURN_URL": "http://shop.example.com/paid"}, "PAYMENT_RETURN_URL"),
        ({"SMTP_HOST": "mail.example.com", "SMTP_USER": "shop", "SMTP_TLS": "off"}, "SMTP_TLS"),
        ({"FIRST_SUPERUSER_PASSWORD": "admin-demo-1"}, "FIRST_SUPERUSER_PASSWORD"),
        ({"FIRST_SUPERUSER_PASSWORD": "Password1"}, "FIRST_SUPERUSER_PASSWORD"),
        ({"FIRST_SUPERUSER_PASSWORD": "Summer2026!"}, "FIRST_SUPERUSER_PASSWORD"),
        (
            {"FIRST_SUPERUSER_PASSWORD": "Olga.Petrova77", "FIRST_SUPERUSER_EMAIL": "olga.petrova@shop.test"},
            "FIRST_SUPERUSER_PASSWORD",
        ),
        ({"BCRYPT_COST": "9"}, "BCRYPT_COST"),
        ({"ALGORITHM": "EdDSA"}, "JWT_KEY_FILE"),
        ({"PAYMENT_GATEWAY": ""}, "PAYMENT_GATEWAY"),
        ({"PAYMENT_GATEWAY": "stripe"}, "STRIPE_SECRET_KEY"),
        (
            {"PAYMENT_GATEWAY": "stripe", "STRIPE_SECRET_KEY": "sk_live_51H8xYzAbCdEfGhIjKlMnOpQr"},
            "STRIPE_WEBHOOK_SECRET",
        ),
    ],
)
def test_production_refuses_what_is_weak(
    variables: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = {"ENVIRONMENT": "production", "SECRET_KEY": STRONG, "PAYMENT_GATEWAY": "demo"}
    line = _refused(monkeypatch, **sound | variables)
    assert line.startswith(f"{name}: ")
    assert "\n" not in line
    secrets = {value for key, value in variables.items() if key.endswith(("KEY", "SECRET", "PASSWORD"))}
    assert not any(secret in line for secret in secrets if secret)


def test_production_takes_what_is_strong(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = {
        "ENVIRONMENT": "production",
        "SECRET_KEY": STRONG,
        "FIRST_SUPERUSER_PASSWORD": "a-long-and-own-one-7",
        "PAYMENT_GATEWAY": "stripe",
        "STRIPE_SECRET_KEY": "sk_live_51H8xYzAbCdEfGhIjKlMnOpQr",
        "STRIPE_WEBHOOK_SECRET": "whsec_5f8Kq2nXv7LzR4tYw9BmC3dH6jP1sGaE",
        "STRIPE_API_BASE": "https://stripe.example.com",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_USER": "shop",
        "SMTP_TLS": "off",
        "EDGE_TOKEN": "9f2b61c8d07e45a3b1f6c29e8d3a7405",
    }
    for name, value in sound.items():
        monkeypatch.setenv(name, value)
    assert load().environment == "production"


@pytest.mark.parametrize(
    "door",
    [
        *({"HOST": host} for host in ("127.0.0.1", "127.0.0.9", "::1", "localhost")),
        {"HOST": "0.0.0.0", "TLS_CERT_FILE": "certificate.pem", "TLS_KEY_FILE": "key.pem"},
        {"HOST": "0.0.0.0", "BEHIND_TLS_PROXY": "true"},
    ],
)
def test_production_speaks_plain_text_to_itself_or_to_a_proxy_only(
    door: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = {"ENVIRONMENT": "production", "SECRET_KEY": STRONG, "PAYMENT_GATEWAY": "demo"}
    for name, value in (sound | door).items():
        monkeypatch.setenv(name, value)
    assert load().host == door["HOST"]


def test_a_choice_is_taken_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    spelt = {
        "ENVIRONMENT": "TEST",
        "LOG_LEVEL": "INFO",
        "SMTP_TLS": "STARTTLS",
        "ALGORITHM": "hs256",
        "PAYMENT_GATEWAY": "Demo",
        "TRAIN_DAILY_AT": "OFF",
    }
    for name, value in spelt.items():
        monkeypatch.setenv(name, value)
    read = load()
    assert (read.environment, read.log_level, read.smtp_tls) == ("test", "info", "starttls")
    assert (read.algorithm, read.payment_gateway, read.train_daily_at) == ("HS256", "demo", "off")


NUMBERS = sorted(name for name, field in Settings.model_fields.items() if field.annotation in (int, float))


@pytest.mark.parametrize("value", ["99999999999", "1e308", "inf"])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_nothing_could_hold_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert name.upper() in _refused(monkeypatch, **{name.upper(): value})


def test_a_money_setting_that_nothing_could_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SHIPPING_FEE" in _refused(monkeypatch, SHIPPING_FEE='{"USD": "1e30"}')


def test_origins_are_kept_as_browsers_send_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", '["https://Shop.example.com:443/"]')
    assert load().cors_origins == ["https://shop.example.com"]


@pytest.mark.parametrize("currency", ["KWD", "MGA"])
def test_a_currency_that_stripe_cannot_count_is_refused(
    currency: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fees = f'{{"{currency}": "1"}}'
    for name, value in {"CURRENCY": currency, "SHIPPING_FEE": fees, "FREE_SHIPPING_FROM": fees}.items():
        monkeypatch.setenv(name, value)
    stripe = {"STRIPE_SECRET_KEY": "sk_1", "STRIPE_WEBHOOK_SECRET": "whsec_1", "PAYMENT_GATEWAY": "stripe"}
    assert _refused(monkeypatch, **stripe).startswith("CURRENCY: Stripe ")
    monkeypatch.setenv("PAYMENT_GATEWAY", "demo")
    assert load().currency == currency


def test_a_shop_in_another_currency_names_its_fees(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "CHF" in _refused(monkeypatch, CURRENCY="CHF")
    monkeypatch.setenv("SHIPPING_FEE", '{"CHF": "7"}')
    monkeypatch.setenv("FREE_SHIPPING_FROM", '{"CHF": "100"}')
    assert load().shipping_fee == {"CHF": Decimal(7)}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@h:5432/shop",
        "postgres://u:p@h:5432/shop",
        "postgresql+psycopg://u:p@h:5432/shop",
    ],
)
def test_any_spelling_of_postgresql_is_taken(url: str) -> None:
    assert load(database_url=url).url == "postgresql+psycopg://u:p@h:5432/shop"


def test_without_a_database_it_is_a_file_under_the_data_directory(tmp_path: Path) -> None:
    settings = load(data_dir=Path("here"))
    assert settings.url == f"sqlite:///{tmp_path / 'here' / 'sanset.db'}"


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "JWT_KEY_FILE", "DATA_DIR", "TAX_RATES"):
        monkeypatch.setenv(name, "")
    settings = load()
    assert (settings.port, settings.jwt_key_file, settings.data_dir) == (8000, None, Path("var"))


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nWORKERS=3\nUNKNOWN=1\n")
    monkeypatch.setenv("PORT", "9002")
    settings = load()
    assert (settings.port, settings.workers) == (9002, 3)


def test_a_child_process_gets_exactly_these_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load(
        data_dir=tmp_path,
        database_url="postgresql://u:p%40ss@h/shop?host=/run/x",
        cors_origins=["https://a.example", "https://b.example"],
        secret_key=STRONG,
        tax_rates={"GB": "0.20"},
        previous_secret_keys=[STRONG[::-1], 'a second secret, with a "quote" in it'],
        jwt_previous_keys={"0": "/keys/old.pem"},
        heartbeat_seconds=0.25,
        rate_limit=0,
    )
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    assert load() == settings


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:s3cret-x@h:5432/shop", "postgresql+psycopg://u:********@h:5432/shop"),
        (
            "postgresql://h:5432/shop?user=u&password=s3cret-x",
            "postgresql+psycopg://h:5432/shop?user=u&password=********",
        ),
        ("postgresql://u@h/shop", "postgresql+psycopg://u@h/shop"),
        ("postgresql://u:s3cret-x@s3cret-x@h/shop", "postgresql+psycopg://u:********@h/shop"),
        ("postgresql://u:/s3cret-x/@s3cret-x@h/shop", "postgresql+psycopg://u:********@h/shop"),
        (
            "postgresql://h/shop?user=u&sslpassword=s3cret-x&sslmode=require",
            "postgresql+psycopg://h/shop?user=u&sslpassword=********&sslmode=require",
        ),
        (
            "postgresql://u:s3cret-x@h/shop?sslkey=/k&SSLPassword=s3cret-x",
            "postgresql+psycopg://u:********@h/shop?sslkey=/k&SSLPassword=********",
        ),
    ],
)
def test_what_is_shown_holds_no_secret(url: str, shown: str) -> None:
    settings = load(
        database_url=url,
        secret_key="s3cret-x" * 8,
        previous_secret_keys=["s3cret-x" * 9],
        first_superuser_password=SecretStr("s3cret-x"),
        edge_token="s3cret-x",
    )
    masked = settings.masked()
    assert masked["DATABASE_URL"] == shown
    assert masked["SECRET_KEY"] == masked["PREVIOUS_SECRET_KEYS"] == masked["EDGE_TOKEN"] == "********"
    assert "s3cret" not in str(masked)
    assert "s3cret" not in repr(settings).replace(url, "").replace(settings.url, "")
    assert masked.keys() == {name.upper() for name in Settings.model_fields}


def test_every_setting_has_a_line_in_the_example() -> None:
    text = (ROOT / ".env.example").read_text()
    named = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text()
    (tmp_path / ".env").write_text(re.sub(r"^#? ?([A-Z][A-Z0-9_]+=)", r"\1", text, flags=re.MULTILINE))
    assert load(secret_key=STRONG, environment="test") == load(_env_file=None, secret_key=STRONG)


def test_a_country_of_a_tax_rate_is_one_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAX_RATES", '{"gb": "0.2", "De": "0.19"}')
    assert load().tax_rates == {"GB": Decimal("0.2"), "DE": Decimal("0.19")}
    monkeypatch.setenv("TAX_RATES", '{"UK": "0.2"}')
    with pytest.raises(InvalidSettings, match=r"TAX_RATES: UK is no country .* write GB"):
        load()


def test_mails_outlive_the_events_that_they_tell_of() -> None:
    assert load(event_days=20, mail_days=21).event_days == 20
    with pytest.raises(
        InvalidSettings, match="MAIL_DAYS: mails are kept longer than events, for EVENT_DAYS=30"
    ):
        load(event_days=30, mail_days=30)


def test_every_setting_says_what_it_is_for() -> None:
    assert [setting.name for setting in load().described() if not setting.description] == []


def test_a_described_setting_belongs_to_the_module_of_its_subject() -> None:
    groups = {setting.name: setting.group for setting in load().described()}
    assert groups["CURRENCY"] == "pricing"
    assert (groups["SMTP_HOST"], groups["SECRET_KEY"], groups["EDGE_TOKEN"]) == (
        "mail",
        "accounts",
        "capacity",
    )
    modules = {path.stem for path in (ROOT / "server" / "settings").glob("*.py")}
    assert set(groups.values()) == modules - {"__init__", "group", "text", "production", "origins"}
    in_order = list(groups.values())
    assert len(
        [one for one, before in zip(in_order, [None, *in_order], strict=False) if one != before]
    ) == len(set(in_order)), "those of a group stand together"


def test_a_described_setting_says_whether_it_is_secret_or_changed() -> None:
    settings = load(
        secret_key=STRONG, previous_secret_keys=[STRONG, STRONG], tax_rate=Decimal("0.080"), port=9000
    )
    shown = {setting.name: setting for setting in settings.described()}
    assert {name for name, setting in shown.items() if setting.is_changed} == {
        "ENVIRONMENT",
        "SECRET_KEY",
        "PREVIOUS_SECRET_KEYS",
        "PORT",
    }
    assert {name for name, setting in shown.items() if setting.is_secret} == {
        "SECRET_KEY",
        "PREVIOUS_SECRET_KEYS",
        "FIRST_SUPERUSER_PASSWORD",
        "EDGE_TOKEN",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "SMTP_PASSWORD",
        "S3_SECRET_ACCESS_KEY",
    }
    assert shown["PREVIOUS_SECRET_KEYS"].value == "******** ********"
    assert (shown["PORT"].value, shown["PORT"].default) == ("9000", "8000")
    assert shown["STREAM_LIFETIME_SECONDS"].value == shown["STREAM_LIFETIME_SECONDS"].default == "1800"
    assert shown["PROXY_PROTOCOL"].value == "false"
    assert shown["TAX_RATES"].value == "{}"
    assert shown["LOG_LEVEL"].value == "info"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://s3cret-x@h/x", "https://********@h/x"),
        ("https://u:s3cret-x@h/x", "https://********@h/x"),
        ("https://u:/s3cret-x@h", "https://u:********@h"),
        ("https://h/x?a=1&API-Key=s3cret-x", "https://h/x?a=1&API-Key=********"),
        ("https://h/x?access_token=s3cret-x#s3cret-x", "https://h/x?access_token=********"),
        ("https://h:8443/x?a=1", "https://h:8443/x?a=1"),
        ("postgresql://u@h/shop", "postgresql://u@h/shop"),
    ],
)
def test_a_url_anywhere_is_shown_without_what_is_secret(url: str, shown: str) -> None:
    provider = {"name": "p", "issuer": "https://i", "client_id": "c", "client_secret": "s3cret-x"}
    settings = load(s3_endpoint=url, oidc_providers=[provider | {"redirect_uris": [url.split("#")[0]]}])
    values = {setting.name: setting.value for setting in settings.described()}
    assert values["S3_ENDPOINT"] == shown
    (seen,) = json.loads(values["OIDC_PROVIDERS"])
    assert (seen["redirect_uris"], seen["client_secret"]) == ([shown], "********")
    assert "s3cret" not in str(settings.described())


class _WithSecretDefaults(BaseModel):
    one: SecretStr = Field(SecretStr("s3cret-x"), description="A secret")
    several: list[SecretStr] = [SecretStr("s3cret-x"), SecretStr("s3cret-x")]
    made: dict[str, SecretStr] = Field(default_factory=lambda: {"a": SecretStr("s3cret-x")})
    url: str = "redis://u:s3cret-x@h/0"


def test_secrets_in_defaults_are_hidden_too() -> None:
    shown = described(_WithSecretDefaults(one=SecretStr("")))
    assert [setting.default for setting in shown] == [
        "********",
        "******** ********",
        '{"a": "********"}',
        "redis://u:********@h/0",
    ]
    assert [setting.value for setting in shown] == ["", *(setting.default for setting in shown[1:])]
    assert [setting.is_changed for setting in shown] == [True, False, False, False]
