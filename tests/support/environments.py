"""Settings of shops that are more than a test's: what production and demos insist upon."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from server.settings import Settings

STRONG_KEY = "c41f07e29ab5d8368e02f7b1935acd64"
Environment = Literal["production", "demo", "test"]


def environment_settings(
    url: str, home: Path, environment: Environment, admin: tuple[str, str] = ("", "")
) -> Settings:
    """Settings that each environment accepts, with the email and password of the first admin."""
    email, password = admin
    return Settings(
        _env_file=None,
        environment=environment,
        data_dir=home,
        database_url=url,
        bcrypt_cost=10,
        secret_key=STRONG_KEY,
        payment_gateway="demo",
        first_superuser_email=email,
        first_superuser_password=SecretStr(password),
    )
