"""The vault that goes with a database: who has a connection can seal and open what is stored there."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Engine

from server.crypto.ring import KeyRing
from server.crypto.vault import Vault

_VAULT: Final = "sanset_vault"

NO_KEYS: Final = Vault(KeyRing(()))
"""That of a database that was opened without keys: it seals nothing, and cannot open what is sealed."""


def give_vault(engine: Engine, vault: Vault) -> None:
    """Have the connections of an engine seal and open by a vault."""
    engine.update_execution_options(**{_VAULT: vault})


def vault_of(connection: Connection) -> Vault:
    """The vault by which values of a connection's database are sealed and opened."""
    vault: Vault = connection.get_execution_options().get(_VAULT, NO_KEYS)
    return vault
