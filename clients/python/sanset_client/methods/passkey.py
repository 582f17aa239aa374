"""Registers passkeys, and signs users in by them.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import empty_pb2
from sanset.v1 import auth_pb2, passkey_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare


def begin_passkey_sign_in(
    *,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Starts a sign-in by a passkey, which is to be finished within five minutes. It names no account.

    Returns FAILED_PRECONDITION (PASSKEYS_OFF) where the shop has not set them up.
    """
    return prepare(
        passkey_pb2.BeginPasskeySignInRequest,
        timeout,
        metadata,
    )


def finish_passkey_sign_in(
    *,
    credential_json: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Signs a user in by what their passkey signed, and returns tokens as Login does.

    The passkey has verified its user, by a finger or a PIN: so the session counts as signed in with a second factor.
    Every flaw is UNAUTHENTICATED (PASSKEY_INVALID), counted as a failed sign-in of the address (TOO_MANY_SIGN_INS). So is
    a passkey that has counted fewer signatures than before: it was copied.
    """
    return prepare(
        passkey_pb2.FinishPasskeySignInRequest,
        timeout,
        metadata,
        credential_json=credential_json,
    )


def begin_passkey_registration(
    *,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Starts to register a passkey for the caller's account, which is to be finished within five minutes.

    Returns FAILED_PRECONDITION when the caller has not signed in within a quarter of an hour
    (REAUTHENTICATION_REQUIRED), the account's e-mail address is not confirmed (EMAIL_NOT_VERIFIED), it has ten passkeys
    (TOO_MANY), or the shop has not set them up (PASSKEYS_OFF).
    """
    return prepare(
        passkey_pb2.BeginPasskeyRegistrationRequest,
        timeout,
        metadata,
    )


def finish_passkey_registration(
    *,
    credential_json: str | None = None,
    name: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Registers the passkey that the caller's device made: it signs in from now on. The account is mailed.

    Returns INVALID_ARGUMENT (PASSKEY_REFUSED) for every flaw, ALREADY_EXISTS (PASSKEY_TAKEN) when it is registered, and
    FAILED_PRECONDITION (TOO_MANY) beyond ten.
    """
    return prepare(
        passkey_pb2.FinishPasskeyRegistrationRequest,
        timeout,
        metadata,
        credential_json=credential_json,
        name=name,
    )


def list_passkeys(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the caller's passkeys, the oldest first."""
    return prepare(
        passkey_pb2.ListPasskeysRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def delete_passkey(
    *,
    passkey_id: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes one of the caller's passkeys. The account is mailed.

    Returns NOT_FOUND (PASSKEY_NOT_FOUND), and FAILED_PRECONDITION when it is the last way to sign in
    (LAST_WAY_TO_SIGN_IN: set a password by ForgotPassword first), or the caller signed in too long ago
    (REAUTHENTICATION_REQUIRED).
    """
    return prepare(
        passkey_pb2.DeletePasskeyRequest,
        timeout,
        metadata,
        passkey_id=passkey_id,
        request_id=request_id,
    )


class PasskeyMethods:
    """Registers passkeys, and signs users in by them."""

    begin_passkey_sign_in = Unary("BeginPasskeySignIn", begin_passkey_sign_in, passkey_pb2.PasskeyOptions)
    finish_passkey_sign_in = Unary("FinishPasskeySignIn", finish_passkey_sign_in, auth_pb2.Tokens)
    begin_passkey_registration = Unary("BeginPasskeyRegistration", begin_passkey_registration, passkey_pb2.PasskeyOptions)
    finish_passkey_registration = Unary("FinishPasskeyRegistration", finish_passkey_registration, passkey_pb2.Passkey)
    list_passkeys = Unary("ListPasskeys", list_passkeys, passkey_pb2.ListPasskeysResponse)
    iter_passkeys = Items("ListPasskeys", list_passkeys.request, passkey_pb2.Passkey)
    delete_passkey = Unary("DeletePasskey", delete_passkey, empty_pb2.Empty)
