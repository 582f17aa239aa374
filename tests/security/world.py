"""A running shop with users of every role, and the RPCs by name."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.type.money_pb2 import Money
from sanset.v1 import access_pb2
from sanset.v1.access_pb2 import AccessRule
from sanset.v1.category_pb2 import Category, CreateCategoryRequest
from sanset.v1.location_pb2 import CreateLocationRequest, Location
from sanset.v1.product_pb2 import CreateProductRequest, Product
from sanset.v1.user_pb2 import DeleteAddressRequest, ListAddressesRequest
from sanset.v1.webhook_pb2 import CreateWebhookEndpointRequest, WebhookEndpoint
from sqlalchemy import insert, select, update
from support.running_shop import PASSWORD, Account, RunningShop

from server.audit.events import OF_PERMITTED
from server.audit.models import AuditEntry
from server.clock import utc_now
from server.contract import SERVICES
from server.db.base import Base
from server.payment.models import PaymentAlert
from server.recommend.feedback.row_log import FLUSH_SECONDS
from server.recommend.training.models import TrainingRun
from server.user.models import User as UserRow
from server.webhooks.models import WebhookDelivery

METHODS: dict[str, MethodDescriptor] = {m.name: m for service in SERVICES for m in service.methods}

NO_PERMISSION = AccessRule.PERMISSION_UNSPECIFIED
VENDOR_MAY = (AccessRule.MANAGE_PRODUCTS, AccessRule.MANAGE_INVENTORY)
"""The permissions that vendors have, for what is their own."""


_CHAINED = {"sequence", "chain_digest"}
"""Columns that a job fills in a moment later; security events of refusals are written a moment later too."""
_ENTRIES = [column for column in AuditEntry.__table__.columns if column.name not in _CHAINED]

EVERYTHING = {
    **{name: str(select(table)) for name, table in Base.metadata.tables.items() if name != "audit_chain"},
    "audit_entries": str(
        select(*_ENTRIES)
        .where(
            (AuditEntry.event == "")
            | (AuditEntry.action.in_(OF_PERMITTED) & AuditEntry.event.in_(OF_PERMITTED.values()))
        )
        .compile(compile_kwargs={"literal_binds": True})
    ),
}
"""What reads each table; of the audit log what was done, without its places in the chain, which come later."""


def rule(method: str) -> AccessRule:
    """Who may call a method."""
    return METHODS[method].GetOptions().Extensions[access_pb2.access]


def path(method: str) -> str:
    """Where a method is called."""
    return f"/{METHODS[method].containing_service.full_name}/{method}"


class World:
    """A running shop, its staff, and short ways to call any RPC as anybody."""

    def __init__(self, shop: RunningShop) -> None:
        self.shop = shop
        self.delivered: dict[int, list[int]] = {}
        """By the buyer, products that were delivered and are not reviewed yet."""
        # A training that never ends: none is started for real, and there is one to watch.
        now, later = utc_now(), datetime(2100, 1, 1, tzinfo=UTC)
        with shop.app.db.transaction() as tx:
            run = {"model_type": "ALL", "state": "RUNNING", "started_at": now, "heartbeat_at": later}
            self.training_id = tx.scalar(insert(TrainingRun).values(run).returning(TrainingRun.id)) or 0

    @cached_property
    def vendor(self) -> Account:
        """A vendor."""
        return self.new_vendor()

    @cached_property
    def buyer(self) -> Account:
        """A customer whose session no test ends."""
        return self.shop.customer()

    @cached_property
    def admin(self) -> Account:
        """An admin, whose session no test ends; with an address, so that they can shop too."""
        self.shop.add_address(self.shop.admin)
        return self.shop.admin

    def password_of(self, account: Account) -> str:
        """What an account signs in with."""
        return "admin-secret-1" if account.user_id == self.shop.admin.user_id else PASSWORD

    def new_vendor(self) -> Account:
        """A customer who was made a vendor."""
        account = self.shop.customer()
        with self.shop.app.db.transaction() as tx:
            tx.execute(update(UserRow).where(UserRow.id == account.user_id).values(role="VENDOR"))
        return self.shop.sign_in(account.email)

    def product_of(self, owner: Account) -> Product:
        """A product that a vendor or admin has created."""
        price = Money(currency_code="USD", units=10)
        product = Product(name=f"Mug {uuid.uuid4().hex[:8]}", price=price, stock=1000)
        return self.shop.catalog.CreateProduct(CreateProductRequest(product=product), metadata=owner.metadata)

    def category(self) -> Category:
        """A new category without products."""
        category = Category(name=f"Shelf {uuid.uuid4().hex[:8]}")
        request = CreateCategoryRequest(category=category)
        return self.shop.catalog.CreateCategory(request, metadata=self.shop.admin.metadata)

    def location(self) -> Location:
        """A new store without stock; a shop has few locations, so those before it go that hold none."""
        self.shop.sql(
            "DELETE FROM locations WHERE name LIKE 'Store %' "
            "AND id NOT IN (SELECT location_id FROM inventory_levels)"
        )
        return self._new_location("Store")

    def _new_location(self, kind: str) -> Location:
        location = Location(name=f"{kind} {uuid.uuid4().hex[:8]}", kind=Location.STORE)
        request = CreateLocationRequest(location=location)
        return self.shop.inventory.CreateLocation(request, metadata=self.shop.admin.metadata)

    @cached_property
    def store(self) -> Location:
        """A store that gets stock."""
        return self._new_location("Mall")

    def endpoint(self) -> WebhookEndpoint:
        """A new webhook endpoint, the only one."""
        self.forget_endpoints()
        endpoint = WebhookEndpoint(url="https://8.8.8.8/hook", event_types=["order.shipped"])
        request = CreateWebhookEndpointRequest(endpoint=endpoint)
        return self.shop.webhooks.CreateWebhookEndpoint(request, metadata=self.shop.admin.metadata)

    def unreachable_endpoint_id(self) -> int:
        """A new webhook endpoint to which no connection is made, as it is not public."""
        endpoint = self.endpoint()
        self.shop.sql(
            "UPDATE webhook_endpoints SET url = 'https://127.0.0.1/hook' WHERE id = :id", id=endpoint.id
        )
        return endpoint.id

    def forget_endpoints(self) -> None:
        """Delete every webhook endpoint."""
        self.shop.sql("DELETE FROM webhook_endpoints")

    def delivery_id(self) -> int:
        """A delivery to a webhook endpoint, which is switched off."""
        order, endpoint = self.shop.order(), self.endpoint()
        values = {
            "endpoint_id": endpoint.id, "event_id": 1, "event_type": "order.shipped", "order_id": order.id,
            "body": f'{{"type":"order.shipped","order_id":{order.id},"sequence":4}}', "status": "PENDING",
            "attempts": 0, "response_code": 0, "error": "", "created_at": utc_now(), "next_attempt_at": utc_now(),
            "retry_until": utc_now(),
        }  # fmt: skip
        with self.shop.app.db.transaction() as tx:
            inserted = insert(WebhookDelivery).values(values).returning(WebhookDelivery.id)
            return int(tx.execute(inserted).scalar_one())

    def alert_id(self) -> int:
        """An alert about a payment."""
        values = {
            "key": uuid.uuid4().hex, "kind": "UNKNOWN_ORDER", "gateway": "stripe", "gateway_id": "pi_1",
            "problem": "It is labelled with an order that this shop does not have.", "created_at": utc_now(),
        }  # fmt: skip
        with self.shop.app.db.transaction() as tx:
            inserted = insert(PaymentAlert).values(values).returning(PaymentAlert.id)
            return int(tx.execute(inserted).scalar_one())

    def filled_cart(self, account: Account) -> int:
        """The id of a line in the account's cart."""
        return self.shop.add(account, self.shop.product().id).items[-1].id

    def address_of(self, account: Account) -> int:
        """The id of a new address; a full address book is thinned out."""
        known = self.shop.users.ListAddresses(ListAddressesRequest(page_size=100), metadata=account.metadata)
        for address in known.items[10:]:
            request = DeleteAddressRequest(address_id=address.id)
            self.shop.users.DeleteAddress(request, metadata=account.metadata)
        return self.shop.add_address(account).id

    def call(
        self, method: str, request: Message | bytes, metadata: Any = (), *, timeout: float = 30
    ) -> Message:
        """The reply, or the first message of a stream; raises grpc.RpcError."""
        descriptor = METHODS[method]
        kinds = (
            self.shop.channel.unary_stream if descriptor.server_streaming else self.shop.channel.unary_unary
        )
        rpc = kinds(
            path(method),
            request_serializer=lambda r: r if isinstance(r, bytes) else r.SerializeToString(),
            response_deserializer=GetMessageClass(descriptor.output_type).FromString,
        )
        if not descriptor.server_streaming:
            return rpc(request, metadata=metadata, timeout=timeout)
        stream = rpc(request, metadata=metadata, timeout=timeout)
        try:
            return next(iter(stream))
        finally:
            stream.cancel()

    def code(self, method: str, request: Message | bytes, metadata: Any = ()) -> grpc.StatusCode:
        """How a call ends."""
        try:
            self.call(method, request, metadata)
        except grpc.RpcError as error:
            return error.code()  # type: ignore[no-any-return]
        return grpc.StatusCode.OK


def everything_at_rest(world: World) -> dict[str, list[str]]:
    """Every row of every table, once all is written that earlier calls left for the background."""
    rows = everything(world)
    for _ in range(30):
        time.sleep(FLUSH_SECONDS + 0.2)
        before, rows = rows, everything(world)
        if rows == before:
            return rows
    raise AssertionError("the shop is never at rest")


def everything(world: World) -> dict[str, list[str]]:
    """Every row of every table."""
    return rows_of(world, EVERYTHING)


def rows_of(world: World, statements: Mapping[str, str]) -> dict[str, list[str]]:
    """The rows of each table, as the driver gives them."""
    with world.shop.app.db.read() as connection:
        return {
            name: sorted(map(repr, connection.exec_driver_sql(statement).fetchall()))
            for name, statement in statements.items()
        }
