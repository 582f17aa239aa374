"""Where the shop's passkeys are used: a browser makes and shows them for one site alone."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from server.settings import Settings
from server.settings.origins import origin_of


@dataclass(frozen=True, slots=True)
class Site:
    """The relying party, as the Web Authentication API has it."""

    rp_id: str
    """A domain; passkeys work on it and below it."""
    name: str
    origins: tuple[str, ...]
    """Where users may come from."""


def site_of(settings: Settings) -> Site | None:
    """As `settings` say; None where no site is known: production has none without PUBLIC_URL or WEBAUTHN_RP_ID."""
    has_site = settings.public_url or settings.webauthn_rp_id or settings.environment != "production"
    rp_id = settings.webauthn_rp_id or urlsplit(settings.link_base).hostname or ""
    if not has_site or not rp_id or _is_address(rp_id):
        return None
    origins = settings.webauthn_origins or [origin_of(settings.link_base), *settings.cors_origins]
    return Site(rp_id, settings.webauthn_rp_name or settings.jwt_issuer, tuple(_within(origins, rp_id)))


def _within(origins: list[str], rp_id: str) -> list[str]:
    """Those that a browser lets use passkeys of the domain; apps name themselves otherwise, and stay."""
    return [
        origin
        for origin in dict.fromkeys(origins)
        if "://" not in origin or f".{urlsplit(origin).hostname or ''}".endswith(f".{rp_id}")
    ]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
