"""DeleteMyAccount: nothing personal is left in any table, the books stay, and the address is free."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from google.type.money_pb2 import Money
from sanset.v1 import auth_pb2, behavior_pb2, order_pb2, recovery_pb2, search_pb2, user_pb2, wishlist_pb2
from sanset.v1 import refund_service_pb2 as refund_pb
from sanset.v1.payment_method_pb2 import CreatePaymentMethodRequest, PaymentMethod
from sanset.v1.payment_pb2 import Payment
from sqlalchemy import select
from support.erasure_story import delete, erase, is_erased, leaks
from support.module_shop import module_shop
from support.refund_story import ask_return, delivered, receive, refund
from support.review_story import review
from support.running_shop import PASSWORD, Account, RunningShop

from server.db.schema import metadata as schema
from server.verify import verify

__all__ = ["module_shop"]

COPIES = 96


def books(shop: RunningShop) -> list[tuple[object, ...]]:
    """The sums of all ledgers."""
    sums = (
        "SELECT count(*), sum(total_minor), sum(tax_minor), sum(discount_minor) FROM orders",
        "SELECT count(*), sum(quantity), sum(total_minor), sum(refunded_minor) FROM order_lines",
        "SELECT count(*), sum(captured_minor), sum(refunded_minor) FROM payments",
        "SELECT count(*), sum(amount_minor), sum(tax_minor) FROM refunds",
        "SELECT count(*), sum(amount_minor), sum(refunded_minor) FROM gateway_charges",
        "SELECT count(*), sum(points) FROM points_entries",
        "SELECT sum(points), sum(owed), sum(lifetime) FROM loyalty_accounts",
        "SELECT sum(received), sum(available), sum(sold) FROM inventory_levels",
        "SELECT count(*), sum(used) FROM coupon_users",
    )
    return [tuple(map(str, shop.sql(statement)[0])) for statement in sums]


@dataclass
class Person:
    """Somebody of whom the shop knows much: what that is, and where it goes on."""

    account: Account
    facts: dict[str, str]
    open_order: int
    product: int
    sealed: set[str] = field(default_factory=lambda: {"phone", "street", "city", "token"})


def new_person(shop: RunningShop) -> Person:
    """A person with a hundred orders, and everything else that the shop may know."""
    mark = uuid.uuid4().hex[:10]
    names = "name diet street city order_note carrier parcel staff wrong answer refunded title review query"
    facts = {name: f"{name}-{mark}" for name in f"{names} event device visitor".split()}
    facts |= {"phone": "+49 " + str(int(mark, 16))[:9], "token": f"tok_{mark}"}
    account = _account(shop, facts)
    facts["email"] = account.email
    product = shop.product(name=f"Mug {uuid.uuid4().hex[:6]}")
    _behave(shop, account, facts, product.id)
    _order_and_return(shop, account, facts, product.id)
    open_order = _order(shop, account, product.id, facts)
    _copy_declined(shop, account, product.id)
    _leave_things(shop, account, facts, product.id)
    shop.run(shop.app.rooms.mail.outbox.run())
    return Person(account, facts, open_order.id, product.id)


def _account(shop: RunningShop, facts: dict[str, str]) -> Account:
    email = f"{uuid.uuid4().hex[:12]}@shop.test"
    shop.auth.Register(auth_pb2.RegisterRequest(full_name=facts["name"], email=email, password=PASSWORD))
    with grpc.insecure_channel(
        shop.target, options=[("grpc.primary_user_agent", facts["device"])]
    ) as channel:
        login = channel.unary_unary(
            "/sanset.v1.AuthService/Login",
            request_serializer=auth_pb2.LoginRequest.SerializeToString,
            response_deserializer=auth_pb2.Tokens.FromString,
        )
        tokens = login(auth_pb2.LoginRequest(email=email, password=PASSWORD))
    me = shop.users.GetMe(
        user_pb2.GetMeRequest(), metadata=(("authorization", f"Bearer {tokens.access_token}"),)
    )
    account = Account(me.id, email, tokens)
    preferences = Struct()
    preferences.update({"diet": facts["diet"]})
    user = user_pb2.User(full_name=facts["name"], phone=facts["phone"], preferences=preferences)
    shop.users.UpdateMe(user_pb2.UpdateMeRequest(user=user), metadata=account.metadata)
    shop.add_address(account, line1=facts["street"], city=facts["city"])
    method = PaymentMethod(kind=Payment.CARD, token=facts["token"], brand="visa", last_four="4242")
    shop.users.CreatePaymentMethod(
        CreatePaymentMethodRequest(payment_method=method, request_id=str(uuid.uuid4())),
        metadata=account.metadata,
    )
    return account


def _behave(shop: RunningShop, account: Account, facts: dict[str, str], product_id: int) -> None:
    noted = Struct()
    noted.update({"note": facts["event"]})
    view = behavior_pb2.BehaviorEvent(
        kind=behavior_pb2.BehaviorEvent.VIEW, product_id=product_id, metadata=noted
    )
    looked_for = behavior_pb2.BehaviorEvent(kind=behavior_pb2.BehaviorEvent.SEARCH, query=facts["query"])
    as_visitor = behavior_pb2.TrackEventRequest(events=[view], visitor_id=facts["visitor"])
    shop.recommend.TrackEvent(as_visitor)
    as_user = behavior_pb2.TrackEventRequest(events=[view, looked_for], visitor_id=facts["visitor"])
    shop.recommend.TrackEvent(as_user, metadata=account.metadata)
    shop.search.SearchProducts(search_pb2.SearchProductsRequest(q=facts["query"]), metadata=account.metadata)


def _order(shop: RunningShop, account: Account, product_id: int, facts: dict[str, str]) -> order_pb2.Order:
    noted = Struct()
    noted.update({"note": facts["order_note"]})
    shop.add(account, product_id)
    return shop.checkout(account, metadata=noted).order


def _order_and_return(shop: RunningShop, account: Account, facts: dict[str, str], product_id: int) -> None:
    order = _order(shop, account, product_id, facts)
    shop.move(order.id, order_pb2.Order.PROCESSING)
    parcel = order_pb2.Shipment(carrier="DHL", tracking_number=facts["parcel"][:32])
    shop.move(
        order.id,
        order_pb2.Order.SHIPPED,
        shipment=parcel,
        message=f"Left with {facts['staff']}",
        location=facts["carrier"],
    )
    shop.move(order.id, order_pb2.Order.DELIVERED)
    review(shop, product_id, account, title=facts["title"], text=facts["review"])
    returned = ask_return(shop, account, order.id, reason=facts["wrong"])
    comment = refund_pb.ApproveReturnRequest(return_id=returned.id, comment=facts["answer"])
    shop.refunds.ApproveReturn(comment, metadata=shop.admin.metadata)
    receive(shop, returned.id)
    other = delivered(shop, _order(shop, account, product_id, facts))
    refund(shop, other.id, amount=Money(currency_code="USD", units=1), reason=facts["refunded"])
    shop.run(shop.app.jobs.run("pay back"))


def _copy_declined(shop: RunningShop, account: Account, product_id: int) -> None:
    """Give a user as many orders as it takes to have a hundred, of which each is like one that was declined."""
    shop.add(account, product_id)
    with pytest.raises(grpc.RpcError):
        shop.checkout(account, payment_token="tok_decline")
    order_id = shop.sql("SELECT max(id) FROM orders WHERE user_id = :id", id=account.user_id)[0][0]
    for table, key in (("orders", "id"), ("order_lines", "order_id"), ("order_events", "order_id")):
        columns = [column.name for column in schema.tables[table].c]
        for copy in range(1, COPIES + 1):
            values = {
                key: f"{key} + {copy * 1_000_000}",
                "number": f"number || '-{copy}'",
                "request_id": "NULL",
            }
            chosen = ", ".join(values.get(name, name) for name in columns)
            shop.sql(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} WHERE {key} = :id",
                id=order_id,
            )


def _leave_things(shop: RunningShop, account: Account, facts: dict[str, str], product_id: int) -> None:
    shop.cart.AddToWishlist(
        wishlist_pb2.AddToWishlistRequest(product_id=product_id), metadata=account.metadata
    )
    shop.add(account, product_id)
    shop.auth.ForgotPassword(recovery_pb2.ForgotPasswordRequest(email=account.email))
    shop.run(shop.app.rooms.recommend.impressions.flush())
    shop.run(shop.app.rooms.search.log.flush())


def test_nothing_personal_is_left_of_who_is_deleted_and_the_books_stay(shop: RunningShop) -> None:
    person = new_person(shop)
    account, facts = person.account, person.facts
    orders = shop.sql("SELECT count(*) FROM orders WHERE user_id = :id", id=account.user_id)[0][0]
    assert orders == 100
    assert leaks(shop, facts).keys() == facts.keys() - person.sealed, "what is not sealed is seen before"
    before, broken = books(shop), verify(shop.app.db.engine)
    delete(shop, account)
    erase(shop)
    assert not is_erased(shop, account), "an order is on its way"
    for status in (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED):
        shop.move(person.open_order, status)
    shop.move(person.open_order, order_pb2.Order.DELIVERED, location=facts["carrier"])
    shop.product()  # the newest event of all keeps its number until there is another
    delivered_books = books(shop)
    erase(shop, timedelta(hours=2))
    assert is_erased(shop, account)
    assert leaks(shop, facts) == {}
    for table in ("addresses", "payment_methods", "wishlist_items", "reviews", "behavior_events", "carts"):
        assert shop.sql(f"SELECT * FROM {table} WHERE user_id = :id", id=account.user_id) == []
    with shop.app.db.read() as connection:
        order = schema.tables["orders"]
        stored = connection.execute(
            select(order.c.address, order.c.total_minor).where(order.c.user_id == account.user_id)
        ).all()
    assert len(stored) == 100
    assert {json.dumps(row.address) for row in stored} == {'{"country": "US"}'}
    assert all(row.total_minor > 0 for row in stored)
    assert books(shop) == delivered_books
    assert [one[:2] for one in before[:1]] == [one[:2] for one in delivered_books[:1]]
    assert verify(shop.app.db.engine, opens_sealed=True) == broken == []
