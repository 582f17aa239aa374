"""The calls that the shop makes of Stripe: through its library, which blocks, so on threads of their own.

What Stripe answers is read here once. All calls raise GatewayAway unless Stripe judged this very request; then
they raise what the library does, InvalidRequestError or CardError.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, ParamSpec

import stripe
import structlog

from server.payment.gateway import Charge, GatewayAway, RefundOrder
from server.payment.stripe_objects import Json, PaymentIntent, StripeRefund

if TYPE_CHECKING:
    from stripe.params import PaymentIntentConfirmParams, PaymentIntentCreateParams, RefundListParams

THREADS: Final = 16
PAGE: Final = 100
MISSING: Final = "resource_missing"
_METHODS: Final = {"CARD": "card", "UPI": "upi"}

log = structlog.get_logger()

P = ParamSpec("P")


class StripeApi:
    """Calls Stripe, each time with an idempotency key where something is made."""

    def __init__(self, secret_key: str, *, api_base: str = "", timeout_seconds: float = 5.0) -> None:
        self._v1 = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else {},
            max_network_retries=0,  # the checkout and the sweeper repeat, and know until when
            http_client=stripe.RequestsClient(timeout=timeout_seconds),
        ).v1
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="stripe")

    def close(self) -> None:
        """Take no more requests; those under way end by their timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def new_customer(self, key: str) -> str:
        """Make a Customer, and return its id. Nothing is told of the buyer."""
        customer = await self._call(
            self._v1.customers.create,
            {"metadata": {"key": key}},
            {"idempotency_key": f"{key}-customer"},
        )
        return str(customer.get("id") or "")

    async def delete_customer(self, customer_id: str) -> None:
        """Delete a Customer; what was paid stays."""
        await self._call(self._v1.customers.delete, customer_id)

    async def open_payment(self, charge: Charge, amount: int) -> PaymentIntent:
        """Make the PaymentIntent of a charge, in Stripe's units."""
        params: PaymentIntentCreateParams = {
            "amount": amount,
            "currency": charge.amount.currency.lower(),
            "allowed_payment_method_types": [_METHODS[charge.method]],
            "metadata": {"order": charge.key, "amount": str(charge.amount)},
        }
        if charge.customer and charge.method == "CARD":  # UPI is approved anew each time
            # Attaches the method to the Customer once it has paid. Without a Customer, Stripe takes it only once.
            params["customer"] = charge.customer
            params["setup_future_usage"] = "on_session"
        intent = await self._call(
            self._v1.payment_intents.create, params, {"idempotency_key": f"{charge.key}-open"}
        )
        return PaymentIntent.of_json(intent)

    async def confirm(self, charge: Charge, intent_id: str, return_url: str) -> PaymentIntent:
        """Confirm a PaymentIntent; without a `return_url` the bank can ask the buyer nothing."""
        params: PaymentIntentConfirmParams = {"payment_method": charge.token}
        if return_url:
            params["return_url"] = return_url
        intent = await self._call(
            self._v1.payment_intents.confirm,
            intent_id,
            params,
            {"idempotency_key": f"{charge.key}-confirm"},
        )
        return PaymentIntent.of_json(intent)

    async def cancel(self, intent_id: str) -> PaymentIntent:
        """Cancel a PaymentIntent."""
        return PaymentIntent.of_json(await self._call(self._v1.payment_intents.cancel, intent_id))

    async def payment(self, intent_id: str) -> PaymentIntent | None:
        """A PaymentIntent; None when Stripe knows none with this id, as after a change of the account."""
        try:
            intent = await self._call(self._v1.payment_intents.retrieve, intent_id)
        except stripe.InvalidRequestError as error:
            if error.code != MISSING:
                raise away(error) from None
            log.error("stripe_payment_missing", gateway_id=intent_id)
            return None
        return PaymentIntent.of_json(intent)

    async def refund(self, order: RefundOrder, amount: int) -> StripeRefund:
        """Pay an amount back, in Stripe's units."""
        refund = await self._call(
            self._v1.refunds.create,
            {
                "payment_intent": order.gateway_id,
                "amount": amount,
                "metadata": {"key": order.key, "order": order.charge_key},
            },
            {"idempotency_key": f"{order.key}-refund"},
        )
        return StripeRefund.of_json(refund, order.amount.currency)

    async def refunds(self, intent_id: str, currency: str) -> AsyncIterator[StripeRefund]:
        """The refunds of a PaymentIntent in a currency, the newest first.

        Raises InvalidRequestError when Stripe does not know it, so that nothing can be paid back.
        """
        params: RefundListParams = {"payment_intent": intent_id, "limit": PAGE}
        while True:
            try:
                page = await self._call(self._v1.refunds.list, params.copy())
            except stripe.InvalidRequestError as error:
                if error.code == MISSING:
                    raise
                raise away(error) from None  # it may have been made: never a reason to make another
            refunds = [StripeRefund.of_json(refund, currency) for refund in _items(page)]
            for refund in refunds:
                yield refund
            if not page.get("has_more") or not refunds:
                return
            params["starting_after"] = refunds[-1].id

    async def _call(
        self, method: Callable[P, stripe.StripeObject], *args: P.args, **kwargs: P.kwargs
    ) -> Json:
        """Run a call of the library's on a thread, and return its answer."""
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._threads, lambda: method(*args, **kwargs))
            return answer.to_dict()
        except stripe.CardError:
            raise
        except stripe.InvalidRequestError as error:
            log.warning("stripe_refused", code=error.code, param=error.param, request_id=error.request_id)
            raise
        except stripe.StripeError as error:
            # Never the error's text: it may hold part of a key
            log.warning("stripe_failed", kind=type(error).__name__, status=error.http_status, code=error.code)
            raise away(error) from None


def away(error: stripe.StripeError) -> GatewayAway:
    """To be raised `from None`: a traceback would bring the error's text into the log."""
    return GatewayAway(f"Stripe: {type(error).__name__}")


def _items(page: Json) -> list[Json]:
    """The objects of a page."""
    data = page.get("data")
    return list(data) if isinstance(data, list) else []
