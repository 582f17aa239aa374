"""Settings of the other ways to sign in than by a password: OpenID providers and passkeys."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_serializer,
    field_validator,
    model_validator,
)

from server.settings.group import Group
from server.settings.origins import origin_of

MAX_PROVIDERS = 20


class OidcProvider(BaseModel):
    """An OpenID provider, and the shop as its client."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    issuer: str = Field(max_length=500)
    client_id: str = Field(min_length=1, max_length=500)
    client_secret: SecretStr = SecretStr("")
    """Empty: the shop is a public client."""
    redirect_uris: Annotated[list[str], Field(min_length=1, max_length=20)]
    title: str = Field("", max_length=64)
    """For people; empty: the name."""

    @field_validator("issuer")
    @classmethod
    def _issuer_is_an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        beside = parts.query or parts.fragment or parts.username or parts.password
        if parts.scheme not in ("http", "https") or not parts.hostname or beside:
            raise ValueError(f"{value!r} is no issuer; use its address, like https://accounts.example.com")
        return value

    @field_validator("redirect_uris")
    @classmethod
    def _users_come_back(cls, value: list[str]) -> list[str]:
        for uri in value:
            parts = urlsplit(uri)
            if not parts.scheme or parts.fragment or len(uri) > 500 or not uri.isprintable():
                raise ValueError(f"{uri[:100]!r} is no address that users can be sent back to")
        return value

    @field_serializer("client_secret", when_used="json")
    def _whole(self, value: SecretStr) -> str:
        """For the environment of a child process; what people read is masked."""
        return value.get_secret_value()


class SignInSettings(Group):
    """OpenID providers, and the site of the passkeys."""

    oidc_providers: list[OidcProvider] = Field(
        [],
        max_length=MAX_PROVIDERS,
        description="OpenID providers that users may sign in at, as a JSON list of name, issuer, client_id, "
        "client_secret, redirect_uris and title",
    )

    webauthn_rp_id: str = Field(
        "",
        pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)*)?$",
        max_length=253,
        description="The domain of the passkeys, such as example.com; empty: the host of PUBLIC_URL",
    )
    webauthn_rp_name: str = Field(
        "", max_length=64, description="The shop's name on devices; empty: JWT_ISSUER"
    )
    webauthn_origins: list[str] = Field(
        [],
        description="Origins at or below it, and apps, that passkeys are used from, as a JSON list; empty: those "
        "of PUBLIC_URL and CORS_ORIGINS",
    )

    @field_validator("webauthn_origins")
    @classmethod
    def _origins_as_clients_send_them(cls, value: list[str]) -> list[str]:
        return [
            origin if origin.startswith("android:apk-key-hash:") else origin_of(origin) for origin in value
        ]

    @model_validator(mode="after")
    def _providers_differ(self) -> Self:
        for values in (
            [one.name for one in self.oidc_providers],
            [one.issuer for one in self.oidc_providers],
        ):
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise ValueError(f"OIDC_PROVIDERS: {twice} is given twice")
        return self
