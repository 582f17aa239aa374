"""As much of Stripe's HTTP API as the shop speaks, on a local port, with Stripe's own way of answering.

It keeps PaymentIntents, customers, refunds and disputes, honours idempotency keys (the first answer is repeated,
the same key with other parameters is an error), declines and asks for action by the method, and can be told
to fail. It counts money as Stripe does, which is not everywhere as ISO 4217 does, and refuses what Stripe does:
amounts that are too small, too large or too fine, UPI in any currency but INR, refunds of what is disputed, and a
payment method that was used before without a customer. (Stripe's own `pm_card_…` stand for a new one each time.)
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "sk_test_double"
WEBHOOK_SECRET = "whsec_double"

DECLINED = "pm_card_visa_chargeDeclined"
POOR = "pm_card_visa_chargeDeclinedInsufficientFunds"
DECLINE_CODES = {DECLINED: "generic_decline", POOR: "insufficient_funds"}
ACTION = "pm_card_authenticationRequired"
UNKNOWN = "pm_card_unknown"
SLOW = "pm_card_slow"
"""Charged at once, and answered after `slow_seconds`."""

Answer = tuple[int, dict[str, Any]]

# docs.stripe.com/currencies: zero-decimal and three-decimal currencies and special cases; minimum amounts.
_ZERO = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "JPY",
    "KMF",
    "KRW",
    "MGA",
    "PYG",
    "RWF",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
_THREE = ["BHD", "JOD", "KWD", "OMR", "TND"]
_WHOLE_OF_TWO = ["ISK", "UGX"]
_LEAST = {"USD": 50, "EUR": 50, "GBP": 30, "JPY": 50, "INR": 50}
_MOST = 99_999_999


class StripeDouble:
    """The state of an account."""

    def __init__(self) -> None:
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.customers: dict[str, dict[str, Any]] = {}
        self.attached: dict[str, str] = {}
        """The customer whom a payment method belongs to."""
        self.used_up: set[str] = set()
        """Payment methods that were used without a customer: Stripe never takes them again."""
        self.calls: Counter[str] = Counter()
        self.failing: set[str] = set()
        """Steps that answer 500: "create", "confirm", "cancel", "retrieve", "refund", "customer"."""
        self.refusing: dict[str, str] = {}
        """Steps that answer 400, with the code that they do."""
        self.page_size = 100
        """The most refunds on a page of a list."""
        self.refund_status = "succeeded"
        self.short_by = 0
        """How much less than it was asked for it receives."""
        self.slow_seconds = 1.0
        self._answers: dict[str, tuple[dict[str, str], Answer]] = {}
        self._ids = itertools.count(1)
        self._lock = threading.RLock()
        self.url = ""

    def answer(self, method: str, path: str, form: dict[str, str], key: str | None) -> Answer:
        """Answer a request, or as before when its idempotency key was used."""
        with self._lock:
            if key is not None and key in self._answers:
                earlier, answer = self._answers[key]
                if earlier != form:
                    return _error(
                        400, "idempotency_error", "Keys for idempotent requests can only be used once."
                    )
                return answer
            step, act = self._route(method, path)
            self.calls[step] += 1
            if step in self.failing:
                return _error(500, "api_error", "Something went wrong.")
            if step in self.refusing:
                return _refusal("Stripe refuses this, and says pm_secret_thing.", self.refusing[step])
            answer = act(form)
            if key is not None and method == "POST":
                self._answers[key] = (form, answer)
        if form.get("payment_method") == SLOW:
            time.sleep(self.slow_seconds)
        return answer

    def _route(self, method: str, path: str) -> tuple[str, Callable[[dict[str, str]], Answer]]:
        match [method, *path.strip("/").split("/")]:
            case ["POST", "v1", "payment_intents"]:
                return "create", self._create
            case ["POST", "v1", "payment_intents", intent, "confirm"]:
                return "confirm", lambda form: self._confirm(intent, form)
            case ["POST", "v1", "payment_intents", intent, "cancel"]:
                return "cancel", lambda form: self._cancel(intent)
            case ["GET", "v1", "payment_intents", intent]:
                return "retrieve", lambda form: self._retrieve(intent)
            case ["POST", "v1", "customers"]:
                return "customer", self._new_customer
            case ["DELETE", "v1", "customers", customer]:
                return "delete_customer", lambda form: self._delete_customer(customer)
            case ["POST", "v1", "refunds"]:
                return "refund", self._refund
            case ["GET", "v1", "refunds"]:
                return "list", self._list_refunds
        return "unknown", lambda form: _error(
            404, "invalid_request_error", f"Unrecognized request URL {path}"
        )

    def _create(self, form: dict[str, str]) -> Answer:
        amount, currency = int(form["amount"]), form["currency"].upper()
        if "payment_method_types[0]" in form:
            return _refusal(
                "Received the parameter payment_method_types.", "payment_method_types_no_longer_supported"
            )
        if form["allowed_payment_method_types[0]"] == "upi" and currency != "INR":
            return _refusal("No valid payment method types for this Payment Intent.", "parameter_invalid")
        if amount < _LEAST.get(currency, 1):
            return _refusal("Amount must be no less than $0.50 usd.", "amount_too_small")
        if amount > _MOST:
            return _refusal("Amount must be no more than 999,999.99.", "amount_too_large")
        if (currency in _THREE and amount % 10) or (currency in _WHOLE_OF_TWO and amount % 100):
            return _refusal(f"Invalid amount in {currency}.", "parameter_invalid_integer")
        customer = form.get("customer")
        if customer is not None and customer not in self.customers:
            return _refusal(f"No such customer: '{customer}'", "resource_missing", "customer")
        intent_id = f"pi_{next(self._ids)}"
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "currency": form["currency"],
            "customer": customer,
            "setup_future_usage": form.get("setup_future_usage"),
            "payment_method": None,
            "status": "requires_payment_method",
            "metadata": _metadata(form),
            "last_payment_error": None,
            "next_action": None,
        }
        return 200, dict(self.intents[intent_id])

    def _confirm(self, intent_id: str, form: dict[str, str]) -> Answer:
        if intent_id not in self.intents:
            return _missing(intent_id)
        intent = self.intents[intent_id]
        if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
            return _unexpected_state(intent)
        method = form["payment_method"]
        objection = self._objection(method, intent["customer"])
        if objection:
            return _refusal(objection, None)
        if method == UNKNOWN:
            return _refusal(f"No such PaymentMethod: '{method}'", "resource_missing", "payment_method")
        intent["payment_method"] = method
        if intent["customer"] is None and not method.startswith("pm_card_"):
            self.used_up.add(method)
        if method in DECLINE_CODES:
            problem = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
            problem["decline_code"] = DECLINE_CODES[method]
            intent["last_payment_error"] = problem
            return 402, {"error": problem | {"payment_intent": dict(intent)}}
        if method == ACTION:
            intent["status"] = "requires_action"
            intent["next_action"] = _next_action(intent_id, form.get("return_url"))
            return 200, dict(intent)
        self.succeed(intent_id)
        return 200, dict(intent)

    def _objection(self, method: str, customer: str | None) -> str:
        """Why a payment method cannot pay for somebody."""
        if method in self.used_up:
            return (
                "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment. "
                "It may not be used again."
            )
        owner = self.attached.get(method)
        if owner is not None and owner != customer:
            return "The payment method you provided has already been attached to a customer."
        return ""

    def _retrieve(self, intent_id: str) -> Answer:
        return (200, dict(self.intents[intent_id])) if intent_id in self.intents else _missing(intent_id)

    def _new_customer(self, form: dict[str, str]) -> Answer:
        customer_id = f"cus_{next(self._ids)}"
        self.customers[customer_id] = {"id": customer_id, "object": "customer", "metadata": _metadata(form)}
        return 200, dict(self.customers[customer_id])

    def _delete_customer(self, customer_id: str) -> Answer:
        if self.customers.pop(customer_id, None) is None:
            message = f"No such customer: '{customer_id}'"
            return _error(404, "invalid_request_error", message, "resource_missing", "id")
        return 200, {"id": customer_id, "object": "customer", "deleted": True}

    def _cancel(self, intent_id: str) -> Answer:
        if intent_id not in self.intents:
            return _missing(intent_id)
        intent = self.intents[intent_id]
        if intent["status"] in ("succeeded", "canceled", "processing"):
            return _unexpected_state(intent)
        intent["status"] = "canceled"
        return 200, dict(intent)

    def _refund(self, form: dict[str, str]) -> Answer:
        if form["payment_intent"] not in self.intents:
            return _missing(form["payment_intent"])
        intent = self.intents[form["payment_intent"]]
        amount = int(form["amount"])
        if any(
            one["status"] in ("needs_response", "under_review", "lost") for one in self._disputes_of(intent)
        ):
            return _refusal("This charge has been charged back.", "charge_disputed")
        if self.refunded(intent["id"]) == intent["amount_received"]:
            return _refusal("The charge has already been refunded.", "charge_already_refunded")
        if amount + self.refunded(intent["id"]) > intent["amount_received"]:
            return _refusal("Refund amount is greater than unrefunded amount on charge", None)
        refund_id = f"re_{next(self._ids)}"
        self.refunds[refund_id] = {
            "id": refund_id,
            "object": "refund",
            "payment_intent": intent["id"],
            "charge": _charge_id(intent["id"]),
            "amount": amount,
            "currency": intent["currency"],
            "status": self.refund_status,
            "failure_reason": None,
            "metadata": _metadata(form),
        }
        return 200, dict(self.refunds[refund_id])

    def _list_refunds(self, form: dict[str, str]) -> Answer:
        """The newest first, as Stripe lists them, in pages."""
        if form["payment_intent"] not in self.intents:
            return _missing(form["payment_intent"])
        found = [one for one in self.refunds.values() if one["payment_intent"] == form["payment_intent"]][
            ::-1
        ]
        if "starting_after" in form:
            found = found[[one["id"] for one in found].index(form["starting_after"]) + 1 :]
        size = min(int(form.get("limit", 10)), self.page_size)
        more = len(found) > size
        return 200, {"object": "list", "data": found[:size], "has_more": more, "url": "/v1/refunds"}

    def succeed(self, intent_id: str) -> None:
        """The buyer or the bank did what was asked."""
        intent = self.intents[intent_id]
        intent |= {"status": "succeeded", "next_action": None}
        intent["amount_received"] = intent["amount"] - self.short_by
        kept = intent["customer"] and intent["setup_future_usage"]
        if kept and not intent["payment_method"].startswith("pm_card_"):
            self.attached[intent["payment_method"]] = intent["customer"]

    def fail(self, intent_id: str) -> None:
        """The buyer did not."""
        problem = {"code": "payment_intent_authentication_failure", "message": "Authentication failed."}
        self.intents[intent_id] |= {
            "status": "requires_payment_method",
            "last_payment_error": problem,
            "next_action": None,
        }

    def fail_refund(self, refund_id: str) -> None:
        """The buyer's bank sent a refund back, days later: Stripe has the money again."""
        self.refunds[refund_id] |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}

    def refund_by_hand(self, intent_id: str, amount: int, status: str = "succeeded") -> str:
        """Staff pay back in the dashboard, with no metadata of the shop's; the id of the refund."""
        code, refund = self._refund({"payment_intent": intent_id, "amount": str(amount)})
        assert code == 200, refund
        self.refunds[refund["id"]]["status"] = status
        return str(refund["id"])

    def dispute(self, intent_id: str, amount: int = 0, status: str = "needs_response") -> str:
        """The buyer's bank takes money back, all of it unless said otherwise; the id of the dispute."""
        intent = self.intents[intent_id]
        dispute_id = f"dp_{next(self._ids)}"
        self.disputes[dispute_id] = {
            "id": dispute_id,
            "object": "dispute",
            "payment_intent": intent_id,
            "charge": _charge_id(intent_id),
            "amount": amount or intent["amount_received"],
            "currency": intent["currency"],
            "reason": "product_not_received",
            "status": status,
            "evidence_details": {"due_by": 1893456000, "has_evidence": False},
            "metadata": {},
        }
        return dispute_id

    def decide(self, dispute_id: str, status: str) -> None:
        """The bank has decided: "won", "lost", or "warning_closed"."""
        self.disputes[dispute_id]["status"] = status

    def _disputes_of(self, intent: dict[str, Any]) -> list[dict[str, Any]]:
        return [one for one in self.disputes.values() if one["payment_intent"] == intent["id"]]

    def charge_of(self, intent_id: str) -> dict[str, Any]:
        """The charge of a PaymentIntent, as events show it: without its refunds."""
        intent = self.intents[intent_id]
        refunded = self.refunded(intent_id)
        return {
            "id": _charge_id(intent_id),
            "object": "charge",
            "payment_intent": intent_id,
            "amount": intent["amount"],
            "amount_captured": intent["amount_received"],
            "amount_refunded": refunded,
            "refunded": refunded == intent["amount_received"],
            "disputed": bool(self._disputes_of(intent)),
            "currency": intent["currency"],
            "metadata": dict(intent["metadata"]),
            "status": "succeeded",
        }

    def forget_keys(self) -> None:
        """Forget the idempotency keys, as Stripe does after a day."""
        self._answers.clear()

    def refunded(self, intent_id: str) -> int:
        """What was paid back of a PaymentIntent, and did not come back."""
        refunds = [one for one in self.refunds.values() if one["payment_intent"] == intent_id]
        return sum(one["amount"] for one in refunds if one["status"] not in ("failed", "canceled"))

    def refunds_of(self, intent_id: str) -> list[dict[str, Any]]:
        """The refunds of a PaymentIntent."""
        return [one for one in self.refunds.values() if one["payment_intent"] == intent_id]

    def of_order(self, number: str) -> dict[str, Any]:
        """The one PaymentIntent of an order."""
        [intent] = [one for one in self.intents.values() if one["metadata"]["order"] == number]
        return intent

    def webhook(
        self,
        kind: str,
        intent_id: str,
        *,
        event_id: str = "evt_1",
        age: float = 0,
        secret: str = WEBHOOK_SECRET,
    ) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a webhook about a PaymentIntent, its charge, a refund, or a dispute."""
        known = self.intents | self.refunds | self.disputes
        thing = known.get(intent_id, _strange(intent_id))
        if kind == "charge.refunded" and intent_id in self.intents:
            thing = self.charge_of(intent_id)
        return self.signed(kind, thing, event_id=event_id, age=age, secret=secret)

    def signed(
        self,
        kind: str,
        thing: dict[str, Any],
        *,
        event_id: str = "evt_1",
        age: float = 0,
        secret: str = WEBHOOK_SECRET,
    ) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a webhook about any object, as it is then."""
        event = {"id": event_id, "object": "event", "type": kind, "data": {"object": thing}}
        body = json.dumps(event).encode()
        moment = int(time.time() - age)
        signed = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return body, {"stripe-signature": f"t={moment},v1={signed}"}


