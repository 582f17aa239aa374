"""What users ask for: another link, a code, another address. For unknown addresses the same is done."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from server.auth.devices import Devices
from server.auth.recovery import notices, proofs
from server.auth.recovery.codes import RecoveryCodes
from server.auth.recovery.errors import CurrentPasswordWrong
from server.auth.recovery.limits import count_mail, count_mail_of
from server.auth.recovery.notices import Notice, NoticeKind
from server.auth.recovery.proofs import ProofPurpose, Requester
from server.errors import InvalidField
from server.text.tidy import tidied
from server.user import service as users
from server.user.lookup_key import lookup_key
from server.user.service import Contact


class ProofRequests:
    """Has links and codes mailed."""

    def __init__(self, codes: RecoveryCodes, devices: Devices, *, limit_networks: bool) -> None:
        """`limit_networks` is whether mails are limited by who asks for them, beside the limit of each address."""
        self._codes = codes
        self._devices = devices
        self._limit_networks = limit_networks

    def welcome(self, tx: Connection, user_id: int, *, origin: Requester, now: datetime) -> None:
        """Have a link mailed to a new account."""
        contact = users.contact(tx, user_id)
        if contact is not None:
            self._send(tx, ProofPurpose.VERIFY, contact.email, contact, origin=origin, now=now)

    def resend_link(self, tx: Connection, email: str, *, origin: Requester, now: datetime) -> None:
        """Have another link mailed to an account whose address is not confirmed. Raises TooManyMails."""
        contact = self._counted(tx, email, origin, now)
        waits = contact is not None and contact.credentials.is_active and not contact.credentials.is_verified
        self._send(tx, ProofPurpose.VERIFY, email, contact if waits else None, origin=origin, now=now)

    def send_code(self, tx: Connection, email: str, *, origin: Requester, now: datetime) -> None:
        """Have a code mailed, by which an account gets another password. Raises TooManyMails."""
        contact = self._counted(tx, email, origin, now)
        is_active = contact is not None and contact.credentials.is_active
        self._send(tx, ProofPurpose.RESET, email, contact if is_active else None, origin=origin, now=now)

    def change_email(
        self,
        tx: Connection,
        user_id: int,
        email: str,
        *,
        verified_hash: str,
        session_id: str,
        origin: Requester,
        now: datetime,
    ) -> None:
        """Have a link mailed to the address that an account is to get, and tell the one that it has.

        Whether another account has the address is looked at when the mail is written. Raises TooManyMails,
        InvalidField where the account has it itself, and CurrentPasswordWrong where the password was changed since
        it was verified.
        """
        address = tidied({"email": email})["email"]
        credentials, contact = users.lock_credentials(tx, user_id), users.contact(tx, user_id)
        if credentials is None or contact is None or credentials.password_hash != verified_hash:
            raise CurrentPasswordWrong().at("current_password")
        if lookup_key(address) == lookup_key(contact.email):
            raise InvalidField(("email", "is the account's address already"))
        count_mail_of(tx, user_id, origin=origin, limit_networks=self._limit_networks, now=now)
        self._send(tx, ProofPurpose.CHANGE, address, contact, origin=origin, now=now, session_id=session_id)
        to_old_address = Notice(
            kind=NoticeKind.EMAIL_CHANGE,
            user_id=user_id,
            recipient=contact.email,
            full_name=contact.full_name,
            language=origin.language,
            facts={"address": address},
        )
        notices.post(tx, now, to_old_address)

    def _counted(self, tx: Connection, email: str, origin: Requester, now: datetime) -> Contact | None:
        contact = users.contact_of_email(tx, email)
        user_id = contact.credentials.user_id if contact else None
        count_mail(
            tx,
            self._codes.address_key(email),
            user_id,
            origin=origin,
            device_id=self._devices.id_for(user_id, self._devices.read(origin.device)),
            limit_networks=self._limit_networks,
            now=now,
        )
        return contact

    def _send(
        self,
        tx: Connection,
        purpose: ProofPurpose,
        email: str,
        contact: Contact | None,
        *,
        origin: Requester,
        now: datetime,
        session_id: str | None = None,
    ) -> None:
        proofs.send(
            tx, purpose, email, contact, origin=origin, codes=self._codes, now=now, session_id=session_id
        )
