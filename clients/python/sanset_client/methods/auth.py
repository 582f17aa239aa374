"""Registers users, signs them in and out, and keeps their sessions.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import empty_pb2
from sanset.v1 import auth_pb2, recovery_pb2, user_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare


def register(
    *,
    full_name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    password: str | None = None,
    username: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Registers an account, and returns the new User.

    The password has 8 to 128 characters with a letter and a digit; one of the most common passwords, or
    the e-mail address itself, is INVALID_ARGUMENT (WEAK_PASSWORD). Returns ALREADY_EXISTS when the e-mail
    address, whatever its case, is taken (EMAIL_TAKEN), or the user name (USERNAME_TAKEN). A mail with a link asks
    to confirm the address: see VerifyEmail.
    """
    return prepare(
        auth_pb2.RegisterRequest,
        timeout,
        metadata,
        full_name=full_name,
        email=email,
        phone=phone,
        password=password,
        username=username,
        request_id=request_id,
    )


def login(
    *,
    email: str | None = None,
    username: str | None = None,
    password: str | None = None,
    code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Signs a user in, and returns an access token and a refresh token.

    Opens a new session. Returns UNAUTHENTICATED (INVALID_CREDENTIALS), after the same time, whether the
    account is unknown or the password wrong. After five of these in a minute for one account, or twenty from
    one address, it returns RESOURCE_EXHAUSTED (TOO_MANY_SIGN_INS) with RetryInfo until the minute is over. Ten in
    a row lock the account for 15 minutes (ACCOUNT_LOCKED), ten more for twice as long, up to a day. A client on
    which the user signed in before still gets in: it sends the `device_id` that it got then as the metadata
    `x-device-id`, and its failures are counted by themselves. With
    the right password it returns FAILED_PRECONDITION (EMAIL_NOT_VERIFIED) where the shop wants the e-mail address
    confirmed first.

    An account with a second factor needs a `code`, too: without one UNAUTHENTICATED is SECOND_FACTOR_REQUIRED, once
    the password is proven, and with a wrong one SECOND_FACTOR_WRONG, which counts as a wrong password does.
    """
    return prepare(
        auth_pb2.LoginRequest,
        timeout,
        metadata,
        email=email,
        username=username,
        password=password,
        code=code,
    )


def refresh(
    *,
    refresh_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Exchanges a refresh token for a new pair of tokens.

    A refresh token works once. A repeat within half a minute, as after a lost reply, returns the same new
    refresh token; a later repeat is taken for theft: the whole session is revoked and the call returns
    UNAUTHENTICATED (REFRESH_TOKEN_INVALID). The metadata `x-device-id` carries the `device_id` of before.
    After twenty tokens in a minute from one address that were none it returns RESOURCE_EXHAUSTED (RATE_LIMITED).
    """
    return prepare(
        auth_pb2.RefreshRequest,
        timeout,
        metadata,
        refresh_token=refresh_token,
    )


def logout(
    *,
    all_sessions: bool | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Signs the caller out.

    The session's tokens, or those of all sessions, are refused within 250 ms on every server, so that a repeat is
    UNAUTHENTICATED (TOKEN_INVALID): the session is over.
    """
    return prepare(
        auth_pb2.LogoutRequest,
        timeout,
        metadata,
        all_sessions=all_sessions,
    )


def list_sessions(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the caller's open sessions, the last used first."""
    return prepare(
        auth_pb2.ListSessionsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def get_session(
    *,
    session_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets one of the caller's open sessions.

    Returns NOT_FOUND (SESSION_NOT_FOUND) when it has ended or is another user's.
    """
    return prepare(
        auth_pb2.GetSessionRequest,
        timeout,
        metadata,
        session_id=session_id,
    )


def revoke_session(
    *,
    session_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Revokes one of the caller's sessions. Returns NOT_FOUND (SESSION_NOT_FOUND)
    when it does not exist or is another user's.
    """
    return prepare(
        auth_pb2.RevokeSessionRequest,
        timeout,
        metadata,
        session_id=session_id,
    )


def verify_email(
    *,
    token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Confirms an e-mail address by the link that was mailed to it, at registration or by ChangeEmail.

    A link works once, for 24 hours. A repeat within half a minute, as of a page that is loaded twice, gets the same
    reply; a later one returns FAILED_PRECONDITION (LINK_USED), an old link FAILED_PRECONDITION (LINK_EXPIRED), and any
    other token INVALID_ARGUMENT (LINK_INVALID). Where the link changes the address, the other sessions end, and both
    addresses are told; it returns ALREADY_EXISTS (EMAIL_TAKEN) when another account has the address by now.
    """
    return prepare(
        recovery_pb2.VerifyEmailRequest,
        timeout,
        metadata,
        token=token,
    )


def resend_verification(
    *,
    email: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Mails another link for VerifyEmail to the address of an account that is not confirmed yet.

    The reply is the same, after the same time, whether there is such an account or not. Returns RESOURCE_EXHAUSTED
    (TOO_MANY_MAILS) with RetryInfo after five of these in an hour, of which two are for networks that have not asked yet.
    """
    return prepare(
        recovery_pb2.ResendVerificationRequest,
        timeout,
        metadata,
        email=email,
    )


def forgot_password(
    *,
    email: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Mails a code of six digits, with which ResetPassword sets another password, to the address of an account.

    The code is good for ten minutes and five tries. The reply is the same, after the same time, whether there is such
    an account or not. Returns RESOURCE_EXHAUSTED (TOO_MANY_MAILS) with RetryInfo after five of these in an hour,
    of which two are for networks that have not asked yet.
    """
    return prepare(
        recovery_pb2.ForgotPasswordRequest,
        timeout,
        metadata,
        email=email,
    )


def reset_password(
    *,
    email: str | None = None,
    otp: str | None = None,
    new_password: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Sets another password, by the code that ForgotPassword mailed. Ends every session of the account, and mails that.

    Returns INVALID_ARGUMENT (CODE_INVALID) for another code, whether there is such an account or not, and
    FAILED_PRECONDITION for a code that is over (CODE_EXPIRED), was used (CODE_USED) or has had its five tries
    (CODE_EXHAUSTED). Of these at most three may come from elsewhere than where the code was asked for, so that nobody
    can use up those of the owner. WEAK_PASSWORD costs no try. Returns RESOURCE_EXHAUSTED (TOO_MANY_SIGN_INS) as Login.
    """
    return prepare(
        recovery_pb2.ResetPasswordRequest,
        timeout,
        metadata,
        email=email,
        otp=otp,
        new_password=new_password,
        request_id=request_id,
    )


def change_password(
    *,
    current_password: str | None = None,
    new_password: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Changes the caller's password. Ends the caller's other sessions, and mails that.

    Returns INVALID_ARGUMENT when the current password is another (CURRENT_PASSWORD_WRONG), or the new one weak
    (WEAK_PASSWORD). Wrong passwords are counted as those of Login are.
    """
    return prepare(
        recovery_pb2.ChangePasswordRequest,
        timeout,
        metadata,
        current_password=current_password,
        new_password=new_password,
        request_id=request_id,
    )


def change_email(
    *,
    email: str | None = None,
    current_password: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Asks for another e-mail address of the caller's account: a link is mailed there, and the old address is told.

    The address is changed by VerifyEmail. The reply is the same whether another account has the address or not; then
    that one is told in place of the link. Returns INVALID_ARGUMENT when the password is wrong
    (CURRENT_PASSWORD_WRONG), counted as in Login, and RESOURCE_EXHAUSTED (TOO_MANY_MAILS) after five in an hour.
    """
    return prepare(
        recovery_pb2.ChangeEmailRequest,
        timeout,
        metadata,
        email=email,
        current_password=current_password,
        request_id=request_id,
    )


class AuthMethods:
    """Registers users, signs them in and out, and keeps their sessions."""

    register = Unary("Register", register, user_pb2.User)
    login = Unary("Login", login, auth_pb2.Tokens)
    refresh = Unary("Refresh", refresh, auth_pb2.Tokens)
    logout = Unary("Logout", logout, empty_pb2.Empty)
    list_sessions = Unary("ListSessions", list_sessions, auth_pb2.ListSessionsResponse)
    iter_sessions = Items("ListSessions", list_sessions.request, auth_pb2.Session)
    get_session = Unary("GetSession", get_session, auth_pb2.Session)
    revoke_session = Unary("RevokeSession", revoke_session, empty_pb2.Empty)
    verify_email = Unary("VerifyEmail", verify_email, recovery_pb2.VerifyEmailResponse)
    resend_verification = Unary("ResendVerification", resend_verification, empty_pb2.Empty)
    forgot_password = Unary("ForgotPassword", forgot_password, empty_pb2.Empty)
    reset_password = Unary("ResetPassword", reset_password, empty_pb2.Empty)
    change_password = Unary("ChangePassword", change_password, empty_pb2.Empty)
    change_email = Unary("ChangeEmail", change_email, empty_pb2.Empty)
