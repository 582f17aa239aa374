"""The rules of passkeys: who registers one, what signs in, and that each challenge is answered once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog
from sqlalchemy import Connection

from server.auth import challenge_queries as challenges
from server.auth import sessions, throttle, ways
from server.auth.challenge_queries import ChallengePurpose
from server.auth.passkeys import ceremonies, queries
from server.auth.passkeys.ceremonies import CHALLENGE_BYTES, LIFETIME, CeremonyFailed
from server.auth.passkeys.errors import (
    PasskeyInvalid,
    PasskeyNotFound,
    PasskeyRefused,
    PasskeysOff,
    PasskeyTaken,
)
from server.auth.passkeys.site import Site
from server.auth.recovery import notices
from server.auth.recovery.errors import EmailNotVerified
from server.auth.recovery.notices import Notice, NoticeKind
from server.auth.recovery.proofs import Requester
from server.auth.refresh import RefreshPolicy
from server.clock import Clock
from server.db.base import AnyRow
from server.db.deadline import Deadline
from server.db.work import Work
from server.errors import TooMany, UserNotFound
from server.identity import Identity
from server.text.tidy import tidied
from server.user import service as users
from server.user.service import Contact

if TYPE_CHECKING:
    from webauthn.helpers.structs import AuthenticationCredential, RegistrationCredential

    Answer: TypeAlias = tuple[AuthenticationCredential, bytes]
    NewAnswer: TypeAlias = tuple[RegistrationCredential, bytes]
    """What a device answered, and the challenge that it says it answers."""

MAX_PASSKEYS: Final = 10
"""Of an account."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PasskeyOptions:
    """What a device is asked, as JSON, and until when its answer is taken."""

    json: str
    expires_at: datetime


