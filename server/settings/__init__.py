"""Every setting of the shop, typed, read from the environment or `.env`; a module for each subject."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

from pydantic import PrivateAttr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from server.crypto.ring import KeyRing
from server.settings import text
from server.settings.accounts import AccountSettings
from server.settings.analytics import AnalyticsSettings
from server.settings.capacity import CapacitySettings
from server.settings.inventory import InventorySettings
from server.settings.jobs import JobSettings
from server.settings.languages import LanguageSettings
from server.settings.loyalty import LoyaltySettings
from server.settings.mail import MailSettings
from server.settings.media import MediaSettings
from server.settings.network import NetworkSettings
from server.settings.orders import OrderSettings
from server.settings.pages import PageSettings
from server.settings.payment import TOO_FINE_FOR_STRIPE, PaymentSettings
from server.settings.pricing import PricingSettings
from server.settings.production import refuse_unfit
from server.settings.recommend import RecommendSettings
from server.settings.retention import RetentionSettings
from server.settings.reviews import ReviewSettings
from server.settings.search import SearchSettings
from server.settings.search_log import SearchLogSettings
from server.settings.sign_in import SignInSettings
from server.settings.storage import StorageSettings

MIN_BCRYPT_COST = 10


class InvalidSettings(Exception):
    """A setting is missing or out of range; the text is one line that names it."""


class Settings(
    # pydantic takes the fields of the last base first: so they are printed from the storage on.
    MailSettings,
    PaymentSettings,
    InventorySettings,
    OrderSettings,
    LoyaltySettings,
    PricingSettings,
    AnalyticsSettings,
    SearchLogSettings,
    SearchSettings,
    LanguageSettings,
    RecommendSettings,
    ReviewSettings,
    MediaSettings,
    PageSettings,
    SignInSettings,
    AccountSettings,
    RetentionSettings,
    JobSettings,
    CapacitySettings,
    NetworkSettings,
    StorageSettings,
    BaseSettings,
):
    """The settings of one process. Field names, in capitals, are the environment variables.

    What concerns one group alone is checked there; here is what groups demand of each other.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    _ring: KeyRing | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _fit_their_environment(self) -> Self:
        if self.environment != "test" and self.bcrypt_cost < MIN_BCRYPT_COST:
            raise ValueError(f"BCRYPT_COST: {MIN_BCRYPT_COST} is the floor outside tests")
        if self.environment == "production":
            refuse_unfit(self)
        return self

    @model_validator(mode="after")
    def _workers_count_together(self) -> Self:
        if self.rate_limit_store == "memory" and self.workers > 1:
            raise ValueError(
                f"RATE_LIMIT_STORE: memory counts within one worker, and WORKERS is {self.workers}; use database"
            )
        return self

    @model_validator(mode="after")
    def _gateway_takes_the_currency(self) -> Self:
        if self.payment_gateway == "stripe" and self.currency in TOO_FINE_FOR_STRIPE:
            raise ValueError(
                f"CURRENCY: Stripe takes no amounts as fine as {self.currency} has; PAYMENT_GATEWAY=stripe "
                "needs another currency"
            )
        return self

    @model_validator(mode="after")
    def _lost_replies_are_forgiven(self) -> Self:
        if self.refresh_grace_seconds < self.default_deadline_seconds:
            raise ValueError(
                "REFRESH_GRACE_SECONDS: must not be shorter than DEFAULT_DEADLINE_SECONDS, or who waits for a "
                "lost reply and asks again is signed out"
            )
        return self

    @property
    def ring(self) -> KeyRing:
        """The keys that follow from the secrets: one ring for all who have these settings.

        Raises InvalidSettings when there is no secret.
        """
        if not self.secret_key.get_secret_value():
            raise InvalidSettings("SECRET_KEY: required, e.g. `openssl rand -hex 32`")
        if self._ring is None or self._ring.secrets != self.secrets:
            self._ring = KeyRing(self.secrets)
        return self._ring

    @property
    def media_dir(self) -> Path:
        """The directory of the files of images, where they are not in a bucket."""
        return self.upload_folder or self.data_dir / "media"

    @property
    def local_url(self) -> str:
        """The address of the JSON port for those on the same machine."""
        return f"{'http' if self.tls_cert_file is None else 'https'}://localhost:{self.port}"

    @property
    def link_base(self) -> str:
        """What the links in mails begin with."""
        return self.public_url or self.local_url

    @property
    def reflects(self) -> bool:
        """Tell whether callers may ask for the contract."""
        return self.environment != "production" if self.grpc_reflection is None else self.grpc_reflection

    def masked(self) -> dict[str, str]:
        """Each variable and its value as text, secrets and passwords in URLs hidden."""
        return text.masked(self)

    def described(self) -> list[text.DescribedSetting]:
        """Every setting as people read it, those of a subject together; nothing of it is secret."""
        return text.described(self)


def load(**overrides: object) -> Settings:
    """Read the settings from the environment and `.env`; `overrides` win.

    Raises InvalidSettings, with one line naming the setting that is wrong.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        problem = first["msg"].removeprefix("Value error, ")
        raise InvalidSettings(f"{name}: {problem}" if name else problem) from None
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        raise InvalidSettings(f"{field[1].upper() if field else 'A setting'}: must be valid JSON") from None


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment that gives a child process exactly these settings."""
    return text.environment_of(settings)
