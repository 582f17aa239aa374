"""Why a payment was declined, for programs: the codes of the contract, whichever gateway said so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Decline(StrEnum):
    """Why a payment was declined."""

    OTHER = "OTHER"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    EXPIRED = "EXPIRED"
    INCORRECT_DETAILS = "INCORRECT_DETAILS"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    AUTHENTICATION_FAILED = "AUTHENTICATION_FAILED"
    METHOD_NOT_ACCEPTED = "METHOD_NOT_ACCEPTED"
    CURRENCY_NOT_ACCEPTED = "CURRENCY_NOT_ACCEPTED"
    AMOUNT_NOT_ACCEPTED = "AMOUNT_NOT_ACCEPTED"
    TRY_AGAIN = "TRY_AGAIN"
    NOT_PAID_IN_TIME = "NOT_PAID_IN_TIME"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a payment cannot be made: a sentence for the buyer, and a code for programs."""

    problem: str
    decline_code: Decline


_OF_STRIPE: Final[Mapping[Decline, tuple[str, ...]]] = {
    Decline.INSUFFICIENT_FUNDS: ("insufficient_funds",),
    Decline.EXPIRED: ("expired_card",),
    Decline.INCORRECT_DETAILS: (
        *("incorrect_cvc", "invalid_cvc", "incorrect_number", "invalid_number", "invalid_account"),
        *("invalid_expiry_month", "invalid_expiry_year", "incorrect_zip", "incorrect_address"),
        *("incorrect_pin", "invalid_pin"),
    ),
    Decline.LIMIT_EXCEEDED: (
        *("card_velocity_exceeded", "withdrawal_count_limit_exceeded", "pin_try_exceeded"),
    ),
    Decline.AUTHENTICATION_FAILED: (
        *("authentication_required", "authentication_not_handled", "payment_intent_authentication_failure"),
        *("offline_pin_required", "online_or_offline_pin_required", "mobile_device_authentication_required"),
    ),
    Decline.METHOD_NOT_ACCEPTED: (
        *("card_not_supported", "transaction_not_allowed", "payment_method_not_available"),
        *("service_not_allowed", "not_permitted"),
    ),
    Decline.CURRENCY_NOT_ACCEPTED: ("currency_not_supported",),
    Decline.AMOUNT_NOT_ACCEPTED: ("invalid_amount", "amount_too_small", "amount_too_large"),
    Decline.TRY_AGAIN: (
        *("processing_error", "issuer_not_available", "reenter_transaction", "try_again_later"),
    ),
}
_BY_STRIPES_CODE: Final = {code: decline for decline, codes in _OF_STRIPE.items() for code in codes}


def decline_of(*codes: str) -> Decline:
    """What Stripe's codes mean, the first that is known.

    A card that was lost, stolen or looks like fraud is OTHER, as Stripe asks: whoever holds it must not learn so.
    """
    return next((_BY_STRIPES_CODE[code] for code in codes if code in _BY_STRIPES_CODE), Decline.OTHER)
