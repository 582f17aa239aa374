"""A whole worker in this process, on a socket of its own: what the tests of the public interface talk to."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from google.type.money_pb2 import Money
from grpc_status import rpc_status
from sanset.v1 import (
    analytics_pb2_grpc,
    audit_pb2_grpc,
    auth_pb2,
    auth_pb2_grpc,
    cart_pb2,
    cart_pb2_grpc,
    catalog_pb2_grpc,
    import_pb2_grpc,
    inventory_pb2_grpc,
    media_pb2_grpc,
    model_service_pb2_grpc,
    order_pb2,
    order_service_pb2,
    order_service_pb2_grpc,
    payment_pb2,
    payment_pb2_grpc,
    product_pb2,
    promotion_pb2_grpc,
    recommend_pb2_grpc,
    refund_service_pb2_grpc,
    role_pb2_grpc,
    search_service_pb2_grpc,
    segment_pb2_grpc,
    service_account_pb2_grpc,
    settings_pb2_grpc,
    user_admin_pb2_grpc,
    user_pb2,
    user_pb2_grpc,
    webhook_pb2_grpc,
)
from sqlalchemy import Connection, event, text

from server import app
from server.auth import sessions
from server.auth.refresh import RefreshPolicy
from server.auth.tokens import AccessTokens
from server.bootstrap.first_admin import create_admin, hashed
from server.catalog import listings
from server.clock import Clock, utc_now
from server.db import round_trip, waiting
from server.events.log import publish
from server.events.topics import CatalogReplaced
from server.rpc.call import headers_sent
from server.settings import Settings, load
from server.user import addresses
from server.user import service as users
from server.user.convert import address_values
from server.user.service import NewAccount

T = TypeVar("T")
M = TypeVar("M", bound=Message)
ADMIN = ("admin@shop.test", "admin-secret-1")
PASSWORD = "correct-horse-1"
ADDRESS = {"line1": "1 Main Street", "city": "Springfield", "country": "US"}


def test_settings(url: str, data_dir: Path, **overrides: object) -> Settings:
    """Settings for tests: fast hashes, no address limits, patience."""
    values: dict[str, object] = {
        "environment": "test",
        "database_url": url,
        "data_dir": data_dir,
        "secret_key": "0123456789abcdef" * 4,
        "bcrypt_cost": 4,
        "rate_limit": 0,
        "log_level": "error",
        "workers": 1,
        "train_daily_at": "off",
        "run_jobs": False,
        "max_wait_seconds": 15,  # the machine may be slow; a test of overload sets its own
        "max_queued_calls": 400,
        "payment_timeout_seconds": 2.0,  # tests wait it out; the gateway of the demo answers at once
    }
    return load(**(values | overrides))


test_settings.__test__ = False  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Account:
    """A signed-in user."""

    user_id: int
    email: str
    tokens: auth_pb2.Tokens

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What to send with a call made as this user."""
        return (("authorization", f"Bearer {self.tokens.access_token}"),)


def _new_customer(tx: Connection, settings: Settings, password_hash: str, now: datetime) -> Account:
    new = NewAccount("Ann Buyer", f"user-{uuid.uuid4().hex[:12]}@shop.test", phone="", username="")
    user_id = users.register(tx, new, password_hash, now).id
    grant = sessions.open_session(
        tx,
        user_id,
        verified_hash=password_hash,
        new_hash=None,
        origin=sessions.Origin("grpc-python", "127.0.0.1"),
        now=now,
        policy=RefreshPolicy.of(settings),
    )
    access = AccessTokens.of(settings).issue(user_id, grant.role, grant.session_id, now)
    tokens = auth_pb2.Tokens(access_token=access, refresh_token=grant.refresh_token, token_type="bearer")
    return Account(user_id, new.email, tokens)


