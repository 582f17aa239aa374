"""The rules of the second factor: set up, confirmed by a code, asked for at sign-ins, and removed by a code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.auth.recovery.errors import EmailNotVerified
from server.auth.second_factor import queries
from server.auth.second_factor.codes import hash_of, new_recovery_codes, new_secret, step_of, uri_of
from server.auth.second_factor.errors import (
    SecondFactorActive,
    SecondFactorCodeWrong,
    SecondFactorMissing,
)
from server.crypto.vault import Cell, Vault
from server.db.base import AnyRow
from server.user.service import Contact

SECRETS: Final = "second_factors.secret"
"""The column of the secrets of authenticators, sealed."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a user's authenticator is given."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class SecondFactorState:
    """Since when a user has a second factor that counts, if they have one, and what is left of its codes."""

    confirmed_at: datetime | None
    recovery_codes_left: int


class SecondFactors:
    """The second factors of the accounts."""

    def __init__(self, vault: Vault, *, issuer: str) -> None:
        """`issuer` is the shop's name in authenticators."""
        self._vault = vault
        self._issuer = issuer

    def set_up(self, tx: Connection, contact: Contact, now: datetime) -> SetUp:
        """Make a secret, which counts once it is confirmed.

        Raises SecondFactorActive, and EmailNotVerified: who registers with somebody else's address must not lock
        its owner out, who may claim the account by a code that is mailed there.
        """
        if not contact.credentials.is_verified:
            raise EmailNotVerified()
        user_id, secret = contact.credentials.user_id, new_secret()
        if not queries.put_unconfirmed(
            tx, user_id, self._vault.seal_token(secret, Cell(SECRETS, user_id), user_id), now
        ):
            raise SecondFactorActive()
        return SetUp(secret, uri_of(secret, account=contact.email, issuer=self._issuer))

    def confirm(self, tx: Connection, user_id: int, code: str, now: datetime) -> Sequence[str]:
        """Have the secret count from now on; returns the recovery codes, which are told this once.

        Raises SecondFactorMissing, SecondFactorActive and SecondFactorCodeWrong.
        """
        row = queries.factor(tx, user_id)
        if row is None:
            raise SecondFactorMissing()
        step = step_of(code, self._secret_of(row), now)
        if step is None:
            raise SecondFactorCodeWrong().at("code")
        if not queries.confirm(tx, user_id, step, now):
            raise SecondFactorActive()
        return self._new_recovery_codes(tx, user_id)

    def renew_recovery_codes(self, tx: Connection, user_id: int, code: str, now: datetime) -> Sequence[str]:
        """Make recovery codes in place of those that there are. Raises as `remove` does."""
        self._must_fit(tx, user_id, code, now)
        return self._new_recovery_codes(tx, user_id)

    def remove(self, tx: Connection, user_id: int, code: str, now: datetime) -> None:
        """Have no second factor any more. Raises SecondFactorMissing and SecondFactorCodeWrong."""
        self._must_fit(tx, user_id, code, now)
        queries.remove(tx, user_id)

    def state(self, connection: Connection, user_id: int) -> SecondFactorState:
        """What a user sees of it."""
        row = queries.factor(connection, user_id)
        left = queries.recovery_codes_left(connection, user_id)
        return SecondFactorState(None if row is None else row.confirmed_at, left)

    def is_active(self, connection: Connection, user_id: int) -> bool:
        """Whether a user has a second factor that counts."""
        row = queries.factor(connection, user_id)
        return row is not None and row.confirmed_at is not None

    def fits(self, tx: Connection, user_id: int, code: str, now: datetime) -> bool:
        """Use a code up; False when it is wrong, too old, or was used before.

        The transaction must commit before what the code opens is told.
        """
        row = queries.factor(tx, user_id)
        if row is None or row.confirmed_at is None:
            return False
        step = step_of(code, self._secret_of(row), now)
        if step is not None:
            return queries.use_step(tx, user_id, step)
        return queries.use_recovery_code(tx, user_id, hash_of(code, user_id), now)

    def _must_fit(self, tx: Connection, user_id: int, code: str, now: datetime) -> None:
        if not self.is_active(tx, user_id):
            raise SecondFactorMissing()
        if not self.fits(tx, user_id, code, now):
            raise SecondFactorCodeWrong().at("code")

    def _new_recovery_codes(self, tx: Connection, user_id: int) -> Sequence[str]:
        codes = new_recovery_codes()
        queries.replace_recovery_codes(tx, user_id, [hash_of(code, user_id) for code in codes])
        return codes

    def _secret_of(self, row: AnyRow) -> str:
        return self._vault.open_token(row.secret, Cell(SECRETS, row.user_id), row.user_id)
