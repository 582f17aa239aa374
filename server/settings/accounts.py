"""Settings of accounts: keys, tokens, passwords and the first admin."""

from __future__ import annotations

from email.utils import parseaddr
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from server.settings.group import Group

MIN_SECRET_LENGTH = 32
"""Bytes of key that HS256 needs (RFC 7518, section 3.2)."""


class AccountSettings(Group):
    """The secrets, access and refresh tokens, and the first admin."""

    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs tokens, pages and artifacts, encrypts personal values and payment tokens; 32 "
        "characters or more, random ones in production",
    )
    previous_secret_keys: list[SecretStr] = Field(
        [], description="Secrets of before, the newest first: still read, until `sanset rotate-keys` is done"
    )
    algorithm: Literal["HS256", "EdDSA", "RS256"] = Field("HS256", description="Signature of access tokens")
    jwt_key_file: Path | None = Field(None, description="PEM private key for EdDSA or RS256")
    jwt_key_id: str = Field("1", description="`kid` of the signing key")
    jwt_previous_keys: dict[str, Path] = Field(
        {}, description="kid → PEM public key still accepted, for rotation"
    )
    jwt_issuer: str = Field(
        "sanset", description="`iss` of access tokens, and the shop's name in apps that make codes"
    )
    jwt_audience: str = Field("sanset", description="`aud` of access tokens")
    access_token_expire_minutes: int = Field(
        60, ge=1, le=1440, description="How long an access token is good"
    )
    refresh_token_expire_minutes: int = Field(
        43_200, ge=5, le=5_256_000, description="How long a session lasts that is not carried on"
    )
    refresh_grace_seconds: int = Field(
        30, ge=0, le=600, description="A repeated refresh within this time gets the same successor"
    )
    require_staff_second_factor: bool = Field(
        False, description="Withhold the permissions of staff until they sign in with a second factor"
    )
    require_email_verification: bool = Field(
        False, description="Refuse to sign users in before they have confirmed their e-mail address"
    )
    bcrypt_cost: int = Field(12, ge=4, le=16, description="10 is the floor outside tests")
    first_superuser_email: str = Field("", description="The first admin, created at the first start")
    first_superuser_password: SecretStr = Field(SecretStr(""), description="The password it is created with")

    @field_validator("first_superuser_email")
    @classmethod
    def _admin_has_an_address(cls, value: str) -> str:
        name, address = parseaddr(value)
        local, _, domain = address.rpartition("@")
        if value and (name or address != value or not (local and domain)):
            raise ValueError("use an e-mail address like you@example.com")
        return value

    @field_validator("secret_key", "previous_secret_keys")
    @classmethod
    def _secrets_are_long(cls, value: SecretStr | list[SecretStr]) -> SecretStr | list[SecretStr]:
        secrets = [value] if isinstance(value, SecretStr) else value
        if any(len(secret) < MIN_SECRET_LENGTH for secret in secrets if secret.get_secret_value()):
            raise ValueError(
                f"use at least {MIN_SECRET_LENGTH} random characters, e.g. `openssl rand -hex 32`"
            )
        return value

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """Every secret that is read, the newest first."""
        named = (self.secret_key, *self.previous_secret_keys)
        return tuple(one.get_secret_value().encode() for one in named if one.get_secret_value())

    @model_validator(mode="after")
    def _tokens_can_be_signed(self) -> Self:
        if self.algorithm != "HS256" and self.jwt_key_file is None:
            raise ValueError(f"JWT_KEY_FILE: {self.algorithm} needs a private key file")
        return self