class RunningShop:
    """A worker's server on a free port, and short ways to what most tests need."""

    def __init__(self, settings: Settings, *, clock: Clock = utc_now) -> None:
        """`clock` is the worker's own."""
        self.settings = settings
        self._clock = clock
        create_admin(settings, *ADMIN)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.app = self.run(self._start())
        self.channel = grpc.insecure_channel(self.target)
        self.auth = auth_pb2_grpc.AuthServiceStub(self.channel)
        self.users = user_pb2_grpc.UserServiceStub(self.channel)
        self.catalog = catalog_pb2_grpc.CatalogServiceStub(self.channel)
        self.inventory = inventory_pb2_grpc.InventoryServiceStub(self.channel)
        self.media = media_pb2_grpc.MediaServiceStub(self.channel)
        self.imports = import_pb2_grpc.ImportServiceStub(self.channel)
        self.cart = cart_pb2_grpc.CartServiceStub(self.channel)
        self.promotions = promotion_pb2_grpc.PromotionServiceStub(self.channel)
        self.orders = order_service_pb2_grpc.OrderServiceStub(self.channel)
        self.payments = payment_pb2_grpc.PaymentServiceStub(self.channel)
        self.refunds = refund_service_pb2_grpc.RefundServiceStub(self.channel)
        self.webhooks = webhook_pb2_grpc.WebhookServiceStub(self.channel)
        self.recommend = recommend_pb2_grpc.RecommendServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)
        self.search = search_service_pb2_grpc.SearchServiceStub(self.channel)
        self.analytics = analytics_pb2_grpc.AnalyticsServiceStub(self.channel)
        self.segments = segment_pb2_grpc.SegmentServiceStub(self.channel)
        self.roles = role_pb2_grpc.RoleServiceStub(self.channel)
        self.service_accounts = service_account_pb2_grpc.ServiceAccountServiceStub(self.channel)
        self.audit = audit_pb2_grpc.AuditServiceStub(self.channel)
        self.settings_service = settings_pb2_grpc.SettingsServiceStub(self.channel)
        self.user_admin = user_admin_pb2_grpc.UserAdminServiceStub(self.channel)
        self.admin = self.sign_in(*ADMIN)
        self._password_hash = hashed(settings, PASSWORD)

    async def _start(self) -> app.App:
        built = app.build(self.settings, clock=self._clock)
        self.port = built.server.listen("127.0.0.1:0")
        await built.start()
        return built

    @property
    def target(self) -> str:
        """The address to open a channel to."""
        return f"127.0.0.1:{self.port}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    def stop(self) -> None:
        """Drain the server and end its loop."""
        self.channel.close()
        self.run(self.app.drain())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=60)
        self._loop.close()

    def sign_in(self, email: str, password: str = PASSWORD) -> Account:
        """Sign in an account that exists."""
        tokens = self._tokens(email, password)
        me = self.users.GetMe(
            user_pb2.GetMeRequest(), metadata=(("authorization", f"Bearer {tokens.access_token}"),)
        )
        return Account(me.id, email, tokens)

    def _tokens(self, email: str, password: str) -> auth_pb2.Tokens:
        return self.auth.Login(auth_pb2.LoginRequest(email=email, password=password))

    def customer(self, *, address: bool = True) -> Account:
        """Open the account of a new customer who is signed in, with an address.

        By the rules and not by calls, which the tests of accounts make: most tests begin here.
        """
        now = self._clock()
        with self.app.db.transaction() as tx:
            account = _new_customer(tx, self.settings, self._password_hash, now)
            if address:
                addresses.create_address(
                    tx, account.user_id, address_values(user_pb2.Address(**ADDRESS)), now
                )
        return account

    def vendor(self) -> Account:
        """Register a new vendor, and sign in."""
        account = self.customer(address=False)
        self.sql("UPDATE users SET role = 'VENDOR' WHERE id = :id", id=account.user_id)
        return self.sign_in(account.email)

    def sql(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement behind the server's back, and return its rows, if it has any."""
        with self.app.db.transaction() as tx:
            result = tx.execute(text(statement), values)
            return list(result) if result.returns_rows else []

    def relist(self, product_ids: Collection[int]) -> None:
        """Bring the lists of products up to date after their rows were changed behind the server's back."""
        with self.app.db.transaction() as tx:
            listings.relist(tx, product_ids, utc_now())
            publish(tx, CatalogReplaced())

    def add_address(self, account: Account, **fields: Any) -> user_pb2.Address:
        """Give an account an address in the US."""
        request = user_pb2.CreateAddressRequest(address=user_pb2.Address(**(ADDRESS | fields)))
        return self.users.CreateAddress(request, metadata=account.metadata)

    def product(
        self, *, units: int = 10, nanos: int = 0, stock: int = 100, **fields: Any
    ) -> product_pb2.Product:
        """Create a product at a price in USD."""
        values = {"name": f"Mug {uuid.uuid4().hex[:8]}"} | fields
        price = Money(currency_code="USD", units=units, nanos=nanos)
        product = product_pb2.Product(price=price, stock=stock, **values)
        return self.catalog.CreateProduct(
            product_pb2.CreateProductRequest(product=product), metadata=self.admin.metadata
        )

    def add(self, account: Account, product_id: int, quantity: int = 1) -> cart_pb2.Cart:
        """Put units of a product into an account's cart."""
        request = cart_pb2.AddItemRequest(product_id=product_id, quantity=quantity)
        return self.cart.AddItem(request, metadata=account.metadata)

    def checkout(
        self, account: Account, *, request_id: str | None = None, timeout: float = 30, **fields: Any
    ) -> order_service_pb2.CheckoutResponse:
        """Check out an account's cart, by card unless said otherwise."""
        values = {"payment_method": payment_pb2.Payment.CARD} | fields
        request = order_service_pb2.CheckoutRequest(request_id=request_id or str(uuid.uuid4()), **values)
        return self.orders.Checkout(request, metadata=account.metadata, timeout=timeout)

    def order(self, account: Account | None = None, quantity: int = 1) -> order_pb2.Order:
        """Place an order of one new product."""
        buyer = account or self.customer()
        self.add(buyer, self.product().id, quantity)
        return self.checkout(buyer).order

    def placed_by(self, buyer: Account) -> list[order_pb2.Order]:
        """The latest orders of a buyer, whole, the newest first."""
        request = order_service_pb2.ListOrdersRequest(view=order_pb2.Order.FULL)
        return list(self.orders.ListOrders(request, metadata=buyer.metadata).items)

    def move(self, order_id: int, status: order_pb2.Order.Status.ValueType, **fields: Any) -> order_pb2.Order:
        """Move an order, as the admin."""
        request = order_service_pb2.UpdateOrderStatusRequest(order_id=order_id, status=status, **fields)
        return self.orders.UpdateOrderStatus(request, metadata=self.admin.metadata)

    @contextmanager
    def counted_queries(self) -> Iterator[list[str]]:
        """Collect the SQL statements that calls run meanwhile.

        Those that a worker runs on its own account, as it follows what changed or compares clocks, are none of
        them: a call's run in its context, on whatever thread.
        """
        statements: list[str] = []

        def record(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            if headers_sent.get() is not None and not statement.startswith(("PRAGMA", "BEGIN")):
                statements.append(statement)

        event.listen(self.app.db.engine, "before_cursor_execute", record)
        try:
            yield statements
        finally:
            event.remove(self.app.db.engine, "before_cursor_execute", record)


@contextmanager
def counted_round_trips() -> Iterator[list[list[str]]]:
    """Collect the first words of the prepared statements of each round trip to PostgreSQL that calls make."""
    trips: list[list[str]] = []

    def exchange(*arguments: Any, commit: bool = False) -> Any:
        if threading.current_thread().name.startswith("use-case"):
            words = [command.query.sql.split()[0].decode() for command in arguments[1]]
            trips.append(words + ["COMMIT"] * commit)
        return round_trip.exchange(*arguments, commit=commit)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "exchange", exchange)
        yield trips


@dataclass(frozen=True)
class Refused:
    """How a call was refused."""

    code: grpc.StatusCode
    message: str
    reason: str
    facts: dict[str, str]
    fields: list[str]
    retry_seconds: float | None
    details: Sequence[AnyMessage] = field(default=(), compare=False)

    def detail(self, message_type: type[M]) -> M:
        """The detail of a type, which must be there once."""
        (packed,) = (one for one in self.details if one.Is(message_type.DESCRIPTOR))
        message = message_type()
        packed.Unpack(message)
        return message


def refused(method: Callable[..., Any], request: Message, account: Account | None = None) -> Refused:
    """Call a method that must refuse the request, and say how it did."""
    with pytest.raises(grpc.RpcError) as caught:
        method(request, metadata=account.metadata if account else None, timeout=30)
    return refusal(caught.value)


def refusal(error: grpc.RpcError) -> Refused:
    """What a refused call says, its rich details unpacked."""
    status = rpc_status.from_call(error)
    assert status is not None, f"no rich status: {error}"
    info, bad, retry = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.BadRequest(),
        error_details_pb2.RetryInfo(),
    )
    seconds = None
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
        if detail.Unpack(retry):
            seconds = retry.retry_delay.ToTimedelta().total_seconds()
    assert info.domain == "sanset"
    return Refused(
        error.code(),  # type: ignore[attr-defined]
        error.details(),  # type: ignore[attr-defined]
        info.reason,
        dict(info.metadata),
        [violation.field for violation in bad.field_violations],
        seconds,
        tuple(status.details),
    )
