"""As much of Stripe's HTTP API as the shop speaks, on a local port, with Stripe's own way of answering.

It keeps PaymentIntents and refunds, honours idempotency keys (the first answer is repeated, the same key with
other parameters is an error), declines and asks for action by the payment method, and can be told to fail.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "sk_test_double"
WEBHOOK_SECRET = "whsec_double"

DECLINED = "pm_card_visa_chargeDeclined"
ACTION = "pm_card_authenticationRequired"
UNKNOWN = "pm_card_unknown"
SLOW = "pm_slow"
"""Charged at once, and answered after `slow_seconds`."""

Answer = tuple[int, dict[str, Any]]


class StripeDouble:
    """The state of an account."""

    def __init__(self) -> None:
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.calls: Counter[str] = Counter()
        self.failing: set[str] = set()
        """Steps that answer 500: "create", "confirm", "cancel", "retrieve", "refund"."""
        self.refund_status = "succeeded"
        self.slow_seconds = 1.0
        self.problems: list[str] = []
        """What a real Stripe would have objected to."""
        self._answers: dict[str, tuple[dict[str, str], Answer]] = {}
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
                return "retrieve", lambda form: (200, self.intents[intent])
            case ["POST", "v1", "refunds"]:
                return "refund", self._refund
            case ["GET", "v1", "refunds"]:
                return "list", self._list_refunds
        return "unknown", lambda form: _error(
            404, "invalid_request_error", f"Unrecognized request URL {path}"
        )

    def _create(self, form: dict[str, str]) -> Answer:
        intent_id = f"pi_{len(self.intents) + 1}"
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "amount_received": 0,
            "currency": form["currency"],
            "status": "requires_payment_method",
            "metadata": {"order": form["metadata[order]"]},
            "last_payment_error": None,
            "next_action": None,
        }
        return 200, dict(self.intents[intent_id])

    def _confirm(self, intent_id: str, form: dict[str, str]) -> Answer:
        intent = self.intents[intent_id]
        if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
            return _unexpected_state(intent)
        method = form["payment_method"]
        if method == UNKNOWN:
            return _error(
                400, "invalid_request_error", f"No such PaymentMethod: '{method}'", "resource_missing"
            )
        if method == DECLINED:
            problem = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
            intent["last_payment_error"] = problem
            return 402, {"error": problem | {"payment_intent": dict(intent)}}
        if method == ACTION:
            intent["status"] = "requires_action"
            intent["next_action"] = {
                "type": "redirect_to_url",
                "redirect_to_url": {
                    "url": f"https://bank.test/{intent_id}",
                    "return_url": form.get("return_url"),
                },
            }
            return 200, dict(intent)
        self.succeed(intent_id)
        return 200, dict(intent)

    def _cancel(self, intent_id: str) -> Answer:
        intent = self.intents[intent_id]
        if intent["status"] in ("succeeded", "canceled", "processing"):
            return _unexpected_state(intent)
        intent["status"] = "canceled"
        return 200, dict(intent)

    def _refund(self, form: dict[str, str]) -> Answer:
        intent = self.intents[form["payment_intent"]]
        amount = int(form["amount"])
        if amount + self.refunded(intent["id"]) > intent["amount_received"]:
            return _error(
                400, "invalid_request_error", "Refund amount is greater than unrefunded amount on charge"
            )
        refund_id = f"re_{len(self.refunds) + 1}"
        self.refunds[refund_id] = {
            "id": refund_id,
            "object": "refund",
            "payment_intent": intent["id"],
            "amount": amount,
            "status": self.refund_status,
            "failure_reason": None,
            "metadata": {"key": form["metadata[key]"]},
        }
        return 200, dict(self.refunds[refund_id])

    def _list_refunds(self, form: dict[str, str]) -> Answer:
        found = [one for one in self.refunds.values() if one["payment_intent"] == form["payment_intent"]]
        return 200, {"object": "list", "data": found, "has_more": False, "url": "/v1/refunds"}

    def succeed(self, intent_id: str) -> None:
        """The buyer or the bank did what was asked."""
        intent = self.intents[intent_id]
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "next_action": None}

    def fail(self, intent_id: str) -> None:
        """The buyer did not."""
        problem = {"code": "payment_intent_authentication_failure", "message": "Authentication failed."}
        self.intents[intent_id] |= {
            "status": "requires_payment_method",
            "last_payment_error": problem,
            "next_action": None,
        }

    def refunded(self, intent_id: str) -> int:
        """What was paid back of a PaymentIntent."""
        return sum(one["amount"] for one in self.refunds.values() if one["payment_intent"] == intent_id)

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
        """The body and the headers of a webhook about a PaymentIntent."""
        event = {
            "id": event_id,
            "object": "event",
            "type": kind,
            "data": {"object": self.intents.get(intent_id, {"id": intent_id, "object": "payment_intent"})},
        }
        body = json.dumps(event).encode()
        moment = int(time.time() - age)
        signed = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return body, {"stripe-signature": f"t={moment},v1={signed}"}


def _error(status: int, kind: str, message: str, code: str | None = None) -> Answer:
    return status, {"error": {"type": kind, "message": message, "code": code}}


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

        do_GET = do_POST = _serve  # noqa: N815 - the names that http.server calls

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
