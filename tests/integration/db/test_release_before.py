"""What code of an earlier schema writes is taken by this one, wherever it says that such code may serve on it.

The statements of a release are recorded by its own code, on both databases:

    SANSET_RECORD_STATEMENTS=1 python -m pytest tests/integration/db/test_release_before.py -k record
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api.httpbody_pb2 import HttpBody
from release_statements import DIRECTORY, file_of, recorded, refused
from sanset.v1 import (
    auth_pb2,
    behavior_pb2,
    category_pb2,
    media_pb2,
    order_pb2,
    product_pb2,
    recovery_pb2,
    refund_service_pb2,
    search_admin_pb2,
    search_pb2,
)
from sqlalchemy import Engine, text
from support.pictures import another_png
from support.review_story import review
from support.running_shop import Account, RunningShop, test_settings

from server.db import migrate, schema_state
from server.db.engine import connect

REVISIONS = sorted({path.name.split(".")[0] for path in DIRECTORY.glob("*.sql")})


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database with the newest schema, of a shop that was there before: it seals nothing yet."""
    engine = connect(database_url, pool_size=1)
    with engine.begin() as tx:
        tx.execute(text("DELETE FROM shop_properties WHERE name = 'sealing_since'"))
        migrate.mark(tx)
    yield engine
    engine.dispose()


def _oldest(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT oldest_revision FROM schema_serves")))


def _kept(revision: str, engine: Engine) -> list[str]:
    return file_of(revision, engine.dialect.name).read_text().splitlines()


def test_code_that_may_serve_finds_what_it_writes_to(engine: Engine) -> None:
    oldest = _oldest(engine)
    serving = [script.revision for script in migrate._scripts() if script.revision >= oldest]
    missing = [revision for revision in serving if not file_of(revision, engine.dialect.name).exists()]
    assert not missing, f"record what code of {missing} writes: see above"
    wrong = refused(engine, {statement for revision in serving for statement in _kept(revision, engine)})
    for revision in serving:
        cannot = {statement: wrong[statement] for statement in _kept(revision, engine) if statement in wrong}
        assert cannot == {}, f"{revision} cannot serve: say EXPANDS = False"


def test_code_that_finds_less_than_it_writes_to_may_not_serve(engine: Engine) -> None:
    # Most statements are those of many revisions: each is tried once
    wrong = refused(engine, {statement for revision in REVISIONS for statement in _kept(revision, engine)})
    left = [revision for revision in REVISIONS if wrong.keys() & set(_kept(revision, engine))]
    assert "0010" in left, "whose table of tags is gone"
    assert all(revision < _oldest(engine) for revision in left)


@pytest.mark.skipif("SANSET_RECORD_STATEMENTS" not in os.environ, reason="only for a new schema")
def test_record_what_this_release_writes(database_url: str, tmp_path: Path) -> None:
    shop = RunningShop(test_settings(database_url, tmp_path))
    engine = shop.app.db.engine
    with recorded(engine) as statements:
        _trade(shop)
        shop.stop()
    revision = schema_state.current(database_url)
    assert revision is not None
    file_of(revision, engine.dialect.name).write_text("\n".join(sorted(statements)) + "\n")


def _trade(shop: RunningShop) -> None:
    """Do what writes to most tables."""
    buyer, fields = shop.customer(), {"category_id": _category(shop), "brand": "Acme", "tags": ["red"]}
    mug, cup = shop.product(**fields), shop.product(**fields)
    update = product_pb2.UpdateProductRequest(
        product=product_pb2.Product(id=cup.id, name="Cup"), update_mask={"paths": ["name"]}
    )
    shop.catalog.UpdateProduct(update, metadata=shop.admin.metadata)
    looked = behavior_pb2.BehaviorEvent(kind=behavior_pb2.BehaviorEvent.VIEW, product_id=mug.id)
    shop.recommend.TrackEvent(behavior_pb2.TrackEventRequest(events=[looked]), metadata=buyer.metadata)
    _search(shop, buyer)
    orders = []
    for _ in range(3):
        shop.add(buyer, mug.id, 2)
        shop.add(buyer, cup.id)
        orders.append(shop.checkout(buyer).order)
    _send_back(shop, buyer, orders[0])
    picture = media_pb2.UploadImageRequest(product_id=mug.id, file=HttpBody(data=another_png()))
    shop.media.UploadImage(iter([picture]), metadata=shop.admin.metadata)
    review(shop, mug.id, buyer)
    shop.refunds.CancelOrder(
        refund_service_pb2.CancelOrderRequest(order_id=orders[1].id), metadata=buyer.metadata
    )
    refund = refund_service_pb2.RefundOrderRequest(
        order_id=orders[2].id, all=True, request_id=str(uuid.uuid4())
    )
    shop.refunds.RefundOrder(refund, metadata=shop.admin.metadata)
    shop.auth.ForgotPassword(recovery_pb2.ForgotPasswordRequest(email=buyer.email))
    for job in (shop.app.rooms.mail.outbox, shop.app.rooms.webhooks.outbox):
        shop.run(job.run())
    shop.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=cup.id), metadata=shop.admin.metadata
    )
    shop.auth.Logout(auth_pb2.LogoutRequest(), metadata=buyer.metadata)


def _search(shop: RunningShop, buyer: Account) -> None:
    """Search, and have it searched with a synonym for a while."""
    shop.search.SearchProducts(search_pb2.SearchProductsRequest(q="mug"), metadata=buyer.metadata)
    synonym = search_admin_pb2.Synonym(terms=["mug", "cup"])
    created = shop.search.CreateSynonym(
        search_admin_pb2.CreateSynonymRequest(synonym=synonym), metadata=shop.admin.metadata
    )
    gone = search_admin_pb2.DeleteSynonymRequest(synonym_id=created.id)
    shop.search.DeleteSynonym(gone, metadata=shop.admin.metadata)


def _category(shop: RunningShop) -> int:
    request = category_pb2.CreateCategoryRequest(category=category_pb2.Category(name="Kitchen"))
    return int(shop.catalog.CreateCategory(request, metadata=shop.admin.metadata).id)


def _send_back(shop: RunningShop, buyer: Account, order: order_pb2.Order) -> None:
    """Have an order delivered, and one unit of it sent back."""
    for status in (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED, order_pb2.Order.DELIVERED):
        shop.move(order.id, status)
    item = order_pb2.LineQuantity(variant_id=order.items[0].variant_id, quantity=1)
    request = refund_service_pb2.RequestReturnRequest(order_id=order.id, items=[item], reason="Too small")
    asked = shop.refunds.RequestReturn(request, metadata=buyer.metadata)
    for method, made in (
        (shop.refunds.ApproveReturn, refund_service_pb2.ApproveReturnRequest(return_id=asked.id)),
        (shop.refunds.ReceiveReturn, refund_service_pb2.ReceiveReturnRequest(return_id=asked.id)),
    ):
        method(made, metadata=shop.admin.metadata)
