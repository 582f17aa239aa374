"""Stripe, through its library: a PaymentIntent for each order, made first and confirmed once its id is remembered.

In two steps, because a crash between them is harmless: what was made but not confirmed charges nothing, and what
was confirmed can be found by its id. Every request carries an idempotency key made of the order's number. The
library blocks, so its calls run on threads of their own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

import stripe
import structlog

from server.payment import stripe_objects
from server.payment.errors import SignatureInvalid
from server.payment.gateway import (
    DECLINED,
    FAILED,
    NO_REASON,
    PENDING,
    Charge,
    ChargeRefused,
    CustomerUnknown,
    GatewayAway,
    Outcome,
    PaidBack,
    RefundOrder,
    RefundOutcome,
    Report,
)
from server.payment.stripe_amounts import to_stripe
from server.settings import Settings

SIGNATURE: Final = "stripe-signature"
TOLERANCE_SECONDS: Final = 300
THREADS: Final = 16

_METHODS: Final = {"CARD": "card", "UPI": "upi"}
PAGE: Final = 100

MISSING: Final = "resource_missing"
NO_PAGE: Final = "The bank wants to ask you something, for which this shop has no page; pay another way."
_WHY: Final = {
    "amount_too_small": "The amount is too small to be paid this way.",
    "amount_too_large": "The amount is too large to be paid this way.",
}
_OTHERWISE: Final = "This order cannot be paid this way."
_METHOD_REFUSED: Final = "This payment method cannot be used; enter it anew or take another."

log = structlog.get_logger()


class StripeGateway:
    """Takes cards and UPI through Stripe."""

    name = "stripe"

    def id_of(self, key: str) -> str:
        """Stripe alone can say; see Gateway."""
        return ""

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str,
        *,
        api_base: str = "",
        return_url: str = "",
        timeout_seconds: float = 5.0,
    ) -> None:
        """`return_url` is where a buyer comes back to from a page of the bank's; without it there are none."""
        # Typed as Any: the library's types name every parameter that Stripe knows; none of it is ours to check.
        self._stripe: Any = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else None,
            max_network_retries=0,  # the checkout and the sweeper repeat, and know until when
            http_client=stripe.RequestsClient(timeout=timeout_seconds),
        ).v1
        self._webhook_secret = webhook_secret
        self._return_url = return_url
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="stripe")

    @classmethod
    def of(cls, settings: Settings) -> StripeGateway:
        """The gateway that the settings describe."""
        return cls(
            settings.stripe_secret_key.get_secret_value(),
            settings.stripe_webhook_secret.get_secret_value(),
            api_base=settings.stripe_api_base,
            return_url=settings.payment_return_url,
            timeout_seconds=settings.payment_timeout_seconds,
        )

    def close(self) -> None:
        """Take no more requests; those under way end by their timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def new_customer(self, key: str) -> str:
        """Make a Customer; see Gateway. Nothing is told of the buyer: a Customer is what methods belong to."""
        try:
            made = await self._call(
                self._stripe.customers.create,
                params={"metadata": {"key": key}},
                options=_keyed(key, "customer"),
            )
        except stripe.InvalidRequestError as error:
            raise _away(error) from None
        return str(made["id"])

    async def open(self, charge: Charge) -> str:
        """Make the PaymentIntent; see Gateway."""
        try:
            amount = to_stripe(charge.amount)
        except ValueError:
            raise ChargeRefused(_OTHERWISE) from None
        params: dict[str, Any] = {
            "amount": amount,
            "currency": charge.amount.currency.lower(),
            "payment_method_types": [_METHODS[charge.method]],
            "metadata": {"order": charge.key, "amount": str(charge.amount)},
        }
        if charge.customer and charge.method == "CARD":  # UPI is approved anew each time
            # Attaches the method to the Customer once it has paid. Without a Customer, Stripe takes it only once.
            params |= {"customer": charge.customer, "setup_future_usage": "on_session"}
        try:
            intent = await self._call(
                self._stripe.payment_intents.create, params=params, options=_keyed(charge.key, "open")
            )
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            if error.code == MISSING and error.param == "customer":
                raise CustomerUnknown(_METHOD_REFUSED) from None
            raise ChargeRefused(_WHY.get(error.code or "", _OTHERWISE)) from None
        return str(intent["id"])

    async def charge(self, charge: Charge, gateway_id: str) -> Outcome:
        """Confirm the PaymentIntent; see Gateway. What the buyer would have to do, but cannot, is a refusal."""
        params = {"payment_method": charge.token}
        if self._return_url:
            params["return_url"] = self._return_url
        try:
            intent = await self._call(
                self._stripe.payment_intents.confirm,
                gateway_id,
                params=params,
                options=_keyed(charge.key, "confirm"),
            )
        except stripe.CardError as error:
            return Outcome(DECLINED, gateway_id, _sentence(error))
        except stripe.InvalidRequestError:
            found = await self.find(charge.key, gateway_id)
            return found or Outcome(DECLINED, gateway_id, _METHOD_REFUSED)
        outcome = stripe_objects.outcome(intent) or Outcome(DECLINED, gateway_id, NO_REASON)
        if intent["status"] == "requires_action" and not outcome.url:
            cancelled = await self.cancel(charge.key, gateway_id)
            return replace(cancelled, problem=NO_PAGE) if cancelled.status == DECLINED else cancelled
        return outcome

    async def find(self, key: str, gateway_id: str) -> Outcome | None:
        """See Gateway. Without an id nothing was confirmed, for it is remembered before that."""
        intent = await self._read(gateway_id) if gateway_id else None
        return stripe_objects.outcome(intent) if intent else None

    async def cancel(self, key: str, gateway_id: str) -> Outcome:
        """Cancel the PaymentIntent; see Gateway. One that the bank still works on cannot be: it stays PENDING."""
        if not gateway_id:
            return Outcome(DECLINED, "")
        intent: dict[str, Any] | None
        try:
            intent = await self._call(self._stripe.payment_intents.cancel, gateway_id)
        except stripe.InvalidRequestError:  # too late, or cancelled before
            intent = await self._read(gateway_id)
        if intent is None:
            return Outcome(DECLINED, gateway_id)
        return stripe_objects.outcome(intent) or Outcome(PENDING, gateway_id)

    async def refund(self, order: RefundOrder) -> RefundOutcome:
        """Pay back; see Gateway.

        Looks for an earlier refund with the key first: Stripe forgets its idempotency keys after a day, and
        repeats what it answered under one even when the refund has moved on.
        """
        try:
            amount = to_stripe(order.amount)
        except ValueError as error:
            return RefundOutcome(FAILED, "", f"{error}.")
        params = {
            "payment_intent": order.gateway_id,
            "amount": amount,
            "metadata": {"key": order.key, "order": order.charge_key},
        }
        try:
            refund = await self._earlier(order) or await self._call(
                self._stripe.refunds.create, params=params, options=_keyed(order.key, "refund")
            )
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            return RefundOutcome(FAILED, "", f"Stripe refused the refund: {error.code or 'invalid request'}.")
        return stripe_objects.refunded(refund)

    async def _earlier(self, order: RefundOrder) -> dict[str, Any] | None:
        """The refund that was made with an order's key; None when there is none. Raises as `_refunds_of`."""
        async for refund in self._refunds_of(order.gateway_id):
            if (refund.get("metadata") or {}).get("key") == order.key:
                return refund
        return None

    async def refunds(self, gateway_id: str, currency: str) -> Sequence[PaidBack]:
        """See Gateway. Of a PaymentIntent that Stripe does not know there are none."""
        try:
            listed = [refund async for refund in self._refunds_of(gateway_id)]
        except stripe.InvalidRequestError:
            return ()
        return [stripe_objects.paid_back(refund, currency) for refund in reversed(listed)]  # the oldest first

    async def _refunds_of(self, gateway_id: str) -> AsyncIterator[dict[str, Any]]:
        """The refunds of a PaymentIntent, the newest first.

        Raises InvalidRequestError when Stripe does not know it, so that nothing can be paid back.
        """
        wanted: dict[str, Any] = {"payment_intent": gateway_id, "limit": PAGE}
        while True:
            try:
                page = await self._call(self._stripe.refunds.list, params=dict(wanted))
            except stripe.InvalidRequestError as error:
                if error.code == MISSING:
                    raise
                raise _away(error) from None  # it may have been made: never a reason to make another
            for refund in page["data"]:
                yield refund
            if not page.get("has_more"):
                return
            wanted["starting_after"] = page["data"][-1]["id"]

    def read_report(self, body: bytes, headers: Mapping[str, str]) -> Report | None:
        """The report in a webhook that Stripe signed; see Gateway."""
        signature = headers.get(SIGNATURE)
        if signature is None:
            return None
        try:
            stripe.Webhook.construct_event(body, signature, self._webhook_secret, TOLERANCE_SECONDS)
            event: dict[str, Any] = json.loads(body)
            return stripe_objects.report(event)
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError):
            raise SignatureInvalid() from None

    async def _read(self, gateway_id: str) -> dict[str, Any] | None:
        """A PaymentIntent; None when Stripe knows none with this id, as after a change of the account."""
        try:
            return await self._call(self._stripe.payment_intents.retrieve, gateway_id)
        except stripe.InvalidRequestError as error:
            if error.code != MISSING:
                raise _away(error) from None
            log.error("stripe_payment_missing", gateway_id=gateway_id)
            return None

    async def _call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> dict[str, Any]:
        """Run a call of the library's on a thread. Raises GatewayAway unless Stripe judged this very request."""
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._threads, lambda: method(*arguments, **named))
            found: dict[str, Any] = answer.to_dict()
            return found
        except stripe.CardError:
            raise
        except stripe.InvalidRequestError as error:
            log.warning("stripe_refused", code=error.code, param=error.param, request_id=error.request_id)
            raise
        except stripe.StripeError as error:
            # Never the error's text: it may hold part of a key
            log.warning("stripe_failed", kind=type(error).__name__, status=error.http_status, code=error.code)
            raise _away(error) from None


def _keyed(key: str, step: str) -> dict[str, str]:
    return {"idempotency_key": f"{key}-{step}"}


def _away(error: stripe.StripeError) -> GatewayAway:
    """To be raised `from None`: a traceback would bring the error's text into the log."""
    return GatewayAway(f"Stripe: {type(error).__name__}")


def _sentence(error: stripe.StripeError) -> str:
    """What the buyer may read of a refusal."""
    return str(error.user_message or NO_REASON)[:300]
