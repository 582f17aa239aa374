"""What is mailed of accounts: noted with the change that it tells of, and taken by the outbox of the mails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from server.auth.recovery import queries
from server.auth.recovery.codes import RecoveryCodes, hash_of_link, new_code, new_id, new_link_token
from server.events.log import publish
from server.events.topics import AccountNoticed
from server.user import service as users


class NoticeKind(StrEnum):
    """The mails of an account."""

    VERIFY_EMAIL = "verify_email"
    CONFIRM_EMAIL = "confirm_email"
    RESET_CODE = "reset_code"
    ADDRESS_TAKEN = "address_taken"
    EMAIL_VERIFIED = "email_verified"
    EMAIL_CHANGE = "email_change"
    EMAIL_CHANGED = "email_changed"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_REMOVED = "identity_removed"
    FACTOR_RESET = "factor_reset"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the kind of a mail
    ACCOUNT_DELETED = "account_deleted"


WITH_SECRET = frozenset({NoticeKind.VERIFY_EMAIL, NoticeKind.CONFIRM_EMAIL, NoticeKind.RESET_CODE})
"""Mails of a proof; its secret is made when the mail is written, and stands nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A mail that is to be written: of whose account, to whom, in which language, and what it tells."""

    kind: NoticeKind
    user_id: int | None = None
    recipient: str
    full_name: str
    language: str
    facts: Mapping[str, object] = field(default_factory=dict)
    key: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A notice with the link's token or the code of its proof; "" where it has none."""

    notice: Notice
    secret: str


def post(tx: Connection, now: datetime, *notices: Notice) -> None:
    """Have mails written, once the transaction is committed. Its last statements: they wake the outbox."""
    for notice in notices:
        queries.insert_notice(
            tx,
            {
                "key": notice.key,
                "kind": notice.kind.value,
                "user_id": notice.user_id,
                "recipient": notice.recipient,
                "full_name": notice.full_name,
                "language": notice.language,
                "facts": dict(notice.facts),
                "created_at": now,
            },
        )
    publish(tx, AccountNoticed())


def take(tx: Connection, codes: RecoveryCodes, limit: int) -> Iterator[DueNotice]:
    """Take notices out, and make the secrets of their proofs."""
    for row in queries.take_notices(tx, limit):
        notice = Notice(
            kind=NoticeKind(row.kind),
            user_id=row.user_id,
            recipient=row.recipient,
            full_name=row.full_name,
            language=row.language,
            facts=row.facts,
            key=row.key,
        )
        due = _with_secret(tx, notice, codes) if notice.recipient else None
        if due is not None:
            yield due


def _with_secret(tx: Connection, notice: Notice, codes: RecoveryCodes) -> DueNotice | None:
    """A notice as it is mailed; None where its proof was voided."""
    if notice.kind not in WITH_SECRET:
        return DueNotice(notice, "")
    if notice.kind is NoticeKind.CONFIRM_EMAIL:
        owner = users.contact_of_email(tx, notice.recipient)
        if owner is not None:  # Who asked must not learn it; who has the address may.
            return DueNotice(_taken(notice, owner.credentials.user_id), "")
    secret = new_code() if notice.kind is NoticeKind.RESET_CODE else new_link_token()
    hashed = (
        codes.hash_of_code(notice.key, secret)
        if notice.kind is NoticeKind.RESET_CODE
        else hash_of_link(secret)
    )
    return DueNotice(notice, secret) if queries.set_secret(tx, notice.key, hashed) else None


def _taken(notice: Notice, owner_id: int) -> Notice:
    """What who has an address is mailed in place of the link to it."""
    return Notice(
        kind=NoticeKind.ADDRESS_TAKEN,
        user_id=owner_id,
        recipient=notice.recipient,
        full_name="",
        language=notice.language,
    )
