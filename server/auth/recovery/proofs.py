"""The rules of links and codes: who gets one, how often a code may be tried, and what using it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from server.auth.devices import Devices
from server.auth.recovery import notices, queries
from server.auth.recovery.codes import RecoveryCodes, new_id
from server.auth.recovery.errors import CodeExhausted, CodeExpired, CodeInvalid, CodeUsed
from server.auth.recovery.notices import Notice, NoticeKind
from server.db.base import AnyRow
from server.errors import Refusal
from server.user.service import Contact

LINK_LIFETIME: Final = timedelta(hours=24)
CODE_LIFETIME: Final = timedelta(minutes=10)
MAX_TRIES: Final = 5
"""Of a code."""
MAX_TRIES_ELSEWHERE: Final = 3
"""Of these, from other networks than the one that asked for it: strangers leave the owner two."""
MAX_NETWORK: Final = 64
"""As long as its column."""


class ProofPurpose(StrEnum):
    """What a proof is good for."""

    VERIFY = "VERIFY"
    RESET = "RESET"
    CHANGE = "CHANGE"


_KINDS: Final = {
    ProofPurpose.VERIFY: NoticeKind.VERIFY_EMAIL,
    ProofPurpose.RESET: NoticeKind.RESET_CODE,
    ProofPurpose.CHANGE: NoticeKind.CONFIRM_EMAIL,
}


@dataclass(frozen=True, slots=True)
class Requester:
    """Where a call comes from, and the language that its caller reads.

    `device` is what their client shows of sign-ins before, as it was sent.
    """

    address: str
    network: str
    language: str
    request_id: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying a code: the account that it proves and the proof to use, or why it does not."""

    proof_id: str = ""
    user_id: int | None = None
    refusal: Refusal | None = None


def send(
    tx: Connection,
    purpose: ProofPurpose,
    email: str,
    contact: Contact | None,
    *,
    origin: Requester,
    codes: RecoveryCodes,
    now: datetime,
    session_id: str | None = None,
) -> None:
    """Have a link or code mailed to an address, for an account; without one everything is done but the mail."""
    proof_id = new_id()
    is_change = purpose is ProofPurpose.CHANGE
    queries.insert_proof(
        tx,
        {
            "id": proof_id,
            "purpose": purpose.value,
            "address_key": codes.address_key(email),
            "user_id": contact.credentials.user_id if contact else None,
            "network": origin.network[:MAX_NETWORK],
            "new_email": email if is_change else None,
            "session_id": session_id,
            "created_at": now,
            "expires_at": now + (CODE_LIFETIME if purpose is ProofPurpose.RESET else LINK_LIFETIME),
        },
    )
    recipient = email if is_change else contact.email if contact else ""
    notice = Notice(
        kind=_KINDS[purpose],
        user_id=contact.credentials.user_id if contact else None,
        recipient=recipient,
        full_name=contact.full_name if contact else "",
        language=origin.language,
        key=proof_id,
    )
    notices.post(tx, now, notice)


def try_code(
    tx: Connection,
    email: str,
    code: str,
    *,
    origin: Requester,
    codes: RecoveryCodes,
    devices: Devices,
    now: datetime,
) -> Tried:
    """Count a try of every code that this address has now, and say whether it is one of them.

    To be committed whatever comes of it. Of addresses of nobody the same is said.
    """
    rows = queries.lock_codes(tx, codes.address_key(email))
    living = [row for row in rows if row.expires_at > now]
    elsewhere = {row.id for row in living if _is_elsewhere(row, origin, devices)}
    open_to_caller = [row for row in living if _may_be_tried(row, elsewhere=row.id in elsewhere)]
    if not open_to_caller:
        refusal = CodeExhausted() if living else CodeExpired() if rows else CodeInvalid()
        return Tried(refusal=refusal.at("otp"))
    queries.count_tries(tx, [row.id for row in open_to_caller], elsewhere)
    match = _matching(open_to_caller, code, codes)
    if match is None:
        return Tried(refusal=CodeInvalid().at("otp"))
    if match.used_at is not None:
        return Tried(refusal=CodeUsed().at("otp"))
    return Tried(match.id, match.user_id)


def _is_elsewhere(row: AnyRow, origin: Requester, devices: Devices) -> bool:
    """Whether a code was asked for from another network, by who shows no device of its account's."""
    own_device = devices.id_for(row.user_id, devices.read(origin.device))
    return row.network != origin.network[:MAX_NETWORK] and not own_device


def _may_be_tried(row: AnyRow, *, elsewhere: bool) -> bool:
    return row.attempts < MAX_TRIES and not (elsewhere and row.attempts_elsewhere >= MAX_TRIES_ELSEWHERE)


def _matching(rows: Sequence[AnyRow], code: str, codes: RecoveryCodes) -> AnyRow | None:
    """The proof whose code it is; each is compared, whether it was mailed or not."""
    matching = None
    for row in rows:
        if codes.matches(row.id, code, row.secret_hash or ""):
            matching = row
    return matching
