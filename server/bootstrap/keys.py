"""The shop's keys before it is served: that the one in use is there, and what is still to be done with them."""

from __future__ import annotations

from server.bootstrap.console import warning
from server.keys.state import open_engine
from server.settings import Settings


def check_keys(settings: Settings) -> None:
    """Raise KeyUnknown without the secret that the database is sealed with; say what `rotate-keys` would do."""
    open_engine(settings, pool_size=1).dispose()
    state = settings.ring.state
    if state.current != settings.ring.newest:
        warning(
            "SECRET_KEY is not in use yet: run `sanset rotate-keys` once every server has it and the one before."
        )
    elif not state.is_sealing:
        warning(
            "phone numbers and addresses are not encrypted yet: run `sanset rotate-keys` once no server of an "
            "earlier release runs."
        )
