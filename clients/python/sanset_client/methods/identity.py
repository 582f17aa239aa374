"""Signs users in at the OpenID providers that the shop's settings name, by authorization code and PKCE.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import empty_pb2
from sanset.v1 import auth_pb2, identity_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare


def list_identity_providers(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the OpenID providers that users may sign in at."""
    return prepare(
        identity_pb2.ListIdentityProvidersRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def start_federated_sign_in(
    *,
    provider: str | None = None,
    redirect_uri: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Starts a sign-in at a provider, which is to be finished within ten minutes.

    Returns NOT_FOUND (PROVIDER_NOT_FOUND), INVALID_ARGUMENT for a redirect URI that the settings do not name, and
    UNAVAILABLE (PROVIDER_UNAVAILABLE) while the provider is away: other ways to sign in work on.
    """
    return prepare(
        identity_pb2.StartFederatedSignInRequest,
        timeout,
        metadata,
        provider=provider,
        redirect_uri=redirect_uri,
    )


def finish_federated_sign_in(
    *,
    state: str | None = None,
    authorization_code: str | None = None,
    flow_secret: str | None = None,
    issuer: str | None = None,
    second_factor_code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Signs a user in by what the provider sent them back with, and returns tokens as Login does.

    Whose identity is new gets an account, or, where the provider says that the e-mail address is confirmed, the account
    of that address: nobody but the reader of its mails could have it. An account whose address was never confirmed is
    taken over: its password, sessions and codes are void. One of those who work for the shop is not linked so
    (IDENTITY_NOT_LINKED): its user signs in and links the identity. Without a confirmed address the call returns
    FAILED_PRECONDITION (PROVIDER_EMAIL_UNVERIFIED), whether there is such an account or not.

    Every flaw, as a flow that was begun by another client, is too old or was finished before, is UNAUTHENTICATED
    (FEDERATED_SIGN_IN_INVALID), counted as a failed sign-in of the address (TOO_MANY_SIGN_INS). An account with a second
    factor is UNAUTHENTICATED (SECOND_FACTOR_REQUIRED) without its code: the same call with a `second_factor_code`
    finishes it, within ten minutes; SECOND_FACTOR_WRONG is counted as in Login. Returns UNAVAILABLE
    (PROVIDER_UNAVAILABLE) while the provider is away; then the sign-in is started anew.
    """
    return prepare(
        identity_pb2.FinishFederatedSignInRequest,
        timeout,
        metadata,
        state=state,
        authorization_code=authorization_code,
        flow_secret=flow_secret,
        issuer=issuer,
        second_factor_code=second_factor_code,
    )


def start_identity_link(
    *,
    provider: str | None = None,
    redirect_uri: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Starts to link an identity at a provider with the caller's account, as StartFederatedSignIn starts a sign-in.

    The caller has signed in within a quarter of an hour; else it returns FAILED_PRECONDITION
    (REAUTHENTICATION_REQUIRED).
    """
    return prepare(
        identity_pb2.StartIdentityLinkRequest,
        timeout,
        metadata,
        provider=provider,
        redirect_uri=redirect_uri,
    )


def link_identity(
    *,
    state: str | None = None,
    authorization_code: str | None = None,
    flow_secret: str | None = None,
    issuer: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Links the identity with the caller's account: it signs in to it from now on. The account is mailed.

    Returns INVALID_ARGUMENT (IDENTITY_LINK_INVALID) for every flaw, ALREADY_EXISTS (IDENTITY_TAKEN) when the identity is
    another account's, and FAILED_PRECONDITION when the account's e-mail address is not confirmed (EMAIL_NOT_VERIFIED),
    or it has ten identities (TOO_MANY).
    """
    return prepare(
        identity_pb2.LinkIdentityRequest,
        timeout,
        metadata,
        state=state,
        authorization_code=authorization_code,
        flow_secret=flow_secret,
        issuer=issuer,
    )


def list_identities(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the identities that sign in to the caller's account, the oldest first."""
    return prepare(
        identity_pb2.ListIdentitiesRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def unlink_identity(
    *,
    identity_id: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Unlinks an identity from the caller's account. The account is mailed.

    Returns NOT_FOUND (IDENTITY_NOT_FOUND), and FAILED_PRECONDITION when it is the last way to sign in
    (LAST_WAY_TO_SIGN_IN: set a password by ForgotPassword first), or the caller signed in too long ago
    (REAUTHENTICATION_REQUIRED).
    """
    return prepare(
        identity_pb2.UnlinkIdentityRequest,
        timeout,
        metadata,
        identity_id=identity_id,
        request_id=request_id,
    )


class IdentityMethods:
    """Signs users in at the OpenID providers that the shop's settings name, by authorization code and PKCE."""

    list_identity_providers = Unary("ListIdentityProviders", list_identity_providers, identity_pb2.ListIdentityProvidersResponse)
    iter_identity_providers = Items("ListIdentityProviders", list_identity_providers.request, identity_pb2.IdentityProvider)
    start_federated_sign_in = Unary("StartFederatedSignIn", start_federated_sign_in, identity_pb2.FederatedFlow)
    finish_federated_sign_in = Unary("FinishFederatedSignIn", finish_federated_sign_in, auth_pb2.Tokens)
    start_identity_link = Unary("StartIdentityLink", start_identity_link, identity_pb2.FederatedFlow)
    link_identity = Unary("LinkIdentity", link_identity, identity_pb2.LinkedIdentity)
    list_identities = Unary("ListIdentities", list_identities, identity_pb2.ListIdentitiesResponse)
    iter_identities = Items("ListIdentities", list_identities.request, identity_pb2.LinkedIdentity)
    unlink_identity = Unary("UnlinkIdentity", unlink_identity, empty_pb2.Empty)
