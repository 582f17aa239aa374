"""The operator of a shop: who may run commands on its machine may do everything in it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final, TypeVar

from google.protobuf.message import Message

from server.audit.log import THE_SHOP
from server.cli.open_shop import open_shop
from server.contract import SERVICES
from server.db.database import Database
from server.identity import Identity, Role
from server.keys.state import open_database
from server.rpc.validation import Validation
from server.settings import Settings

M = TypeVar("M", bound=Message)

OPERATOR: Final = Identity(user_id=0, role=Role.ADMIN, session_id="", expires_at=math.inf)
ACTOR: Final = THE_SHOP
"""As whom they stand in the audit log: no user's account is theirs."""


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of a shop, with its keys, running or not."""
    with open_shop(settings) as shop, closing(open_database(shop, pool_size=1)) as db:
        yield db


def checked(request: M) -> M:
    """A request that keeps the rules of the contract, as one that is sent. Raises InvalidField."""
    Validation(SERVICES).check(request)
    return request
