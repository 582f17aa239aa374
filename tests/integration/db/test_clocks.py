"""What expires in the database expires by its clock, on a worker whose own is eleven minutes off too."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import auth_pb2, cart_pb2, order_pb2, order_service_pb2, promotion_pb2, user_pb2
from support.running_shop import RunningShop, test_settings

from server.auth.tokens import AccessTokens
from server.clock import utc_now

OFF = (timedelta(minutes=11), timedelta(minutes=-11))


class Workers:
    """Two on one database: one that is right, and one whose clock is wrong."""

    def __init__(self, url: str, home: Path, off: timedelta) -> None:
        brisk = {"payment_timeout_seconds": 0.2}
        self.right = RunningShop(test_settings(url, home / "right", **brisk))
        self.wrong = RunningShop(test_settings(url, home / "wrong", **brisk), clock=lambda: utc_now() + off)


@pytest.fixture(params=OFF, ids=["ahead", "behind"])
def workers(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Workers]:
    pair = Workers(database_url, tmp_path, request.param)
    yield pair
    pair.wrong.stop()
    pair.right.stop()


def test_a_wrong_clock_ends_and_begins_nothing(workers: Workers) -> None:
    right, wrong = workers.right, workers.wrong
    buyer = right.customer()

    # a reservation
    right.add(buyer, right.product().id)
    with pytest.raises(grpc.RpcError):
        right.checkout(buyer, payment_token="tok_timeout")
    ((unpaid,),) = right.sql("SELECT id FROM orders WHERE user_id = :buyer", buyer=buyer.user_id)
    wrong.run(wrong.app.rooms.order.sweeper.sweep())
    request = order_service_pb2.GetOrderRequest(order_id=unpaid)
    still = wrong.orders.GetOrder(request, metadata=buyer.metadata)
    assert still.status == order_pb2.Order.PENDING_PAYMENT

    # a refresh token, used twice within its grace
    refresh = auth_pb2.RefreshRequest(refresh_token=buyer.tokens.refresh_token)
    first = right.auth.Refresh(refresh)
    again = wrong.auth.Refresh(refresh)
    assert again.refresh_token == first.refresh_token

    # an access token at either end of its life
    settings = right.settings
    session = _session(right, buyer.tokens.access_token)
    for age in (timedelta(minutes=0), timedelta(minutes=settings.access_token_expire_minutes - 5)):
        token = AccessTokens.of(settings).issue(buyer.user_id, "CUSTOMER", session, utc_now() - age)
        wrong.users.GetMe(user_pb2.GetMeRequest(), metadata=(("authorization", f"Bearer {token}"),))

    # a coupon that began and will end in five minutes
    coupon = promotion_pb2.Coupon(
        code=f"C{uuid.uuid4().hex[:8]}".upper(),
        discount_basis_points=1000,
        active=True,
        valid_from=_stamp(timedelta(minutes=-5)),
        valid_until=_stamp(timedelta(minutes=5)),
    )
    right.promotions.CreateCoupon(
        promotion_pb2.CreateCouponRequest(coupon=coupon), metadata=right.admin.metadata
    )
    wrong.add(buyer, right.product().id)
    applied = wrong.cart.ApplyCoupon(cart_pb2.ApplyCouponRequest(code=coupon.code), metadata=buyer.metadata)
    assert applied.ByteSize()

    # a job's lease, and the claim of a request id
    name = "pay back"
    job = wrong.app.jobs.jobs[name]
    right.run(right.app.jobs.look(right.app.jobs.jobs[name]))
    assert not wrong.run(wrong.app.jobs.look(job))

    # what the wrong one writes
    item = cart_pb2.GetCartRequest()
    assert wrong.cart.GetCart(item, metadata=buyer.metadata).ByteSize()
    order = wrong.order(buyer)
    assert abs(order.create_time.ToDatetime() - utc_now().replace(tzinfo=None)) < timedelta(minutes=1)


def _stamp(ahead: timedelta) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(utc_now() + ahead)
    return stamp


def _session(shop: RunningShop, token: str) -> str:
    return shop.app.rooms.auth.verifier.verify(token).session_id
