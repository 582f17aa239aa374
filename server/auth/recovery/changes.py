"""What a proof or the password leads to: an address is confirmed or changed, a password replaced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.auth import sessions, throttle
from server.auth.recovery import notices, queries
from server.auth.recovery.codes import RecoveryCodes, hash_of_link
from server.auth.recovery.errors import (
    CodeInvalid,
    CodeUsed,
    CurrentPasswordWrong,
    LinkExpired,
    LinkInvalid,
    LinkUsed,
)
from server.auth.recovery.notices import Notice, NoticeKind
from server.auth.recovery.proofs import ProofPurpose, Requester
from server.db.base import AnyRow
from server.user import service as users
from server.user.service import Contact

REPEAT_GRACE: Final = timedelta(seconds=30)
"""A page that is loaded twice, or a reply that was lost, is no second use of a link."""


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """A password for an account whose user has proven to be it: by the hash of the last one, or by a code."""

    user_id: int
    password_hash: str
    verified_hash: str | None = None
    proof_id: str = ""


def use_link(tx: Connection, token: str, *, origin: Requester, codes: RecoveryCodes, now: datetime) -> str:
    """Confirm the address that a link was mailed to, and return it.

    Raises LinkInvalid, LinkExpired and LinkUsed, and EmailTaken where another account has a new address by now.
    """
    proof = queries.link(tx, hash_of_link(token))
    if proof is None or proof.user_id is None or users.lock_credentials(tx, proof.user_id) is None:
        raise LinkInvalid().at("token")
    contact = users.contact(tx, proof.user_id)
    if contact is None or not contact.credentials.is_active:
        raise LinkInvalid().at("token")
    if not queries.use(tx, proof.id, now):
        return _email_of_used(tx, proof, contact, now)
    if proof.expires_at <= now:
        raise LinkExpired().at("token")  # which undoes the use
    if proof.purpose == ProofPurpose.CHANGE:
        return _change_email(tx, proof, contact, origin, now)
    if codes.address_key(contact.email) != proof.address_key:  # the account has another address since
        raise LinkInvalid().at("token")
    if not contact.credentials.is_verified:
        users.verify_email(tx, proof.user_id, now)
        notices.post(tx, now, _notice(NoticeKind.EMAIL_VERIFIED, contact, origin))
    return contact.email


def _email_of_used(tx: Connection, proof: AnyRow, contact: Contact, now: datetime) -> str:
    used = queries.link(tx, proof.secret_hash)
    if used is None:
        raise LinkInvalid().at("token")  # it was voided in between
    if now - used.used_at > REPEAT_GRACE:
        raise LinkUsed().at("token")
    return contact.email


def _change_email(tx: Connection, proof: AnyRow, contact: Contact, origin: Requester, now: datetime) -> str:
    user_id, email = contact.credentials.user_id, str(proof.new_email)
    users.replace_email(tx, user_id, email, now)
    queries.void(tx, user_id, now)
    sessions.revoke_all(tx, user_id, now, but=proof.session_id or "")
    changed = {"address": email}
    notices.post(
        tx,
        now,
        _notice(NoticeKind.EMAIL_CHANGED, contact, origin, **changed),
        Notice(
            kind=NoticeKind.EMAIL_CHANGED,
            user_id=user_id,
            recipient=email,
            full_name=contact.full_name,
            language=origin.language,
            facts=changed,
        ),
    )
    return email


def replace_password(
    tx: Connection, new: PasswordChange, *, session_id: str, origin: Requester, now: datetime
) -> None:
    """Set a new password, and end every session but `session_id`, all codes and all links to another address.

    Raises CodeUsed where another call was faster, and CurrentPasswordWrong where the password was changed since.
    """
    if new.proof_id:
        throttle.unlock(tx, new.user_id)  # whoever guessed the last password has not guessed this one
    credentials = users.lock_credentials(tx, new.user_id)
    contact = users.contact(tx, new.user_id)
    if credentials is None or contact is None or not credentials.is_active:
        raise CodeInvalid().at("otp") if new.proof_id else CurrentPasswordWrong().at("current_password")
    if new.proof_id:
        if not queries.use(tx, new.proof_id, now):
            raise CodeUsed().at("otp")
        if not credentials.is_verified:
            users.verify_email(tx, new.user_id, now)
    elif credentials.password_hash != new.verified_hash:
        raise CurrentPasswordWrong().at("current_password")
    users.replace_password_hash(tx, new.user_id, new.password_hash)
    queries.void(tx, new.user_id, now)
    sessions.revoke_all(tx, new.user_id, now, but=session_id)
    notices.post(tx, now, _notice(NoticeKind.PASSWORD_CHANGED, contact, origin))


def _notice(kind: NoticeKind, contact: Contact, origin: Requester, **facts: object) -> Notice:
    return Notice(
        kind=kind,
        user_id=contact.credentials.user_id,
        recipient=contact.email,
        full_name=contact.full_name,
        language=origin.language,
        facts=facts,
    )
