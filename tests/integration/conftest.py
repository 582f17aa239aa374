"""Shops to recommend in, to pay in and to be mailed from, for the tests of this directory.

A fixture of the session is one only if it is here.
"""

from __future__ import annotations

from support.command_line import sanset
from support.forked_models import forked_models
from support.outbox_desk import desk, own_shop
from support.recommend_fixtures import (
    copying,
    filled_postgres,
    filled_sqlite,
    modelled,
    proven_once,
    settings,
    sound,
    trained,
)
from support.stripe_shop import account, paid, paid_shop

__all__ = [
    "account",
    "copying",
    "desk",
    "filled_postgres",
    "filled_sqlite",
    "forked_models",
    "modelled",
    "own_shop",
    "paid",
    "paid_shop",
    "proven_once",
    "sanset",
    "settings",
    "sound",
    "trained",
]
