"""Every setting of the shop, typed and in one place, read from the environment or `.env`."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from email.utils import parseaddr
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import quote

from pydantic import (
    Field,
    PostgresDsn,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from server.countries import country_problem
from server.settings.origins import origin_of
from server.settings.production import refuse_unfit

MIN_SECRET_LENGTH = 32
"""Bytes of key that HS256 needs (RFC 7518, section 3.2)."""

TierLevel = Literal["BRONZE", "SILVER", "GOLD", "PLATINUM"]
TIER_LEVELS: tuple[TierLevel, ...] = get_args(TierLevel)
"""The steps of the loyalty programme, lowest first."""

TOO_FINE_FOR_STRIPE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "MGA", "OMR", "TND"})
"""Currencies whose smallest unit Stripe does not take: totals in them are not multiples of what it does."""

MOST_CALLS = 1_000_000
"""A minute; the gateway's counters take no more than 32 bits."""
MOST_STREAMS = 1_000_000

TIME_OF_DAY = r"^(off|([01]\d|2[0-3]):[0-5]\d)$"

Rate = Annotated[Decimal, Field(ge=0, le=1)]
BasisPoints = Annotated[Decimal, Field(ge=0, le=1, decimal_places=4)]
Amount = Annotated[Decimal, Field(ge=0, le=1_000_000_000)]


class InvalidSettings(Exception):
    """A setting is missing or out of range; the text is one line that names it."""


