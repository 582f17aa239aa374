"""The rules of deleting an account: who may, and what is done at once; the job erases the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from server.audit.log import Actor, write
from server.auth import sessions, throttle
from server.auth.recovery import notices
from server.auth.recovery import queries as recovery_queries
from server.auth.recovery.errors import CurrentPasswordWrong
from server.auth.recovery.notices import Notice, NoticeKind
from server.auth.second_factor.errors import SecondFactorCodeWrong, SecondFactorMissing
from server.auth.second_factor.service import SecondFactors
from server.errors import UserNotFound
from server.privacy import queries
from server.privacy.errors import DeletionNeedsCode, PasswordMissing, VendorHasProducts
from server.roles import queries as role_queries
from server.staff.accounts import must_not_be_last_admin
from server.user import service as users
from server.user.lookup_key import lookup_key
from server.user.service import Credentials


@dataclass(frozen=True, slots=True)
class Proof:
    """By what users prove to be it: a code of their second factor, or the hash that their password matched."""

    code: str = ""
    verified_hash: str | None = None


def check_proof_kind(connection: Connection, user_id: int, *, has_code: bool, factors: SecondFactors) -> None:
    """Raise DeletionNeedsCode, SecondFactorMissing or PasswordMissing where such a proof proves nothing."""
    contact = users.contact(connection, user_id)
    if contact is None or queries.is_deleted(connection, user_id):
        raise UserNotFound(user_id=user_id)
    _check_kind(contact.credentials, has_code=has_code, has_factor=factors.is_active(connection, user_id))


def _check_kind(credentials: Credentials, *, has_code: bool, has_factor: bool) -> None:
    if has_factor and not has_code:
        raise DeletionNeedsCode()
    if has_code and not has_factor:
        raise SecondFactorMissing()
    if not has_factor and credentials.password_hash is None:
        raise PasswordMissing()


def delete_account(
    tx: Connection,
    user_id: int,
    proof: Proof,
    *,
    factors: SecondFactors,
    actor: Actor,
    language: str,
    now: datetime,
) -> None:
    """Close an account for good: empty its row, end its sessions, and have the rest erased.

    Raises UserNotFound, CurrentPasswordWrong, SecondFactorCodeWrong, LastAdmin, VendorHasProducts, and as
    `check_proof_kind` does.
    """
    # In this order for everybody: the admins' row, the counts of guesses, the account.
    role_queries.hold_admins(tx)
    throttle.unlock(tx, user_id)
    credentials = users.lock_credentials(tx, user_id)
    contact = users.contact(tx, user_id)
    if credentials is None or contact is None or queries.is_deleted(tx, user_id):
        raise UserNotFound(user_id=user_id)
    _check_proof(tx, credentials, proof, factors, now)
    must_not_be_last_admin(tx, user_id, credentials.role, is_active=credentials.is_active)
    products = queries.count_products(tx, user_id)
    if products:
        raise VendorHasProducts(products=products)
    farewell = Notice(
        kind=NoticeKind.ACCOUNT_DELETED,
        user_id=user_id,
        recipient=contact.email,
        full_name=contact.full_name,
        language=language,
    )
    recovery_queries.forget(tx, user_id, contact.email)
    queries.forget_replies(tx, lookup_key(contact.email))
    queries.forget_ways_to_sign_in(tx, user_id)
    queries.end_reservations(tx, user_id, now)  # orders before the account, as who settles them locks both
    queries.empty_account(tx, user_id, now)
    queries.insert_erasure(tx, user_id, now)
    write(tx, actor, "DeleteMyAccount", f"user/{user_id}", now)
    sessions.revoke_all(tx, user_id, now)
    notices.post(tx, now, farewell)


def _check_proof(
    tx: Connection, credentials: Credentials, proof: Proof, factors: SecondFactors, now: datetime
) -> None:
    has_factor = factors.is_active(tx, credentials.user_id)
    _check_kind(credentials, has_code=bool(proof.code), has_factor=has_factor)
    if has_factor:
        if not factors.fits(tx, credentials.user_id, proof.code, now):
            raise SecondFactorCodeWrong().at("code")
    elif credentials.password_hash != proof.verified_hash:  # it was changed since
        raise CurrentPasswordWrong().at("current_password")
