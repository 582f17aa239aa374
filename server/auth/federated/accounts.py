"""Which account an identity at a provider signs in to, and how one is linked and unlinked."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.auth import sessions, ways
from server.auth.federated import queries
from server.auth.federated.errors import (
    FederatedSignInInvalid,
    IdentityNotFound,
    IdentityNotLinked,
    IdentityTaken,
    ProviderEmailUnverified,
)
from server.auth.federated.exchange import ProviderUser
from server.auth.federated.providers import Provider, Providers
from server.auth.passkeys import queries as passkeys
from server.auth.recovery import notices
from server.auth.recovery import queries as recovery
from server.auth.recovery.errors import EmailNotVerified
from server.auth.recovery.notices import Notice, NoticeKind
from server.auth.recovery.proofs import Requester
from server.auth.second_factor import queries as second_factors
from server.db.base import AnyRow
from server.errors import TooMany, UserNotFound
from server.identity import Identity, Role
from server.text.allowed import problem_of_name, trimmed
from server.user import service as users
from server.user.errors import EmailTaken
from server.user.service import Contact, Credentials, NewAccount

MAX_IDENTITIES: Final = 10
"""Of an account."""


def of_person(
    tx: Connection, provider: Provider, person: ProviderUser, origin: Requester, now: datetime
) -> tuple[int, Notice | None]:
    """The account that a person signs in to, linked or made now, and what its owner is to be mailed.

    Whether the provider says that the address is the person's comes before anything is asked of the address: a
    stranger must not learn who has an account. Raises ProviderEmailUnverified, IdentityNotLinked and
    FederatedSignInInvalid.
    """
    user_id = queries.user_of(tx, person.issuer, person.subject)
    if user_id is not None:
        return user_id, None
    if not person.email_is_verified:
        raise ProviderEmailUnverified(provider=provider.title)
    contact = users.contact_of_email(tx, person.email)
    if contact is None:
        try:
            user_id = users.register(tx, _new_account(person), None, now, is_verified=True).id
        except EmailTaken:  # another call was faster
            contact = users.contact_of_email(tx, person.email)
        else:
            _insert(tx, user_id, person, now)
            return user_id, None
    if contact is None:
        raise FederatedSignInInvalid()
    return _link_by_address(tx, provider, person, contact, origin, now)


def _link_by_address(
    tx: Connection,
    provider: Provider,
    person: ProviderUser,
    contact: Contact,
    origin: Requester,
    now: datetime,
) -> tuple[int, Notice | None]:
    """Link a person with the account of their address: who reads its mails could have it by a code anyway."""
    user = users.lock_credentials(tx, contact.credentials.user_id)
    if user is None or not user.is_active:
        raise FederatedSignInInvalid()
    if user.role != Role.CUSTOMER.name:  # no provider decides who works for the shop
        raise IdentityNotLinked(provider=provider.title)
    if not user.is_verified:
        _take_over(tx, user, now)
    if _insert(tx, user.user_id, person, now) is None:  # another call of the same person was faster
        return user.user_id, None
    return user.user_id, _notice(NoticeKind.IDENTITY_LINKED, contact, origin, provider.title)


def _take_over(tx: Connection, user: Credentials, now: datetime) -> None:
    """Void all by which whoever registered with an address that was not theirs could sign in."""
    users.void_password(tx, user.user_id)
    second_factors.remove(tx, user.user_id)
    passkeys.remove_all(tx, user.user_id)
    queries.remove_all(tx, user.user_id)
    recovery.void(tx, user.user_id, now)
    users.verify_email(tx, user.user_id, now)
    sessions.revoke_all(tx, user.user_id, now)


def link(
    tx: Connection, user_id: int, provider: Provider, person: ProviderUser, origin: Requester, now: datetime
) -> AnyRow:
    """Link a person with the account that they are signed in to, and return the identity.

    Raises EmailNotVerified, TooMany and IdentityTaken.
    """
    user, contact = users.lock_credentials(tx, user_id), users.contact(tx, user_id)
    if user is None or contact is None:
        raise UserNotFound(user_id=user_id)
    if not user.is_verified:
        raise EmailNotVerified()
    if queries.count(tx, user_id) >= MAX_IDENTITIES:
        raise TooMany(limit=MAX_IDENTITIES, resources="identities")
    row = _insert(tx, user_id, person, now)
    if row is None:
        mine = queries.identity(tx, user_id, person.issuer, person.subject)
        if mine is None:
            raise IdentityTaken()
        return mine
    notices.post(tx, now, _notice(NoticeKind.IDENTITY_LINKED, contact, origin, provider.title))
    return row


def unlink(
    tx: Connection,
    caller: Identity,
    identity_id: int,
    providers: Providers,
    origin: Requester,
    now: datetime,
) -> None:
    """Unlink an identity of the caller's.

    Raises IdentityNotFound, ReauthenticationRequired and LastWayToSignIn.
    """
    user_id = caller.user_id
    user, contact = users.lock_credentials(tx, user_id), users.contact(tx, user_id)
    if user is None or contact is None:
        raise UserNotFound(user_id=user_id)
    issuer = queries.remove(tx, user_id, identity_id)
    if issuer is None:
        raise IdentityNotFound(identity_id=identity_id)
    # What is refused from here on is undone.
    sessions.must_be_recent(tx, user_id, caller.session_id, now)
    ways.must_be_left(tx, user)
    notices.post(tx, now, _notice(NoticeKind.IDENTITY_REMOVED, contact, origin, providers.title_of(issuer)))


def _insert(tx: Connection, user_id: int, person: ProviderUser, now: datetime) -> AnyRow | None:
    return queries.insert(
        tx,
        {
            "user_id": user_id,
            "issuer": person.issuer,
            "subject": person.subject,
            "email": person.email,
            "created_at": now,
            "last_used_at": now,
        },
    )


def _new_account(person: ProviderUser) -> NewAccount:
    name = trimmed(person.name)
    if not name or problem_of_name(name):
        name = person.email.partition("@")[0]
    return NewAccount(full_name=name, email=person.email, phone="", username="")


def _notice(kind: NoticeKind, contact: Contact, origin: Requester, provider: str) -> Notice:
    return Notice(
        kind=kind,
        user_id=contact.credentials.user_id,
        recipient=contact.email,
        full_name=contact.full_name,
        language=origin.language,
        facts={"provider": provider},
    )
