"""OpenID providers as a shop starts: one that is another stops it, one that is away does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from server.bootstrap.console import warning
from server.settings import InvalidSettings, Settings

if TYPE_CHECKING:
    from server.auth.federated.providers import Provider


def check_providers(settings: Settings) -> None:
    """Ask every provider whether it is the issuer that the settings name.

    Raises InvalidSettings, with one line that names the issuer, where something else is there.
    """
    if settings.oidc_providers:
        asyncio.run(_check(settings))


async def _check(settings: Settings) -> None:
    from server.auth.federated.providers import Providers  # most shops have none, and start faster without

    await asyncio.gather(*(_check_one(provider) for provider in Providers(settings.oidc_providers).all))


async def _check_one(provider: Provider) -> None:
    from server.auth.federated.http import ProviderAway, ProviderRefused
    from server.auth.federated.providers import WrongProvider

    try:
        await provider.discovered()
    except (WrongProvider, ProviderRefused) as error:
        raise InvalidSettings(f"OIDC_PROVIDERS: {provider.name}: {error}") from None
    except ProviderAway as error:
        warning(f"the OpenID provider {provider.name} cannot be asked, so nobody signs in there: {error}.")