class Passkeys:
    """Registers passkeys, and signs users in by them."""

    def __init__(
        self, work: Work, clock: Clock, site: Site | None, policy: RefreshPolicy, *, limit_addresses: bool
    ) -> None:
        """`limit_addresses` is whether what fails is limited by address, as sign-ins are."""
        self._work = work
        self._clock = clock
        self._site = site
        self._policy = policy
        self._limit_addresses = limit_addresses

    @property
    def _own_site(self) -> Site:
        if self._site is None:
            raise PasskeysOff()
        return self._site

    def begin_sign_in(self, tx: Connection) -> PasskeyOptions:
        """Have a device sign. Raises PasskeysOff."""
        site, challenge = self._own_site, secrets.token_bytes(CHALLENGE_BYTES)
        expires_at = self._clock() + LIFETIME
        challenges.put(tx, challenge, ChallengePurpose.PASSKEY, expires_at=expires_at)
        return PasskeyOptions(ceremonies.request_options(site, challenge), expires_at)

    async def finish_sign_in(
        self, credential_json: str, *, origin: Requester, user_agent: str, deadline: Deadline
    ) -> sessions.Grant:
        """Open a session for whose passkey signed. Raises PasskeyInvalid, TooManySignIns and PasskeysOff."""
        site = self._own_site
        answer, attempt = await self._work.write(
            self._take_sign_in, credential_json, origin.network, deadline=deadline
        )
        if answer is None:
            _note_refusal("no such challenge", origin)
            raise PasskeyInvalid()
        session_origin = sessions.Origin(user_agent, origin.address)
        try:
            return await self._work.write(
                self._sign_in, site, answer, attempt, session_origin, deadline=deadline
            )
        except CeremonyFailed as error:
            _note_refusal(str(error), origin)
            raise PasskeyInvalid() from None

    def _take_sign_in(
        self, tx: Connection, credential_json: str, network: str
    ) -> tuple[Answer | None, throttle.Attempt]:
        """Count the try, and use up the challenge that it answers; None where there is none such."""
        now, limited = self._clock(), self._limit_addresses
        attempt = throttle.count_address(tx, network, now) if limited else throttle.Attempt(())
        try:
            credential = ceremonies.read_signed(credential_json)
            challenge = ceremonies.challenge_of(credential)
        except CeremonyFailed:
            return None, attempt
        taken = challenges.take(tx, challenge, ChallengePurpose.PASSKEY, now)
        return (None if taken is None else (credential, challenge)), attempt

    def _sign_in(
        self,
        tx: Connection,
        site: Site,
        answer: Answer,
        attempt: throttle.Attempt,
        origin: sessions.Origin,
    ) -> sessions.Grant:
        credential, challenge = answer
        row, now = queries.of_credential(tx, credential.raw_id), self._clock()
        if row is None:
            raise CeremonyFailed("no such passkey")
        signature = ceremonies.verified_signature(
            site, credential, challenge, public_key=row.public_key, user_id=row.user_id
        )
        throttle.forgive(tx, attempt)
        user = users.lock_credentials(tx, row.user_id)
        if user is None or not user.is_active:
            raise CeremonyFailed("of an account that is closed")
        if not queries.use(tx, row.id, signature.sign_count, now, backed_up=signature.backed_up):
            raise CeremonyFailed(
                f"passkey {row.id} of user {row.user_id} has counted {signature.sign_count} signatures, after "
                f"{row.sign_count}: it may have been copied"
            )
        # The device has verified its user: that is two factors, what they have and what they are or know.
        return sessions.open_session_of(
            tx, user, origin=origin, now=now, policy=self._policy, second_factor=True
        )

    def begin_registration(self, tx: Connection, caller: Identity) -> PasskeyOptions:
        """Have a device make a passkey for the caller.

        Raises PasskeysOff, ReauthenticationRequired, EmailNotVerified and TooMany.
        """
        site, now, user_id = self._own_site, self._clock(), caller.user_id
        sessions.must_be_recent(tx, user_id, caller.session_id, now)
        contact = _contact(tx, user_id)
        if not contact.credentials.is_verified:
            raise EmailNotVerified()
        present = queries.credential_ids(tx, user_id)
        if len(present) >= MAX_PASSKEYS:
            raise TooMany(limit=MAX_PASSKEYS, resources="passkeys")
        challenge, expires_at = secrets.token_bytes(CHALLENGE_BYTES), now + LIFETIME
        purpose = ChallengePurpose.NEW_PASSKEY
        challenges.put(tx, challenge, purpose, expires_at=expires_at, user_id=user_id)
        options = ceremonies.creation_options(
            site, user_id, contact.email, contact.full_name, challenge, present
        )
        return PasskeyOptions(options, expires_at)

    async def finish_registration(
        self, user_id: int, credential_json: str, name: str, *, origin: Requester, deadline: Deadline
    ) -> AnyRow:
        """Register the passkey that the caller's device made, and return it.

        Raises PasskeyRefused, PasskeyTaken, TooMany, InvalidField for the name, and PasskeysOff.
        """
        site, name = self._own_site, str(tidied({"name": name})["name"])
        try:
            made = await self._work.write(
                self._take_registration, user_id, credential_json, deadline=deadline
            )
            return await self._work.write(
                self._register, site, made, user_id, name, origin, deadline=deadline
            )
        except CeremonyFailed as error:
            _note_refusal(str(error), origin)
            raise PasskeyRefused() from None

    def _take_registration(self, tx: Connection, user_id: int, credential_json: str) -> NewAnswer:
        credential = ceremonies.read_new(credential_json)
        challenge = ceremonies.challenge_of(credential)
        taken = challenges.take(tx, challenge, ChallengePurpose.NEW_PASSKEY, self._clock())
        if taken is None or taken.user_id != user_id:
            raise CeremonyFailed("no such challenge")
        return credential, challenge

    def _register(
        self,
        tx: Connection,
        site: Site,
        answer: NewAnswer,
        user_id: int,
        name: str,
        origin: Requester,
    ) -> AnyRow:
        credential, challenge = answer
        key, now = ceremonies.verified_new(site, credential, challenge), self._clock()
        users.hold(tx, user_id)
        contact = _contact(tx, user_id)
        if queries.count(tx, user_id) >= MAX_PASSKEYS:
            raise TooMany(limit=MAX_PASSKEYS, resources="passkeys")
        row = queries.insert(
            tx,
            {
                "user_id": user_id,
                "credential_id": key.credential_id,
                "public_key": key.public_key,
                "sign_count": key.sign_count,
                "name": name,
                "backed_up": key.backed_up,
                "created_at": now,
            },
        )
        if row is None:
            raise PasskeyTaken()
        notices.post(tx, now, _notice(NoticeKind.PASSKEY_ADDED, contact, origin))
        return row

    def delete(self, tx: Connection, caller: Identity, passkey_id: int, *, origin: Requester) -> None:
        """Delete a passkey of the caller's.

        Raises PasskeyNotFound, ReauthenticationRequired and LastWayToSignIn.
        """
        now, user = self._clock(), users.lock_credentials(tx, caller.user_id)
        contact = _contact(tx, caller.user_id)
        if user is None or queries.remove(tx, caller.user_id, passkey_id) is None:
            raise PasskeyNotFound(passkey_id=passkey_id)
        # What is refused from here on is undone.
        sessions.must_be_recent(tx, caller.user_id, caller.session_id, now)
        ways.must_be_left(tx, user)
        notices.post(tx, now, _notice(NoticeKind.PASSKEY_REMOVED, contact, origin))


def _contact(tx: Connection, user_id: int) -> Contact:
    contact = users.contact(tx, user_id)
    if contact is None:
        raise UserNotFound(user_id=user_id)
    return contact


def _notice(kind: NoticeKind, contact: Contact, origin: Requester) -> Notice:
    return Notice(
        kind=kind,
        user_id=contact.credentials.user_id,
        recipient=contact.email,
        full_name=contact.full_name,
        language=origin.language,
    )


def _note_refusal(problem: str, origin: Requester) -> None:
    log.warning(
        "security_event",
        kind="passkey_refused",
        problem=problem[:500],
        address=origin.address,
        request_id=origin.request_id,
    )
