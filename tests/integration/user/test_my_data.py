"""ExportMyData: all that is stored of a user, nothing of anybody else, and no secret."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from sanset.v1 import auth_pb2, recovery_pb2, user_pb2
from sanset.v1.payment_method_pb2 import CreatePaymentMethodRequest, PaymentMethod
from sanset.v1.payment_pb2 import Payment
from sqlalchemy import select
from support.running_shop import PASSWORD, Account, RunningShop

from server.exports import my_data
from server.mail.models import Mail
from server.user.models import User

pytestmark = pytest.mark.either


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request: pytest.FixtureRequest) -> RunningShop:
    """A running worker, on each database in turn."""
    running_shop: RunningShop = request.getfixturevalue(f"{request.param}_shop")
    return running_shop


def exported(shop: RunningShop, account: Account) -> list[dict[str, Any]]:
    """The lines of an export."""
    pieces = list(shop.users.ExportMyData(user_pb2.ExportMyDataRequest(), metadata=account.metadata))
    assert pieces[0].content_type == "application/x-ndjson"
    return [json.loads(line) for line in b"".join(piece.data for piece in pieces).splitlines()]


def rows(lines: list[dict[str, Any]], table: str) -> list[dict[str, Any]]:
    """The rows of a table among them."""
    return [line["row"] for line in lines if line["table"] == table]


def with_everything(shop: RunningShop) -> tuple[Account, dict[str, str]]:
    """A user of whom much is known, and what that is."""
    mark = uuid.uuid4().hex[:10]
    facts = {
        "name": f"Ann {mark}",
        "phone": "+49 " + str(int(mark, 16))[:9],
        "diet": f"diet-{mark}",
        "token": f"tok_{mark}",
    }
    buyer = shop.customer()
    preferences = Struct()
    preferences.update({"diet": facts["diet"]})
    user = user_pb2.User(full_name=facts["name"], phone=facts["phone"], preferences=preferences)
    shop.users.UpdateMe(user_pb2.UpdateMeRequest(user=user), metadata=buyer.metadata)
    method = PaymentMethod(kind=Payment.CARD, token=facts["token"], brand="visa", last_four="4242")
    shop.users.CreatePaymentMethod(CreatePaymentMethodRequest(payment_method=method), metadata=buyer.metadata)
    shop.add(buyer, shop.product().id)
    shop.checkout(buyer)
    shop.auth.ForgotPassword(recovery_pb2.ForgotPasswordRequest(email=buyer.email))
    return buyer, facts


def test_all_that_is_stored_of_the_caller_is_exported_and_no_secret(shop: RunningShop) -> None:
    buyer, facts = with_everything(shop)
    lines = exported(shop, buyer)
    (me,) = rows(lines, "users")
    assert (me["email"], me["full_name"], me["phone"]) == (buyer.email, facts["name"], facts["phone"])
    assert me["preferences"] == {"diet": facts["diet"]}
    assert me["created_at"].endswith("Z")
    (address,) = rows(lines, "addresses")
    assert address["line1"] == "1 Main Street"
    (order,) = rows(lines, "orders")
    assert order["address"]["line1"] == "1 Main Street"
    assert [row["order_id"] for row in rows(lines, "order_lines")] == [order["id"]]
    assert {line["table"] for line in lines} >= {"sessions", "payment_methods", "payments", "email_proofs"}
    with shop.app.db.read() as connection:
        secret_hash = connection.scalar(select(User.password_hash).where(User.id == buyer.user_id))
    text = json.dumps(lines)
    for secret in (str(secret_hash), facts["token"], buyer.tokens.refresh_token, PASSWORD):
        assert secret not in text


def test_nothing_of_anybody_else_is_exported(shop: RunningShop) -> None:
    buyer, facts = with_everything(shop)
    other = shop.customer()
    lines = exported(shop, other)
    text = json.dumps(lines)
    assert buyer.email not in text
    assert facts["name"] not in text
    assert [row["id"] for row in rows(lines, "users")] == [other.user_id]


def test_a_long_export_comes_in_chunks_and_leaves_nothing_out(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer, _ = with_everything(shop)
    for _ in range(3):
        shop.add_address(buyer)
    whole = exported(shop, buyer)
    monkeypatch.setattr(my_data, "CHUNK_ROWS", 2)

    def counted(lines: list[dict[str, Any]]) -> Counter[str]:
        return Counter(json.dumps(line) for line in lines if line["table"] != "sessions")

    assert counted(exported(shop, buyer)) == counted(whole)
    assert len(rows(whole, "addresses")) == 4


def test_mails_are_told_of_without_what_they_say(shop: RunningShop) -> None:
    """A code that was mailed proves who reads the mailbox, and no more who has the session."""
    email = f"{uuid.uuid4().hex}@shop.test"
    request = auth_pb2.RegisterRequest(full_name="Ann", email=email, password=PASSWORD)
    shop.auth.Register(request)
    shop.run(shop.app.rooms.mail.outbox.run())
    mails = rows(exported(shop, shop.sign_in(email)), "mails")
    assert [(mail["kind"], mail["recipient"]) for mail in mails] == [("verify_email", email)]
    assert not {"plain", "html"} & mails[0].keys()
    with shop.app.db.read() as connection:
        assert connection.scalar(select(Mail.id).where(Mail.recipient == email)) is not None
