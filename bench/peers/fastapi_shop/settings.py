"""The peer's settings, read from the environment."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from pydantic_settings import BaseSettings, SettingsConfigDict


class PeerSettings(BaseSettings):
    """Settings of the FastAPI shop; each field's name in capitals, after `PEER_`, is its variable."""

    model_config = SettingsConfigDict(env_prefix="PEER_", frozen=True)

    database_url: str
    secret_key: str
    pool_size: int = 8
    token_lifetime: timedelta = timedelta(hours=1)
    tax_rate: Decimal = Decimal("0.08")
    shipping_fee: Decimal = Decimal("5.99")
    free_shipping_from: Decimal = Decimal("50.00")
