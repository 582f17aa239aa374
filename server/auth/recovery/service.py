"""Proving who one is by a password or a code: what is slow is done between transactions, never inside one."""

from __future__ import annotations

import structlog
from sqlalchemy import Connection

from server.auth import throttle
from server.auth.devices import Devices
from server.auth.passwords import NeverBegun, Passwords, check_strength
from server.auth.recovery import changes, proofs
from server.auth.recovery.changes import PasswordChange
from server.auth.recovery.codes import RecoveryCodes
from server.auth.recovery.errors import CurrentPasswordWrong
from server.auth.recovery.proofs import Requester, Tried
from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work
from server.errors import Overloaded, UserNotFound
from server.user import service as users
from server.user.service import Contact

log = structlog.get_logger()


class Recovery:
    """Proves users by their passwords and codes, and hashes the passwords that come after."""

    def __init__(
        self,
        work: Work,
        clock: Clock,
        passwords: Passwords,
        codes: RecoveryCodes,
        devices: Devices,
        *,
        limit_addresses: bool,
    ) -> None:
        """`limit_addresses` is whether wrong passwords and codes are limited by address, as those of Login are."""
        self._work = work
        self._clock = clock
        self._passwords = passwords
        self._codes = codes
        self._devices = devices
        self._limit_addresses = limit_addresses

    def fingerprint(self, secret: str) -> str:
        """What tells two passwords or codes apart, and nothing about them to whoever lacks the shop's key."""
        return self._passwords.fingerprint(secret)

    def use_link(self, tx: Connection, token: str, *, origin: Requester) -> str:
        """Confirm the address that a link was mailed to, and return it. Raises as `changes.use_link` does."""
        return changes.use_link(tx, token, origin=origin, codes=self._codes, now=self._clock())

    async def verified_hash(
        self, user_id: int, password: str, *, origin: Requester, deadline: Deadline
    ) -> str:
        """Return the stored hash that an account's password was verified against.

        Raises CurrentPasswordWrong, TooManySignIns and AccountLocked.
        """
        return (await self._verified(user_id, password, origin, deadline))[1]

    async def changed_password(
        self, user_id: int, current: str, new: str, *, origin: Requester, deadline: Deadline
    ) -> PasswordChange:
        """Return what an account's new password is stored as, once its current one was verified.

        Raises CurrentPasswordWrong, TooManySignIns, AccountLocked and WeakPassword.
        """
        contact, verified_hash = await self._verified(user_id, current, origin, deadline)
        check_strength(new, contact.email, field="new_password")
        new_hash = await self._passwords.hash(new, deadline)
        return PasswordChange(user_id, new_hash, verified_hash=verified_hash)

    async def reset_password(
        self, email: str, code: str, new: str, *, origin: Requester, deadline: Deadline
    ) -> PasswordChange:
        """Return what the new password is stored as of the account that a code proves.

        The try of the code is counted before anything is hashed. Raises WeakPassword, which costs no try,
        TooManySignIns, CodeInvalid, CodeExpired, CodeUsed and CodeExhausted.
        """
        check_strength(new, email, field="new_password")
        tried = await self._work.write(self._try_code, email, code, origin, deadline=deadline)
        if tried.user_id is None:
            log.warning(
                "security_event",
                kind="reset_code_refused",
                address=origin.address,
                request_id=origin.request_id,
            )
            raise tried.refusal or RuntimeError("a code that proves nobody was never mailed")
        new_hash = await self._passwords.hash(new, deadline)
        return PasswordChange(tried.user_id, new_hash, proof_id=tried.proof_id)

    async def _verified(
        self, user_id: int, password: str, origin: Requester, deadline: Deadline
    ) -> tuple[Contact, str]:
        contact, attempt = await self._work.write(self._begin, user_id, origin, deadline=deadline)
        password_hash = contact.credentials.password_hash
        try:
            matches = await self._passwords.verify(password, password_hash, deadline)
        except (Overloaded, NeverBegun):  # it was never judged, and its time may be over
            await self._work.write(throttle.withdraw, attempt, vital=True)
            raise
        if password_hash is None or not matches:
            log.warning(
                "security_event",
                kind="current_password_wrong",
                user_id=user_id,
                address=origin.address,
                request_id=origin.request_id,
            )
            raise CurrentPasswordWrong().at("current_password")
        await self._work.write(throttle.forgive, attempt, deadline=deadline)
        return contact, password_hash

    def _begin(self, tx: Connection, user_id: int, origin: Requester) -> tuple[Contact, throttle.Attempt]:
        contact = users.contact(tx, user_id)
        if contact is None:
            raise UserNotFound(user_id=user_id)
        guess = throttle.Guess(
            user_id=user_id,
            name="",
            address=origin.address,
            network=origin.network,
            device_id=self._devices.id_for(user_id, self._devices.read(origin.device)),
        )
        attempt = throttle.begin(tx, guess, self._clock(), count_addresses=self._limit_addresses)
        return contact, attempt

    def _try_code(self, tx: Connection, email: str, code: str, origin: Requester) -> Tried:
        now = self._clock()
        if self._limit_addresses:
            throttle.count_address(tx, origin.network, now)
        return proofs.try_code(
            tx, email, code, origin=origin, codes=self._codes, devices=self._devices, now=now
        )
