"""Refusals of production: secrets that can be guessed, and aids of development."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from server.crypto.strength import KEY_BITS, PASSWORD_BITS, strength_bits

if TYPE_CHECKING:
    from server.settings import Settings

_KEYS = {
    "secret_key": "signs every token, and this one can be guessed; set a random one, e.g. `openssl rand -hex 32`",
    "edge_token": "lets its holder name any caller's address, and this one can be guessed; leave it unset",
    "stripe_secret_key": "this is an example or can be guessed; copy the key from Stripe's dashboard",
    "stripe_webhook_secret": (
        "who guesses it reports payments that never were, and this one can be guessed; copy the endpoint's "
        "whsec_… from Stripe's dashboard"
    ),
}


def refuse_unfit(settings: Settings) -> None:
    """Raise ValueError, with one line that names the setting, for what no shop in production should run with."""
    if not settings.secret_key.get_secret_value():
        raise ValueError("SECRET_KEY: required in production, e.g. `openssl rand -hex 32`")
    for name, problem in _KEYS.items():
        secret = getattr(settings, name).get_secret_value()
        if secret and strength_bits(secret) < KEY_BITS:
            raise ValueError(f"{name.upper()}: {problem}")
    if any(strength_bits(secret.decode()) < KEY_BITS for secret in settings.secrets[1:]):
        raise ValueError(
            "PREVIOUS_SECRET_KEYS: one of them can be guessed: what it sealed is open to everyone"
        )
    _refuse_guessable_password(settings)
    if "payment_gateway" not in settings.model_fields_set:
        raise ValueError("PAYMENT_GATEWAY: required in production: stripe, or demo, which moves no money")
    if settings.require_email_verification and not settings.public_url:
        raise ValueError(
            "PUBLIC_URL: REQUIRE_EMAIL_VERIFICATION needs it, or no link that is mailed leads to the shop"
        )
    for provider in settings.oidc_providers:
        if not provider.issuer.lower().startswith("https://"):
            raise ValueError(f"OIDC_PROVIDERS: {provider.issuer}: use https:// in production")
    if settings.webhook_allow_private:
        raise ValueError(
            "WEBHOOK_ALLOW_PRIVATE: lets webhooks reach into this network; refused in production, unset it"
        )
    _refuse_plain_text(settings)


def _refuse_guessable_password(settings: Settings) -> None:
    password = settings.first_superuser_password.get_secret_value()
    email = settings.first_superuser_email
    personal = (email, *email.replace("@", ".").split("."))
    if password and strength_bits(password, personal) < PASSWORD_BITS:
        raise ValueError(
            "FIRST_SUPERUSER_PASSWORD: a default, common or easily guessed password is refused in production; "
            "use four random words and a number"
        )


def _refuse_plain_text(settings: Settings) -> None:
    if not (_is_loopback(settings.host) or settings.tls_cert_file or settings.behind_tls_proxy):
        raise ValueError(
            f"HOST: {settings.host} is open to the network, and passwords would cross it in plain text; set "
            "TLS_CERT_FILE and TLS_KEY_FILE, or BEHIND_TLS_PROXY=true where a proxy in front ends TLS"
        )
    for name in ("public_url", "stripe_api_base", "payment_return_url"):
        value = getattr(settings, name)
        if value and not value.lower().startswith("https://"):
            raise ValueError(f"{name.upper()}: use https:// in production")
    if settings.smtp_tls == "off" and settings.smtp_user and not _is_loopback(settings.smtp_host):
        raise ValueError(
            f"SMTP_TLS: off would send SMTP_PASSWORD to {settings.smtp_host} in plain text; use starttls or tls"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in ("", "localhost")
