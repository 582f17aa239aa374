"""Stripe: a PaymentIntent for each order, made first and confirmed once its id is remembered.

In two steps, because a crash between them is harmless: what was made but not confirmed charges nothing, and what
was confirmed can be found by its id. Every request carries an idempotency key made of the order's number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import stripe

from server.payment.declines import Decline, decline_of
from server.payment.errors import SignatureInvalid
from server.payment.gateway import (
    DECLINED,
    FAILED,
    NO_REASON,
    PENDING,
    Charge,
    ChargeRefused,
    CustomerUnknown,
    Outcome,
    PaidBack,
    RefundOrder,
    RefundOutcome,
    Report,
)
from server.payment.stripe_amounts import to_stripe
from server.payment.stripe_api import MISSING, StripeApi, away
from server.payment.stripe_objects import REQUIRES_ACTION, StripeEvent, StripeRefund
from server.settings import Settings

SIGNATURE: Final = "stripe-signature"
TOLERANCE_SECONDS: Final = 300

NO_PAGE: Final = "The bank wants to ask you something, for which this shop has no page; pay another way."
_WHY: Final = {
    "amount_too_small": "The amount is too small to be paid this way.",
    "amount_too_large": "The amount is too large to be paid this way.",
}
_OTHERWISE: Final = "This order cannot be paid this way."
_METHOD_REFUSED: Final = "This payment method cannot be used; enter it anew or take another."


class StripeGateway:
    """Takes cards and UPI through Stripe."""

    name = "stripe"

    def __init__(self, api: StripeApi, webhook_secret: str, *, return_url: str = "") -> None:
        """`return_url` is where a buyer comes back to from a page of the bank's; without it there are none."""
        self._api = api
        self._webhook_secret = webhook_secret
        self._return_url = return_url

    @classmethod
    def of(cls, settings: Settings) -> StripeGateway:
        """The gateway that the settings describe."""
        api = StripeApi(
            settings.stripe_secret_key.get_secret_value(),
            api_base=settings.stripe_api_base,
            timeout_seconds=settings.payment_timeout_seconds,
        )
        secret = settings.stripe_webhook_secret.get_secret_value()
        return cls(api, secret, return_url=settings.payment_return_url)

    def close(self) -> None:
        """Take no more requests; those under way end by their timeout."""
        self._api.close()

    def id_of(self, key: str) -> str:
        """Stripe alone can say; see Gateway."""
        return ""

    async def new_customer(self, key: str) -> str:
        """Make a Customer; see Gateway. A Customer is what saved methods belong to."""
        try:
            return await self._api.new_customer(key)
        except stripe.InvalidRequestError as error:
            raise away(error) from None

    async def forget_customer(self, customer_id: str) -> None:
        """Delete the Customer with its saved methods; see Gateway."""
        try:
            await self._api.delete_customer(customer_id)
        except stripe.InvalidRequestError as error:
            if error.code != MISSING:
                raise away(error) from None

    async def open(self, charge: Charge) -> str:
        """Make the PaymentIntent; see Gateway."""
        try:
            amount = to_stripe(charge.amount)
        except ValueError:
            raise ChargeRefused(_OTHERWISE, Decline.AMOUNT_NOT_ACCEPTED) from None
        try:
            intent = await self._api.open_payment(charge, amount)
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            if error.code == MISSING and error.param == "customer":
                raise CustomerUnknown(_METHOD_REFUSED, Decline.METHOD_NOT_ACCEPTED) from None
            raise ChargeRefused(_WHY.get(error.code or "", _OTHERWISE), _code(error)) from None
        return intent.id

    async def charge(self, charge: Charge, gateway_id: str) -> Outcome:
        """Confirm the PaymentIntent; see Gateway. What the buyer would have to do, but cannot, is a refusal."""
        try:
            intent = await self._api.confirm(charge, gateway_id, self._return_url)
        except stripe.CardError as error:
            return Outcome(DECLINED, gateway_id, _sentence(error), decline_code=_code(error))
        except stripe.InvalidRequestError:
            earlier = await self.find(charge.key, gateway_id)
            refused = Outcome(DECLINED, gateway_id, _METHOD_REFUSED, decline_code=Decline.METHOD_NOT_ACCEPTED)
            return earlier or refused
        outcome = intent.outcome() or Outcome(DECLINED, gateway_id, NO_REASON, decline_code=Decline.OTHER)
        if intent.status == REQUIRES_ACTION and not outcome.url:
            cancelled = await self.cancel(charge.key, gateway_id)
            if cancelled.status != DECLINED:
                return cancelled
            return replace(cancelled, problem=NO_PAGE, decline_code=Decline.AUTHENTICATION_FAILED)
        return outcome

    async def find(self, key: str, gateway_id: str) -> Outcome | None:
        """See Gateway. Without an id nothing was confirmed, for it is remembered before that."""
        intent = await self._api.payment(gateway_id) if gateway_id else None
        return intent.outcome() if intent else None

    async def cancel(self, key: str, gateway_id: str) -> Outcome:
        """Cancel the PaymentIntent; see Gateway. One that the bank still works on cannot be: it stays PENDING."""
        if not gateway_id:
            return Outcome(DECLINED, "")
        try:
            intent = await self._api.cancel(gateway_id)
        except stripe.InvalidRequestError:  # too late, or cancelled before
            current = await self._api.payment(gateway_id)
            if current is None:
                return Outcome(DECLINED, gateway_id)
            intent = current
        return intent.outcome() or Outcome(PENDING, gateway_id)

    async def refund(self, order: RefundOrder) -> RefundOutcome:
        """Pay back; see Gateway.

        Looks for an earlier refund with the key first: Stripe forgets its idempotency keys after a day, and
        repeats what it answered under one even when the refund has moved on.
        """
        try:
            amount = to_stripe(order.amount)
        except ValueError as error:
            return RefundOutcome(FAILED, "", f"{error}.")
        try:
            refund = await self._earlier(order) or await self._api.refund(order, amount)
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            return RefundOutcome(FAILED, "", f"Stripe refused the refund: {error.code or 'invalid request'}.")
        return refund.outcome()

    async def _earlier(self, order: RefundOrder) -> StripeRefund | None:
        """The refund that was made with an order's key; None when there is none. Raises as `StripeApi.refunds`."""
        async for refund in self._api.refunds(order.gateway_id, order.amount.currency):
            if refund.key == order.key:
                return refund
        return None

    async def refunds(self, gateway_id: str, currency: str) -> Sequence[PaidBack]:
        """See Gateway. Of a PaymentIntent that Stripe does not know there are none."""
        try:
            newest_first = [refund async for refund in self._api.refunds(gateway_id, currency)]
        except stripe.InvalidRequestError:
            return ()
        return [refund.paid_back() for refund in reversed(newest_first)]

    def read_report(self, body: bytes, headers: Mapping[str, str]) -> Report | None:
        """The report in a webhook that Stripe signed; see Gateway."""
        signature = headers.get(SIGNATURE)
        if signature is None:
            return None
        try:
            stripe.Webhook.construct_event(body, signature, self._webhook_secret, TOLERANCE_SECONDS)
            return StripeEvent.of_json(json.loads(body)).report()
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError):
            raise SignatureInvalid() from None


def _code(error: stripe.StripeError) -> Decline:
    """Why Stripe refused, in the contract's word."""
    said = error.error
    return decline_of(str(said.decline_code or "") if said is not None else "", error.code or "")


def _sentence(error: stripe.StripeError) -> str:
    """What the buyer may read of a refusal."""
    return str(error.user_message or NO_REASON)[:300]