class Settings(BaseSettings):
    """The settings of one process. Field names, in capitals, are the environment variables."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    environment: Literal["demo", "production", "test"] = Field(
        "production",
        description="demo: generated secrets, demo data and gateway; production: refuses weak secrets",
    )
    data_dir: Path = Field(Path("var"), description="Where the database, models, secrets and logs live")
    database_url: str = Field("", description="postgresql://… or sqlite:///…; empty: SQLite under DATA_DIR")
    db_pool_size: int = Field(
        8, ge=1, le=200, description="Database connections (and use-case threads) per worker"
    )

    host: str = Field("127.0.0.1", description="Address that both ports listen on")
    port: int = Field(8000, ge=1, le=65535, description="JSON, SSE and gRPC-Web")
    grpc_port: int = Field(50051, ge=1, le=65535, description="Native gRPC")
    grpc_reflection: bool | None = Field(
        None,
        description="Whether command lines may ask for the contract, and watch the health; unset: "
        "except in production",
    )
    trusted_proxy_hops: int = Field(
        0, ge=0, le=10, description="Proxies before the shop whose X-Forwarded-For tells the caller's address"
    )
    tls_cert_file: Path | None = Field(None, description="PEM certificates, to speak TLS on both ports")
    tls_key_file: Path | None = Field(None, description="The certificate's private key")
    workers: int = Field(2, ge=1, le=64, description="Server processes; one uses one core")
    cors_origins: list[str] = Field(
        ["http://localhost:3000", "http://localhost:5173"],
        description="Browser origins allowed to call, as a JSON list; each by name, there is no wildcard",
    )
    rate_limit: int = Field(
        100,
        ge=0,
        le=MOST_CALLS,
        description="Anonymous calls per minute and address; 0 turns address limits off",
    )
    rate_limit_signed_in: int = Field(
        600, ge=1, le=MOST_CALLS, description="Signed-in calls per minute and address"
    )
    max_message_bytes: int = Field(
        1024 * 1024, ge=1024, le=256 * 1024 * 1024, description="Largest request message"
    )
    max_streams_per_user: int = Field(
        100, ge=1, le=MOST_STREAMS, description="Open tracking streams one user may hold on a worker"
    )
    max_open_streams: int = Field(
        5000, ge=1, le=MOST_STREAMS, description="Open tracking streams a worker accepts"
    )
    max_queued_calls: int = Field(
        56,
        ge=1,
        le=MOST_STREAMS,
        description="Calls that a worker takes beyond those that have a database thread; the gateway refuses more",
    )
    max_wait_seconds: float = Field(
        1,
        gt=0,
        le=60,
        description="How long a call waits for a database thread, or for a row that another one holds, before it "
        "is refused; a tenth of that when the queue does not end",
    )
    default_deadline_seconds: float = Field(
        15, gt=0, le=3600, description="Deadline of a unary call that brings none"
    )
    heartbeat_seconds: float = Field(15, gt=0, le=30, description="Silence on a stream before a heartbeat")
    stream_lifetime_seconds: float = Field(
        1800, gt=0, le=86_400, description="A stream is asked to reconnect after this long"
    )
    edge_token: SecretStr = Field(
        SecretStr(""), description="Set by the supervisor: proves to workers that a call came through Envoy"
    )
    drain_seconds: float = Field(10, gt=0, le=3600, description="Time a stopping worker gives its calls")
    drain_notice_seconds: float = Field(
        5,
        ge=0,
        le=300,
        description="How long /readyz says no after SIGTERM before calls are refused: balancers need it",
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    run_jobs: bool = Field(
        True,
        description="Whether the workers do the scheduled work too; one does at a time, in the whole cluster",
    )
    cleanup_daily_at: str = Field(
        "02:00",
        pattern=TIME_OF_DAY,
        description="When what is not needed any more is deleted (UTC); off: never",
    )
    verify_daily_at: str = Field(
        "04:00", pattern=TIME_OF_DAY, description="When `sanset verify` runs by itself (UTC); off: never"
    )

    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs tokens, pages and artifacts, encrypts payment tokens; 32 characters or more, random "
        "ones in production",
    )
    algorithm: Literal["HS256", "EdDSA", "RS256"] = Field("HS256", description="Signature of access tokens")
    jwt_key_file: Path | None = Field(None, description="PEM private key for EdDSA or RS256")
    jwt_key_id: str = Field("1", description="`kid` of the signing key")
    jwt_previous_keys: dict[str, Path] = Field(
        {}, description="kid → PEM public key still accepted, for rotation"
    )
    jwt_issuer: str = "sanset"
    jwt_audience: str = "sanset"
    access_token_expire_minutes: int = Field(60, ge=1, le=1440)
    refresh_token_expire_minutes: int = Field(43_200, ge=5, le=5_256_000)
    refresh_grace_seconds: int = Field(
        30, ge=0, le=600, description="A repeated refresh within this time gets the same successor"
    )
    bcrypt_cost: int = Field(12, ge=4, le=16, description="10 is the floor outside tests")
    first_superuser_email: str = Field("", description="The first admin, created at the first start")
    first_superuser_password: SecretStr = SecretStr("")

    default_page_size: int = Field(20, ge=1, le=1000)
    max_page_size: int = Field(100, ge=1, le=1000)

    train_daily_at: str = Field(
        "03:00",
        pattern=TIME_OF_DAY,
        description="When the recommendations are trained each day (UTC); off: never by themselves",
    )
    behavior_days: int = Field(
        180, ge=1, le=3650, description="How long is kept what people looked at and put into carts, in days"
    )
    events_per_minute: int = Field(
        600,
        ge=0,
        le=MOST_CALLS,
        description="Behaviour events taken per minute from one user or visitor, five times as many from one "
        "address of visitors and new accounts, and a hundred times as many of that a day, on a worker; 0: all",
    )
    models_kept: int = Field(
        5,
        ge=1,
        le=1000,
        description="How many of the newest models are kept on the disk besides those in use",
    )

    recommendation_log: bool = Field(
        True, description="Keep for 90 days which recommendations were shown: online measures need it"
    )

    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="The shop's currency (ISO 4217)")
    tax_rate: Decimal = Field(
        Decimal("0.08"), ge=0, le=1, description="Share of the goods, where TAX_RATES names no country"
    )
    tax_rates: dict[str, Rate] = Field({}, description='Rates by country, as JSON: {"GB": "0.20"}')
    shipping_fee: dict[str, Amount] = Field(
        {"USD": Decimal("5.99"), "GBP": Decimal("5.99"), "EUR": Decimal("5.99")},
        description="Fee by currency",
    )
    free_shipping_from: dict[str, Amount] = Field(
        {"USD": Decimal("50.00"), "GBP": Decimal("50.00"), "EUR": Decimal("50.00")},
        description="Order value from which shipping is free, by currency",
    )
    tier_from_points: dict[TierLevel, Annotated[int, Field(ge=0, le=1_000_000_000)]] = Field(
        {"BRONZE": 0, "SILVER": 500, "GOLD": 2000, "PLATINUM": 5000},
        description="Lifetime points from which each loyalty tier is reached",
    )
    tier_discount: dict[TierLevel, BasisPoints] = Field(
        {
            "BRONZE": Decimal(0),
            "SILVER": Decimal("0.05"),
            "GOLD": Decimal("0.10"),
            "PLATINUM": Decimal("0.15"),
        },
        description="What members of each loyalty tier get off every product",
    )
    reservation_minutes: int = Field(
        10, ge=1, le=525_600, description="How long an unpaid order holds its stock"
    )
    max_unpaid_orders: int = Field(
        3, ge=1, le=1000, description="Orders of one buyer that may wait for their payment"
    )
    guest_cart_days: int = Field(
        30, ge=1, le=3650, description="How long a guest's cart lives after its last change"
    )
    return_days: int = Field(
        30, ge=1, le=3650, description="For how long after its delivery an order can be sent back"
    )
    low_stock_threshold: int = Field(10, ge=1, le=1_000_000)
    payment_gateway: Literal["demo", "stripe"] = Field(
        "demo",
        description="Who takes cards and UPI; demo moves no money, and production wants it said. "
        "Gift cards are the shop's own",
    )
    stripe_secret_key: SecretStr = Field(SecretStr(""), description="sk_…, for PAYMENT_GATEWAY=stripe")
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""), description="whsec_… of the webhook endpoint /api/v1/payments/webhook"
    )
    stripe_api_base: str = Field("", description="Where Stripe's API is; empty: Stripe's own")
    payment_return_url: str = Field(
        "", description="Where a buyer comes back to from a page of the bank's; empty: no such payments"
    )
    demo_payment_delay_seconds: float = Field(
        0, ge=0, le=3600, description="Delay of the demo payment gateway"
    )
    demo_payment_failure_rate: float = Field(
        0, ge=0, le=1, description="Share of demo payments declined at random"
    )
    payment_timeout_seconds: float = Field(
        5, gt=0, le=600, description="How long Checkout waits for the payment gateway"
    )

    smtp_host: str = Field("", description="The mail server; empty: mails are files in DATA_DIR/mail")
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_tls: Literal["starttls", "tls", "off"] = Field(
        "starttls",
        description="tls: from the first byte, as on port 465; off: never, as to a relay on this host",
    )
    smtp_user: str = Field("", description="Empty: no login")
    smtp_password: SecretStr = SecretStr("")
    mail_from: str = Field("Sanset <shop@localhost>", description="Who the mails are from")
    mail_admin: str = Field(
        "", description="Who is told of products that run out, and of payments to look at; empty: nobody"
    )
    webhook_allow_private: bool = Field(
        False,
        description="Let webhooks reach private addresses, and speak http: for development; refused in production",
    )

    @field_validator("mail_from", "mail_admin")
    @classmethod
    def _mail_address_is_whole(cls, value: str) -> str:
        local, _, domain = parseaddr(value)[1].rpartition("@")
        if value and not (local and domain and value.isprintable()):
            raise ValueError("use an address like Shop <shop@example.com>")
        return value

    @field_validator("first_superuser_email")
    @classmethod
    def _admin_has_an_address(cls, value: str) -> str:
        name, address = parseaddr(value)
        local, _, domain = address.rpartition("@")
        if value and (name or address != value or not (local and domain)):
            raise ValueError("use an e-mail address like you@example.com")
        return value

    @field_validator("environment", "log_level", "smtp_tls", "algorithm", "payment_gateway", mode="before")
    @classmethod
    def _choice_in_any_case(cls, value: object, info: ValidationInfo) -> object:
        choices = get_args(cls.model_fields[info.field_name or ""].annotation)
        spelt = {choice.lower(): choice for choice in choices}
        return spelt.get(value.strip().lower(), value) if isinstance(value, str) else value

    @field_validator("cleanup_daily_at", "verify_daily_at", "train_daily_at", mode="before")
    @classmethod
    def _off_in_any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _origins_as_browsers_send_them(cls, value: list[str]) -> list[str]:
        return [origin_of(origin) for origin in value]

    @field_validator("secret_key")
    @classmethod
    def _secret_is_long(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret and len(secret) < MIN_SECRET_LENGTH:
            raise ValueError(
                f"use at least {MIN_SECRET_LENGTH} random characters, e.g. `openssl rand -hex 32`"
            )
        return value

    @field_validator("tax_rates")
    @classmethod
    def _countries_are_known(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        for code in value:
            problem = country_problem(code)
            if problem is not None:
                raise ValueError(problem)
        if len({code.upper() for code in value}) < len(value):
            raise ValueError("names a country twice")
        return {code.upper(): rate for code, rate in value.items()}

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, value: str) -> str:
        if value.startswith("sqlite:///") and value != "sqlite:///":  # without a path it is lost at the end
            return value
        if value.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
            plain = "postgresql://" + value.split("://", 1)[1]
            if "host=" not in plain:  # a socket directory rides in the query, where PostgresDsn finds no host
                TypeAdapter(PostgresDsn).validate_python(plain)
            return "postgresql+psycopg://" + plain.removeprefix("postgresql://")
        if value:
            raise ValueError("use postgresql://user:password@host/name or sqlite:///path")
        return value

    @model_validator(mode="after")
    def _fits_its_environment(self) -> Self:
        if self.environment != "test" and self.bcrypt_cost < 10:
            raise ValueError("BCRYPT_COST: 10 is the floor outside tests")
        if self.algorithm != "HS256" and self.jwt_key_file is None:
            raise ValueError(f"JWT_KEY_FILE: {self.algorithm} needs a private key file")
        if self.environment == "production":
            refuse_unfit(self)
        if self.currency not in self.shipping_fee or self.currency not in self.free_shipping_from:
            raise ValueError(
                f"SHIPPING_FEE and FREE_SHIPPING_FROM must name the shop's currency {self.currency}"
            )
        if self.tier_discount.keys() != set(TIER_LEVELS):
            raise ValueError(f"TIER_DISCOUNT must name {', '.join(TIER_LEVELS)}")
        reached = [self.tier_from_points.get(level, -1) for level in TIER_LEVELS]
        if reached[0] != 0 or any(high <= low for low, high in pairwise(reached)):
            raise ValueError("TIER_FROM_POINTS must rise from 0 over " + ", ".join(TIER_LEVELS))
        if self.payment_gateway == "stripe":
            for name in ("stripe_secret_key", "stripe_webhook_secret"):
                if not getattr(self, name).get_secret_value():
                    raise ValueError(f"{name.upper()}: required for PAYMENT_GATEWAY=stripe")
            if self.currency in TOO_FINE_FOR_STRIPE:
                raise ValueError(
                    f"CURRENCY: Stripe takes no amounts as fine as {self.currency} has; PAYMENT_GATEWAY=stripe "
                    "needs another currency"
                )
        if self.refresh_grace_seconds < self.default_deadline_seconds:
            raise ValueError(
                "REFRESH_GRACE_SECONDS: must not be shorter than DEFAULT_DEADLINE_SECONDS, or who waits for a "
                "lost reply and asks again is signed out"
            )
        if (self.tls_cert_file is None) is not (self.tls_key_file is None):
            raise ValueError("TLS_CERT_FILE and TLS_KEY_FILE: set both, or none")
        if self.port == self.grpc_port:
            raise ValueError("GRPC_PORT: must not be the same as PORT")
        if self.default_page_size > self.max_page_size:
            raise ValueError("DEFAULT_PAGE_SIZE: must not exceed MAX_PAGE_SIZE")
        return self

    @property
    def reflects(self) -> bool:
        """Whether the contract may be asked for."""
        return self.environment != "production" if self.grpc_reflection is None else self.grpc_reflection

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database in use."""
        path = quote(str(self.data_dir.absolute() / "sanset.db"), safe="/ ")
        return self.database_url or f"sqlite:///{path}"

    @property
    def models_dir(self) -> Path:
        """Where trained artifacts live."""
        return self.data_dir / "models"

    def masked(self) -> dict[str, str]:
        """Each variable and its value as text, secrets and database passwords hidden."""
        return {name.upper(): _mask(name, getattr(self, name)) for name in type(self).model_fields}


