"""Stripe, through its library: a PaymentIntent for each order, made first and confirmed once its id is remembered.

In two steps, because a crash between them is harmless: what was made but not confirmed charges nothing, and what
was confirmed can be found by its id. Every request carries an idempotency key made of the order's number. The
library blocks, so its calls run on threads of their own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import stripe
import structlog

from server.order.errors import SignatureInvalid
from server.order.payments.gateway import (
    CAPTURED,
    DECLINED,
    FAILED,
    PENDING,
    SUCCEEDED,
    Charge,
    GatewayAway,
    Outcome,
    RefundOrder,
    RefundOutcome,
    Report,
)
from server.settings import Settings

SIGNATURE: Final = "stripe-signature"
TOLERANCE_SECONDS: Final = 300
THREADS: Final = 16

_METHODS: Final = {"CARD": "card", "UPI": "upi"}
_OF_INTENT: Final = {
    "succeeded": CAPTURED,
    "canceled": DECLINED,
    "requires_action": PENDING,
    "requires_capture": PENDING,
    "requires_confirmation": PENDING,
    "processing": PENDING,
}
_OF_REFUND: Final = {"succeeded": SUCCEEDED, "failed": FAILED, "canceled": FAILED}
_REPORTS: Final = {
    "payment_intent.succeeded": CAPTURED,
    "payment_intent.payment_failed": DECLINED,
    "payment_intent.canceled": DECLINED,
}

log = structlog.get_logger()


class StripeGateway:
    """Takes cards and UPI through Stripe."""

    name = "stripe"

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

    async def open(self, charge: Charge) -> str:
        """Make the PaymentIntent; see Gateway."""
        params = {
            "amount": charge.amount.minor,
            "currency": charge.amount.currency.lower(),
            "payment_method_types": [_METHODS[charge.method]],
            "metadata": {"order": charge.key},
        }
        intent = await self._call(
            self._stripe.payment_intents.create, params=params, options=_keyed(charge.key, "open")
        )
        return str(intent["id"])

    async def charge(self, charge: Charge, gateway_id: str) -> Outcome:
        """Confirm the PaymentIntent; see Gateway."""
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
        except stripe.InvalidRequestError as error:
            found = await self.find(charge.key, gateway_id)
            return found or Outcome(DECLINED, gateway_id, _sentence(error))
        return _outcome(intent) or Outcome(DECLINED, gateway_id, "The payment was declined.")

    async def find(self, key: str, gateway_id: str) -> Outcome | None:
        """See Gateway. Without an id nothing was confirmed, for it is remembered before that."""
        if not gateway_id:
            return None
        return _outcome(await self._call(self._stripe.payment_intents.retrieve, gateway_id))

    async def cancel(self, key: str, gateway_id: str) -> Outcome:
        """Cancel the PaymentIntent; see Gateway. One that the bank still works on cannot be: it stays PENDING."""
        if not gateway_id:
            return Outcome(DECLINED, "")
        try:
            intent = await self._call(self._stripe.payment_intents.cancel, gateway_id)
        except stripe.InvalidRequestError:  # too late, or cancelled before
            intent = await self._call(self._stripe.payment_intents.retrieve, gateway_id)
        return _outcome(intent) or Outcome(PENDING, gateway_id)

    async def refund(self, order: RefundOrder) -> RefundOutcome:
        """Pay back; see Gateway.

        Looks for an earlier refund with the key first: Stripe forgets its idempotency keys after a day, and
        repeats what it answered under one even when the refund has moved on.
        """
        wanted = {"payment_intent": order.gateway_id, "limit": 100}
        earlier = await self._call(self._stripe.refunds.list, params=wanted)
        for refund in earlier["data"]:
            if (refund.get("metadata") or {}).get("key") == order.key:
                return _refunded(refund)
        params = {
            "payment_intent": order.gateway_id,
            "amount": order.amount.minor,
            "metadata": {"key": order.key},
        }
        try:
            refund = await self._call(
                self._stripe.refunds.create, params=params, options=_keyed(order.key, "refund")
            )
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            return RefundOutcome(FAILED, "", _sentence(error))
        return _refunded(refund)

    def read_report(self, body: bytes, headers: Mapping[str, str]) -> Report | None:
        """The report in a webhook that Stripe signed; see Gateway."""
        signature = headers.get(SIGNATURE)
        if signature is None:
            return None
        try:
            stripe.Webhook.construct_event(body, signature, self._webhook_secret, TOLERANCE_SECONDS)
            event: dict[str, Any] = json.loads(body)
            status = _REPORTS.get(event["type"])
            if status is None:
                return Report(event["id"], "", None)
            intent = event["data"]["object"]
            key = (intent.get("metadata") or {}).get("order", "")
            problem = (intent.get("last_payment_error") or {}).get("message", "")
            return Report(event["id"], key, Outcome(status, intent["id"], str(problem or "")[:300]))
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError):
            raise SignatureInvalid() from None

    async def _call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> dict[str, Any]:
        """Run a call of the library's on a thread. Raises GatewayAway unless Stripe judged this very request."""
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._threads, lambda: method(*arguments, **named))
            found: dict[str, Any] = answer.to_dict()
            return found
        except (stripe.CardError, stripe.InvalidRequestError):
            raise
        except stripe.StripeError as error:
            # Never the error's text: it may hold part of a key
            log.warning("stripe_failed", kind=type(error).__name__, status=error.http_status, code=error.code)
            raise GatewayAway(f"Stripe: {type(error).__name__}") from error


def _keyed(key: str, step: str) -> dict[str, str]:
    return {"idempotency_key": f"{key}-{step}"}


def _outcome(intent: dict[str, Any]) -> Outcome | None:
    """What became of a PaymentIntent; None while nothing was tried with it."""
    error = intent.get("last_payment_error")
    problem = str((error and error.get("message")) or "")[:300]
    if intent["status"] == "requires_payment_method":
        return Outcome(DECLINED, intent["id"], problem or "The payment was declined.") if error else None
    status = _OF_INTENT.get(intent["status"], PENDING)
    return Outcome(status, intent["id"], "" if status == CAPTURED else problem, _next_page(intent))


def _next_page(intent: dict[str, Any]) -> str:
    action = intent.get("next_action") or {}
    page = action.get("redirect_to_url") if intent["status"] == "requires_action" else None
    return str(page["url"]) if page else ""


def _refunded(refund: dict[str, Any]) -> RefundOutcome:
    status = _OF_REFUND.get(refund["status"], PENDING)
    why = refund.get("failure_reason") or "failed"
    return RefundOutcome(status, refund["id"], f"The refund failed: {why}." if status == FAILED else "")


def _sentence(error: stripe.StripeError) -> str:
    """What the buyer may read of a refusal."""
    return str(error.user_message or "The payment was declined.")[:300]
