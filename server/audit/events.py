"""Security events: what concerns the security of the shop and its accounts, done or refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class SecurityEvent(StrEnum):
    """The contract's AuditLog.SecurityEvent says what each one means."""

    SIGN_IN_FAILED = "SIGN_IN_FAILED"
    SIGN_IN_LIMITED = "SIGN_IN_LIMITED"
    ACCOUNT_LOCKED = "ACCOUNT_LOCKED"
    SECOND_FACTOR_FAILED = "SECOND_FACTOR_FAILED"
    SECOND_FACTOR_CHANGED = "SECOND_FACTOR_CHANGED"
    CODE_FAILED = "CODE_FAILED"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - a name
    EMAIL_CHANGED = "EMAIL_CHANGED"
    REFRESH_REFUSED = "REFRESH_REFUSED"
    PERMISSION_REFUSED = "PERMISSION_REFUSED"
    ROLE_CHANGED = "ROLE_CHANGED"
    ROLE_ASSIGNED = "ROLE_ASSIGNED"
    ACCOUNT_CHANGED = "ACCOUNT_CHANGED"
    API_KEY_CHANGED = "API_KEY_CHANGED"
    API_KEY_USED = "API_KEY_USED"
    API_KEY_REFUSED = "API_KEY_REFUSED"
    IDENTITY_CHANGED = "IDENTITY_CHANGED"
    PASSKEY_CHANGED = "PASSKEY_CHANGED"


OF_PERMITTED: Final[Mapping[str, SecurityEvent]] = {
    "CreateRole": SecurityEvent.ROLE_CHANGED,
    "UpdateRole": SecurityEvent.ROLE_CHANGED,
    "DeleteRole": SecurityEvent.ROLE_CHANGED,
    "SetUserRole": SecurityEvent.ROLE_ASSIGNED,
    "SetUserActive": SecurityEvent.ACCOUNT_CHANGED,
    "UnlockUser": SecurityEvent.ACCOUNT_CHANGED,
    "ResetSecondFactor": SecurityEvent.SECOND_FACTOR_CHANGED,
    "CreateServiceAccount": SecurityEvent.ACCOUNT_CHANGED,
    "UpdateServiceAccount": SecurityEvent.ACCOUNT_CHANGED,
    "AddApiKey": SecurityEvent.API_KEY_CHANGED,
    "RevokeApiKey": SecurityEvent.API_KEY_CHANGED,
}
"""What calls that need a permission mean for security when they succeed, by the names of their methods."""

OF_SUCCESSES: Final[Mapping[str, SecurityEvent]] = {
    "ConfirmSecondFactor": SecurityEvent.SECOND_FACTOR_CHANGED,
    "RenewRecoveryCodes": SecurityEvent.SECOND_FACTOR_CHANGED,
    "RemoveSecondFactor": SecurityEvent.SECOND_FACTOR_CHANGED,
    "ChangePassword": SecurityEvent.PASSWORD_CHANGED,
    "ResetPassword": SecurityEvent.PASSWORD_CHANGED,
    "ChangeEmail": SecurityEvent.EMAIL_CHANGED,
    "LinkIdentity": SecurityEvent.IDENTITY_CHANGED,
    "UnlinkIdentity": SecurityEvent.IDENTITY_CHANGED,
    "FinishPasskeyRegistration": SecurityEvent.PASSKEY_CHANGED,
    "DeletePasskey": SecurityEvent.PASSKEY_CHANGED,
}
"""The same of calls that users make for themselves."""

OF_REFUSALS: Final[Mapping[str, SecurityEvent]] = {
    "INVALID_CREDENTIALS": SecurityEvent.SIGN_IN_FAILED,
    "PASSKEY_INVALID": SecurityEvent.SIGN_IN_FAILED,
    "FEDERATED_SIGN_IN_INVALID": SecurityEvent.SIGN_IN_FAILED,
    "CURRENT_PASSWORD_WRONG": SecurityEvent.SIGN_IN_FAILED,
    "TOO_MANY_SIGN_INS": SecurityEvent.SIGN_IN_LIMITED,
    "ACCOUNT_LOCKED": SecurityEvent.ACCOUNT_LOCKED,
    "SECOND_FACTOR_WRONG": SecurityEvent.SECOND_FACTOR_FAILED,
    "SECOND_FACTOR_CODE_WRONG": SecurityEvent.SECOND_FACTOR_FAILED,
    "CODE_INVALID": SecurityEvent.CODE_FAILED,
    "CODE_EXPIRED": SecurityEvent.CODE_FAILED,
    "CODE_USED": SecurityEvent.CODE_FAILED,
    "CODE_EXHAUSTED": SecurityEvent.CODE_FAILED,
    "LINK_INVALID": SecurityEvent.CODE_FAILED,
    "LINK_EXPIRED": SecurityEvent.CODE_FAILED,
    "LINK_USED": SecurityEvent.CODE_FAILED,
    "REFRESH_TOKEN_INVALID": SecurityEvent.REFRESH_REFUSED,
    "API_KEY_INVALID": SecurityEvent.API_KEY_REFUSED,
    "ADDRESS_NOT_ALLOWED": SecurityEvent.API_KEY_REFUSED,
}
"""What refusals mean, by their reasons; PERMISSION_DENIED, whatever its reason, is PERMISSION_REFUSED."""