def load(**overrides: object) -> Settings:
    """Read the settings from the environment and `.env`; `overrides` win.

    Raises InvalidSettings, with one line naming the setting that is wrong.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        text = first["msg"].removeprefix("Value error, ")
        raise InvalidSettings(f"{name}: {text}" if name else text) from None
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        raise InvalidSettings(f"{field[1].upper() if field else 'A setting'}: must be valid JSON") from None


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment that gives a child process exactly these settings."""
    values = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            values[name.upper()] = value.get_secret_value()
        elif isinstance(value, str | int | float | Path | Decimal):
            values[name.upper()] = str(value)
        elif value is not None:
            adapter: TypeAdapter[Any] = TypeAdapter(field.annotation or Any)
            values[name.upper()] = adapter.dump_json(value).decode()
    return {**os.environ, **values}


def _mask(name: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if isinstance(value, str) and "://" in value:
        return _without_passwords(value)
    return "" if value is None else str(value)


def _without_passwords(url: str) -> str:
    """A URL without its passwords: one with a bare @ or / in it ends at the last @ that could end it."""
    rest = r"(//[^:/@]*:).*(?=@)"
    return re.sub(
        rf"{rest}|([?&][^=&]*(?:pass|secret)[^=&]*=)[^&]+", r"\1\2********", url, flags=re.IGNORECASE
    )