def value(amount: int, currency: str) -> Decimal:
    """What Stripe means by an amount in a currency."""
    code = currency.upper()
    return Decimal(amount).scaleb(0 if code in _ZERO else -3 if code in _THREE else -2)


def _charge_id(intent_id: str) -> str:
    return intent_id.replace("pi_", "ch_")


def _metadata(form: dict[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("metadata[").removesuffix("]"): text
        for name, text in form.items()
        if name.startswith("metadata[")
    }


def _next_action(intent_id: str, return_url: str | None) -> dict[str, Any]:
    """What the buyer must do: on a page of the bank's when there is a way back, else in Stripe's script."""
    if return_url is None:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    page = {"url": f"https://bank.test/{intent_id}", "return_url": return_url}
    return {"type": "redirect_to_url", "redirect_to_url": page}


def _strange(intent_id: str) -> dict[str, Any]:
    """A PaymentIntent of somebody else's."""
    return {
        "id": intent_id,
        "object": "payment_intent",
        "status": "succeeded",
        "amount": 100,
        "amount_received": 100,
        "currency": "usd",
        "metadata": {},
    }


def _error(
    status: int, kind: str, message: str, code: str | None = None, parameter: str | None = None
) -> Answer:
    return status, {"error": {"type": kind, "message": message, "code": code, "param": parameter}}


def _refusal(message: str, code: str | None, parameter: str | None = None) -> Answer:
    return _error(400, "invalid_request_error", message, code, parameter)


def _missing(thing_id: str) -> Answer:
    return _error(
        404, "invalid_request_error", f"No such payment_intent: '{thing_id}'", "resource_missing", "intent"
    )


def _unexpected_state(intent: dict[str, Any]) -> Answer:
    text = f"You cannot do this to a PaymentIntent with the status {intent['status']}."
    return _error(400, "invalid_request_error", text, "payment_intent_unexpected_state")


@contextmanager
def serving() -> Iterator[StripeDouble]:
    """Serve an account's API until the block ends."""
    account = StripeDouble()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            parts = urlsplit(self.path)
            form = dict(parse_qsl(body or parts.query))
            if self.headers.get("authorization") != f"Bearer {KEY}":
                status, answer = _error(401, "invalid_request_error", "Invalid API Key provided")
            else:
                status, answer = account.answer(
                    self.command, parts.path, form, self.headers.get("idempotency-key")
                )
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    account.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield account
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
