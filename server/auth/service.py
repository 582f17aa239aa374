"""Registering and signing in by password: the hash is made between two transactions, never inside one."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from server.auth import sessions, throttle
from server.auth.devices import Device, Devices
from server.auth.errors import InvalidCredentials
from server.auth.passwords import NeverBegun, Passwords, check_strength
from server.auth.recovery.errors import EmailNotVerified
from server.auth.refresh import RefreshPolicy
from server.auth.second_factor.errors import SecondFactorRequired, SecondFactorWrong
from server.auth.second_factor.service import SecondFactors
from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work
from server.errors import Overloaded, Refusal
from server.user import service as users
from server.user.lookup_key import lookup_key
from server.user.service import Credentials

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Login:
    """What somebody signs in with, by e-mail address or user name, and where the call comes from.

    `device` is what their client kept of sign-ins before, and `code` one of the second factor.
    """

    email: str
    username: str
    password: str
    user_agent: str
    address: str
    network: str
    request_id: str
    device: Device | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class ProvenPassword:
    """An account whose password matched `verified_hash`; `new_hash` takes its place where it is outdated."""

    user_id: int
    verified_hash: str
    new_hash: str | None


@dataclass(frozen=True, slots=True)
class NewPassword:
    """What is stored of a password: its hash, and for a day what tells a repeat from another password."""

    password_hash: str
    fingerprint: str


class SignIn:
    """Hashes new passwords, and signs users in."""

    def __init__(
        self,
        work: Work,
        clock: Clock,
        passwords: Passwords,
        policy: RefreshPolicy,
        devices: Devices,
        factors: SecondFactors,
        *,
        limit_addresses: bool = True,
        require_verification: bool = False,
    ) -> None:
        """`limit_addresses` is whether failed sign-ins are limited by address, beside the account's own limit.

        `require_verification` is whether an account's e-mail address is to be confirmed before its user signs in.
        """
        self._work = work
        self._clock = clock
        self._passwords = passwords
        self._policy = policy
        self._devices = devices
        self._factors = factors
        self._limit_addresses = limit_addresses
        self._require_verification = require_verification

    async def new_password(self, password: str, email: str, deadline: Deadline) -> NewPassword:
        """Hash the password of a new account. Raises WeakPassword."""
        check_strength(password, email)
        password_hash = await self._passwords.hash(password, deadline)
        return NewPassword(password_hash, self._passwords.fingerprint(password))

    async def sign_in(self, login: Login, deadline: Deadline) -> sessions.Grant:
        """Open a session; a stranger costs the same steps as a user.

        Raises InvalidCredentials, TooManySignIns, AccountLocked, and EmailNotVerified once the password is proven.
        """
        with self._passwords.room(deadline):
            credentials, attempt = await self._work.write(self._begin, login, deadline=deadline)
            proven = await self._prove(login, credentials, attempt, deadline)
            try:
                grant = await self._work.write(self._open_session, login, proven, attempt, deadline=deadline)
            except sessions.PasswordReplaced as replaced:  # as by two first sign-ins at once at a higher cost
                proven = await self._prove(login, replaced.credentials, attempt, deadline)
                grant = await self._open_at_last(login, proven, attempt, deadline)
        if grant is not None:
            return grant
        if not login.code:
            raise SecondFactorRequired()
        raise _failed(SecondFactorWrong(), login, proven.user_id, locks=attempt.locks)

    async def _open_at_last(
        self, login: Login, proven: ProvenPassword, attempt: throttle.Attempt, deadline: Deadline
    ) -> sessions.Grant | None:
        try:
            return await self._work.write(self._open_session, login, proven, attempt, deadline=deadline)
        except sessions.PasswordReplaced:
            raise _failed(InvalidCredentials(), login, proven.user_id, locks=attempt.locks) from None

    async def _prove(
        self, login: Login, credentials: Credentials | None, attempt: throttle.Attempt, deadline: Deadline
    ) -> ProvenPassword:
        password_hash = credentials.password_hash if credentials else None
        try:
            matches = await self._passwords.verify(login.password, password_hash, deadline)
        except (Overloaded, NeverBegun):  # it was never judged, and its time may be over
            await self._work.write(throttle.withdraw, attempt, vital=True)
            raise
        if credentials is None or password_hash is None or not (matches and credentials.is_active):
            user_id = credentials.user_id if credentials else None
            raise _failed(InvalidCredentials(), login, user_id, locks=attempt.locks)
        if self._require_verification and not credentials.is_verified:
            await self._work.write(throttle.forgive, attempt, deadline=deadline, vital=True)
            raise EmailNotVerified()
        new_hash = None
        if self._passwords.outdated(login.password, password_hash):
            new_hash = await self._passwords.hash(login.password, deadline)
        return ProvenPassword(credentials.user_id, password_hash, new_hash)

    def _begin(self, tx: Connection, login: Login) -> tuple[Credentials | None, throttle.Attempt]:
        credentials = users.credentials(tx, email=login.email, username=login.username)
        user_id = credentials.user_id if credentials else None
        guess = throttle.Guess(
            user_id=user_id,
            name=lookup_key(login.email or login.username),
            address=login.address,
            network=login.network,
            device_id=self._devices.id_for(user_id, login.device),
        )
        attempt = throttle.begin(tx, guess, self._clock(), count_addresses=self._limit_addresses)
        return credentials, attempt

    def _open_session(
        self, tx: Connection, login: Login, proven: ProvenPassword, attempt: throttle.Attempt
    ) -> sessions.Grant | None:
        """None where a code of the second factor is missing, or wrong: that counts as a failure."""
        has_factor = self._factors.is_active(tx, proven.user_id)
        if has_factor and not login.code:
            throttle.withdraw(tx, attempt)
            return None
        if has_factor and not self._factors.fits(tx, proven.user_id, login.code, self._clock()):
            return None
        throttle.forgive(tx, attempt)
        return sessions.open_session(
            tx,
            proven.user_id,
            verified_hash=proven.verified_hash,
            new_hash=proven.new_hash,
            origin=sessions.Origin(login.user_agent, login.address),
            now=self._clock(),
            policy=self._policy,
            second_factor=has_factor,
        )


def _failed(refusal: Refusal, login: Login, user_id: int | None, *, locks: bool) -> Refusal:
    """A refusal that the log of security events knows more of than its caller, noted."""
    refusal.account_id, refusal.locks = user_id, locks
    for kind in ("sign_in_failed", "account_locked") if locks else ("sign_in_failed",):
        log.warning(
            "security_event",
            kind=kind,
            user_id=user_id,
            address=login.address,
            request_id=login.request_id,
        )
    return refusal
