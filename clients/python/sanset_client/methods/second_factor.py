"""Sets up, shows and removes the second factor of the caller's account.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import empty_pb2
from sanset.v1 import second_factor_pb2

from sanset_client.rpc import Metadata, Prepared, Unary, prepare


def get_second_factor(
    *,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the state of the caller's second factor."""
    return prepare(
        second_factor_pb2.GetSecondFactorRequest,
        timeout,
        metadata,
    )


def set_up_second_factor(
    *,
    current_password: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Makes a secret for the caller's authenticator, which counts once ConfirmSecondFactor has a code of it.

    A repeat makes another one in its place. Returns INVALID_ARGUMENT when the password is wrong
    (CURRENT_PASSWORD_WRONG), counted as in Login, and FAILED_PRECONDITION when there is a second factor already
    (SECOND_FACTOR_ACTIVE), or the account's e-mail address is not confirmed (EMAIL_NOT_VERIFIED): whoever registered
    with somebody else's address must not lock its owner out.
    """
    return prepare(
        second_factor_pb2.SetUpSecondFactorRequest,
        timeout,
        metadata,
        current_password=current_password,
    )


def confirm_second_factor(
    *,
    code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Has the second factor count from now on, and returns the recovery codes, this once.

    Returns INVALID_ARGUMENT when the code is wrong (SECOND_FACTOR_CODE_WRONG), and FAILED_PRECONDITION when nothing
    was set up (SECOND_FACTOR_MISSING), or it counts already (SECOND_FACTOR_ACTIVE).
    """
    return prepare(
        second_factor_pb2.ConfirmSecondFactorRequest,
        timeout,
        metadata,
        code=code,
    )


def renew_recovery_codes(
    *,
    code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Makes recovery codes in place of all others, and returns them, this once.

    Returns INVALID_ARGUMENT when the code is wrong (SECOND_FACTOR_CODE_WRONG), and FAILED_PRECONDITION when there is
    no second factor (SECOND_FACTOR_MISSING). Wrong codes are counted as wrong passwords are in Login
    (TOO_MANY_SIGN_INS, ACCOUNT_LOCKED).
    """
    return prepare(
        second_factor_pb2.RenewRecoveryCodesRequest,
        timeout,
        metadata,
        code=code,
    )


def remove_second_factor(
    *,
    code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Removes the second factor with its recovery codes: the password is enough again.

    Returns INVALID_ARGUMENT when the code is wrong (SECOND_FACTOR_CODE_WRONG), and FAILED_PRECONDITION when there is
    no second factor (SECOND_FACTOR_MISSING). Wrong codes are counted as wrong passwords are in Login
    (TOO_MANY_SIGN_INS, ACCOUNT_LOCKED).
    """
    return prepare(
        second_factor_pb2.RemoveSecondFactorRequest,
        timeout,
        metadata,
        code=code,
    )


class SecondFactorMethods:
    """Sets up, shows and removes the second factor of the caller's account."""

    get_second_factor = Unary("GetSecondFactor", get_second_factor, second_factor_pb2.SecondFactor)
    set_up_second_factor = Unary("SetUpSecondFactor", set_up_second_factor, second_factor_pb2.SetUpSecondFactorResponse)
    confirm_second_factor = Unary("ConfirmSecondFactor", confirm_second_factor, second_factor_pb2.RecoveryCodes)
    renew_recovery_codes = Unary("RenewRecoveryCodes", renew_recovery_codes, second_factor_pb2.RecoveryCodes)
    remove_second_factor = Unary("RemoveSecondFactor", remove_second_factor, empty_pb2.Empty)
