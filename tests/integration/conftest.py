"""Shops to recommend in and to pay in, for the tests of this directory.

A fixture of the session is one only if it is here.
"""

from __future__ import annotations

from command_line import sanset
from recommend_fixtures import (
    copying,
    filled_postgres,
    filled_sqlite,
    modelled,
    proven_once,
    settings,
    sound,
    trained,
)
from stripe_shop import account, paid, paid_shop

__all__ = [
    "account",
    "copying",
    "filled_postgres",
    "filled_sqlite",
    "modelled",
    "paid",
    "paid_shop",
    "proven_once",
    "sanset",
    "settings",
    "sound",
    "trained",
]
