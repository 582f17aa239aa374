"""Signing in at a provider: begun and finished by one client, each once, and a session as by a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from server.auth import challenge_queries as challenges
from server.auth import sessions, throttle
from server.auth.challenge_queries import Challenge, ChallengePurpose
from server.auth.devices import Devices
from server.auth.federated import accounts, queries
from server.auth.federated.errors import (
    FederatedSignInInvalid,
    IdentityLinkInvalid,
    ProviderUnavailable,
)
from server.auth.federated.exchange import Callback, ExchangeFailed, ProviderUser, exchange
from server.auth.federated.flow import LIFETIME, Flow
from server.auth.federated.providers import Provider, Providers
from server.auth.recovery import notices
from server.auth.recovery.proofs import Requester
from server.auth.refresh import RefreshPolicy
from server.auth.second_factor.errors import SecondFactorRequired, SecondFactorWrong
from server.auth.second_factor.service import SecondFactors
from server.clock import Clock
from server.db.base import AnyRow
from server.db.deadline import Deadline
from server.db.work import Work
from server.errors import FieldReason, InvalidField
from server.identity import Identity
from server.user import service as users


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in at a provider, as its client gets it."""

    flow: Flow
    authorization_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What a client finishes it with, and where the call comes from."""

    flow: Flow
    state: str
    code: str
    issuer: str
    origin: Requester
    user_agent: str
    second_factor_code: str = ""


class FederatedSignIn:
    """Begins and finishes sign-ins at providers, and links of identities."""

    def __init__(
        self,
        work: Work,
        clock: Clock,
        providers: Providers,
        factors: SecondFactors,
        devices: Devices,
        policy: RefreshPolicy,
        *,
        limit_addresses: bool,
    ) -> None:
        """`limit_addresses` is whether what fails is limited by address, as sign-ins are."""
        self._work = work
        self._clock = clock
        self._providers = providers
        self._factors = factors
        self._devices = devices
        self._policy = policy
        self._limit_addresses = limit_addresses

    async def start(
        self, name: str, redirect_uri: str, deadline: Deadline, *, caller: Identity | None = None
    ) -> Started:
        """Begin a sign-in; of a `caller` it is to link an identity with their account.

        Raises ProviderNotFound, InvalidField for a redirect URI that is not the shop's, ProviderUnavailable, and
        ReauthenticationRequired.
        """
        provider = self._providers.named(name)
        uris = provider.settings.redirect_uris
        if redirect_uri and redirect_uri not in uris:
            raise InvalidField(("redirect_uri", "is none of the shop's", FieldReason.INVALID_VALUE))
        metadata = await provider.metadata()
        flow, expires_at = Flow.begin(), self._clock() + LIFETIME
        facts = {"provider": name, "redirect_uri": redirect_uri or uris[0]}
        await self._work.write(self._note, flow, facts, expires_at, caller, deadline=deadline)
        url = flow.authorization_url(
            metadata.authorization_endpoint,
            client_id=provider.settings.client_id,
            redirect_uri=facts["redirect_uri"],
        )
        return Started(flow, url, expires_at)

    def _note(
        self, tx: Connection, flow: Flow, facts: dict[str, str], expires_at: datetime, caller: Identity | None
    ) -> None:
        if caller is not None:
            sessions.must_be_recent(tx, caller.user_id, caller.session_id, self._clock())
        challenges.put(
            tx,
            flow.state.encode(),
            ChallengePurpose.FEDERATED if caller is None else ChallengePurpose.FEDERATED_LINK,
            expires_at=expires_at,
            user_id=caller.user_id if caller is not None else None,
            facts=facts,
        )

    async def finish(self, finish: Finish, deadline: Deadline) -> sessions.Grant:
        """Open a session for who signed in, whose account may be new.

        Raises FederatedSignInInvalid, ProviderEmailUnverified, IdentityNotLinked, SecondFactorRequired and
        SecondFactorWrong, ProviderUnavailable, TooManySignIns and AccountLocked.
        """
        attempt, challenge = await self._work.write(self._take, finish, deadline=deadline)
        if challenge is not None:
            grant = await self._finish_first(finish, challenge, attempt, deadline)
            if grant is not None:
                return grant
            if not finish.second_factor_code:
                raise SecondFactorRequired()
            attempt = throttle.Attempt(())  # it was forgiven, as who signed in was proven
        return await self._finish_with_code(finish, attempt, deadline)

    def _take(self, tx: Connection, finish: Finish) -> tuple[throttle.Attempt, Challenge | None]:
        """Count the try, and use the state up; None where it is none that this client began."""
        now = self._clock()
        limited = self._limit_addresses
        attempt = throttle.count_address(tx, finish.origin.network, now) if limited else throttle.Attempt(())
        if not finish.flow.has_state(finish.state):
            return attempt, None
        return attempt, challenges.take(tx, finish.state.encode(), ChallengePurpose.FEDERATED, now)

    async def _finish_first(
        self, finish: Finish, challenge: Challenge, attempt: throttle.Attempt, deadline: Deadline
    ) -> sessions.Grant | None:
        """None where the account has a second factor: who signed in is noted until a code of it comes."""
        provider = self._providers.named(challenge.facts["provider"])
        try:
            person = await self._person(provider, finish, challenge)
        except ProviderUnavailable:  # nothing was guessed at
            await self._work.write(throttle.forgive, attempt, vital=True)
            raise
        except ExchangeFailed:
            raise FederatedSignInInvalid() from None
        return await self._work.write(self._sign_in, finish, provider, person, attempt, deadline=deadline)

    async def _person(self, provider: Provider, finish: Finish, challenge: Challenge) -> ProviderUser:
        back = Callback(finish.code, finish.issuer, challenge.facts["redirect_uri"])
        return await exchange(provider, finish.flow, back, self._clock)

    def _sign_in(
        self,
        tx: Connection,
        finish: Finish,
        provider: Provider,
        person: ProviderUser,
        attempt: throttle.Attempt,
    ) -> sessions.Grant | None:
        now = self._clock()
        throttle.forgive(tx, attempt)
        user_id, notice = accounts.of_person(tx, provider, person, finish.origin, now)
        user = users.lock_credentials(tx, user_id)
        is_theirs = queries.use(tx, user_id, person.issuer, person.subject, now)
        if user is None or not user.is_active or not is_theirs:
            raise FederatedSignInInvalid()
        grant = None
        if self._factors.is_active(tx, user_id):
            key, purpose = finish.flow.second_factor_key, ChallengePurpose.SECOND_FACTOR
            challenges.put(tx, key, purpose, expires_at=now + LIFETIME, user_id=user_id)
        else:
            grant = self._open(tx, user, finish, now, second_factor=False)
        if notice is not None:
            notices.post(tx, now, notice)
        return grant

    async def _finish_with_code(
        self, finish: Finish, attempt: throttle.Attempt, deadline: Deadline
    ) -> sessions.Grant:
        """The same once a code of the second factor comes. Tries are counted as those of Login are."""
        guess = await self._work.write(self._begin_guess, finish, deadline=deadline)
        if guess is None:
            raise FederatedSignInInvalid()
        if not finish.second_factor_code:
            await self._work.write(throttle.withdraw, guess, deadline=deadline)
            raise SecondFactorRequired()
        grant = await self._work.write(self._open_with_code, finish, guess, attempt, deadline=deadline)
        if grant is None:
            raise SecondFactorWrong()
        return grant

    def _begin_guess(self, tx: Connection, finish: Finish) -> throttle.Attempt | None:
        now = self._clock()
        purpose = ChallengePurpose.SECOND_FACTOR
        proven = challenges.read(tx, finish.flow.second_factor_key, purpose, now)
        if proven is None or proven.user_id is None or not finish.flow.has_state(finish.state):
            return None
        device = self._devices.read(finish.origin.device)
        guess = throttle.Guess(
            user_id=proven.user_id,
            name="",
            address=finish.origin.address,
            network=finish.origin.network,
            device_id=self._devices.id_for(proven.user_id, device),
        )
        return throttle.begin(tx, guess, now, count_addresses=False)  # it is counted by its address already

    def _open_with_code(
        self, tx: Connection, finish: Finish, guess: throttle.Attempt, attempt: throttle.Attempt
    ) -> sessions.Grant | None:
        """None where the code is wrong."""
        now = self._clock()
        key, purpose = finish.flow.second_factor_key, ChallengePurpose.SECOND_FACTOR
        proven = challenges.read(tx, key, purpose, now)
        if proven is None or proven.user_id is None:
            raise FederatedSignInInvalid()
        if not self._factors.fits(tx, proven.user_id, finish.second_factor_code, now):
            return None
        if challenges.take(tx, key, purpose, now) is None:
            raise FederatedSignInInvalid()
        throttle.forgive(tx, guess)
        throttle.forgive(tx, attempt)
        user = users.lock_credentials(tx, proven.user_id)
        if user is None or not user.is_active:
            raise FederatedSignInInvalid()
        return self._open(tx, user, finish, now, second_factor=True)

    def _open(
        self, tx: Connection, user: users.Credentials, finish: Finish, now: datetime, *, second_factor: bool
    ) -> sessions.Grant:
        return sessions.open_session_of(
            tx,
            user,
            origin=sessions.Origin(finish.user_agent, finish.origin.address),
            now=now,
            policy=self._policy,
            second_factor=second_factor,
        )

    async def link(self, finish: Finish, caller: Identity, deadline: Deadline) -> AnyRow:
        """Link the identity of who signed in with the caller's account, and return it.

        Raises IdentityLinkInvalid, IdentityTaken, EmailNotVerified, TooMany and ProviderUnavailable.
        """
        challenge = await self._work.write(self._take_link, finish, caller.user_id, deadline=deadline)
        if challenge is None:
            raise IdentityLinkInvalid()
        provider = self._providers.named(challenge.facts["provider"])
        try:
            person = await self._person(provider, finish, challenge)
        except ExchangeFailed:
            raise IdentityLinkInvalid() from None
        return await self._work.write(self._link, caller.user_id, provider, person, finish, deadline=deadline)

    def _take_link(self, tx: Connection, finish: Finish, user_id: int) -> Challenge | None:
        if not finish.flow.has_state(finish.state):
            return None
        purpose = ChallengePurpose.FEDERATED_LINK
        challenge = challenges.take(tx, finish.state.encode(), purpose, self._clock())
        return challenge if challenge is not None and challenge.user_id == user_id else None

    def _link(
        self, tx: Connection, user_id: int, provider: Provider, person: ProviderUser, finish: Finish
    ) -> AnyRow:
        return accounts.link(tx, user_id, provider, person, finish.origin, self._clock())
