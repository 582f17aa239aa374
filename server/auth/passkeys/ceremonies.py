"""The Web Authentication API: what devices are asked, and whether what they answer is right, by its library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from server.auth.passkeys.site import Site

if TYPE_CHECKING:
    from webauthn.helpers.structs import AuthenticationCredential, RegistrationCredential

# The library is imported where it is used: its certificates' formats take a quarter of a second.

LIFETIME: Final = timedelta(minutes=5)
CHALLENGE_BYTES: Final = 32
MAX_CREDENTIAL_ID: Final = 1023
"""As the API bounds it."""


class CeremonyFailed(Exception):
    """What a device answered is not right; the text says why, for the log alone."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key pair that a device made: its id and public half."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """That a device has signed, and how often it says that it did."""

    sign_count: int
    backed_up: bool


def handle_of(user_id: int) -> bytes:
    """What a device keeps of whose a passkey is, and shows with it."""
    return str(user_id).encode()


def creation_options(
    site: Site, user_id: int, account: str, name: str, challenge: bytes, present: Iterable[bytes]
) -> str:
    """What a device is asked to make a passkey by, which is none of those that are there."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.name,
        user_id=handle_of(user_id),
        user_name=account,
        user_display_name=name or account,
        challenge=challenge,
        timeout=_milliseconds(),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in present],
    )
    return options_to_json(options)


def request_options(site: Site, challenge: bytes) -> str:
    """What a device is asked to sign. It names no passkey: the device shows which ones it has."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=_milliseconds(),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def read_new(credential_json: str) -> RegistrationCredential:
    """A credential that a device made. Raises CeremonyFailed."""
    from webauthn.helpers import parse_registration_credential_json

    try:
        return parse_registration_credential_json(credential_json)
    except Exception as error:  # whatever the library makes of what anybody may send
        raise CeremonyFailed(repr(error)) from None


def read_signed(credential_json: str) -> AuthenticationCredential:
    """A credential that a device signed with. Raises CeremonyFailed."""
    from webauthn.helpers import parse_authentication_credential_json

    try:
        return parse_authentication_credential_json(credential_json)
    except Exception as error:
        raise CeremonyFailed(repr(error)) from None


def challenge_of(credential: RegistrationCredential | AuthenticationCredential) -> bytes:
    """The challenge that a credential says it answers. Raises CeremonyFailed."""
    from webauthn.helpers import parse_client_data_json

    try:
        return parse_client_data_json(credential.response.client_data_json).challenge
    except Exception as error:
        raise CeremonyFailed(repr(error)) from None


def verified_new(site: Site, credential: RegistrationCredential, challenge: bytes) -> NewKey:
    """The key that a device made for this site, by a user whom it verified. Raises CeremonyFailed."""
    from webauthn import verify_registration_response

    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=list(site.origins),
            require_user_verification=True,
        )
    except Exception as error:
        raise CeremonyFailed(repr(error)) from None
    if not 0 < len(verified.credential_id) <= MAX_CREDENTIAL_ID:
        raise CeremonyFailed("a long id")
    return NewKey(
        verified.credential_id,
        verified.credential_public_key,
        verified.sign_count,
        verified.credential_backed_up,
    )


def verified_signature(
    site: Site, credential: AuthenticationCredential, challenge: bytes, *, public_key: bytes, user_id: int
) -> Signature:
    """That a device signed for this site, by a user whom it verified. Raises CeremonyFailed.

    Whether its count fits is the caller's to say, once the signature is known to be right.
    """
    from webauthn import verify_authentication_response

    if credential.response.user_handle != handle_of(user_id):
        raise CeremonyFailed("of another user")
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=list(site.origins),
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:
        raise CeremonyFailed(repr(error)) from None
    return Signature(verified.new_sign_count, verified.credential_backed_up)


def _milliseconds() -> int:
    return round(LIFETIME.total_seconds() * 1000)
