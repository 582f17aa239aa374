"""Whatever a client sends: the right refusal, nothing of the inside, and a shop that goes on."""

from __future__ import annotations

import random
import uuid
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from every_rpc import case_of, new_request, sample
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hostile import Spoiler, assert_is_refused_well, assert_tells_well, nested_struct, spoilers
from ids import named_ids
from sanset.v1 import (
    category_pb2,
    product_pb2,
    user_pb2,
)
from support.every import every
from support.running_shop import Account, refusal
from support.wire_bytes import (
    delimited,
)
from world import METHODS, World, path, rule

from server.contract import SERVICES, is_read
from server.errors import Refusal
from server.rpc.status import rich_status
from server.rpc.validation import Validation

INVALID = grpc.StatusCode.INVALID_ARGUMENT
ENDS_ITS_SESSION = {"Logout", "RevokeSession"}
LEAVES_ITS_TARGET = {
    "UpdateAddress", "UpdateCategory", "UpdateCoupon", "UpdateGiftCard", "ModerateReview", "UpdateImage",
    "UpdateLocation", "UpdateMe", "UpdateOrder", "UpdatePaymentMethod", "UpdateProduct", "UpdateReview",
    "UpdateSegment", "UpdateSynonym", "UpdateVariant",
    *(name for name, method in METHODS.items() if is_read(method)),
}  # fmt: skip
"""What may be sent again for the same thing once it was done."""


class Gate:
    """What judges a request before anything of the shop is asked: the same whatever the database."""

    def __init__(self) -> None:
        self._validation = Validation(SERVICES)
        self._refused: dict[str, set[str]] = {}

    def refuses(self, method: str, request: Message) -> bool:
        """Whether a request is refused here, and well."""
        judged = type(request)()
        judged.CopyFrom(request)
        try:
            self._validation.check_size(path(method), judged.ByteSize())
            self._validation.check(judged)
        except Refusal as refusal:
            assert_tells_well(rich_status(refusal, "r"))
            return True
        return False

    def spares(self, method: str, name: str, request: Message) -> bool:
        """Whether a request need not be sent: it is refused here. A few are sent, to be refused on the way."""
        if not self.refuses(method, request):
            return False
        refused = self._refused.setdefault(method, set())
        refused.add(name)
        return len(refused) % SENT_ALL_THE_SAME != 1

    def has_refused(self, method: str, name: str) -> bool:
        """Whether a request that was spoilt like this was refused before, for another database."""
        return name in self._refused.get(method, ())


GATE = Gate()
SENT_ALL_THE_SAME = 20


class Attacker:
    """Sends spoilt requests to one RPC, as somebody who may call it, and keeps a good one to spoil."""

    def __init__(self, world: World, method: str) -> None:
        self._world = world
        self._method = method
        self._start_again()

    def _start_again(self) -> None:
        world, method = self._world, self._method
        if rule(method).permission:
            self.account = world.admin
        elif method in ENDS_ITS_SESSION or not hasattr(self, "account"):
            self.account = world.shop.customer()
        self._good = new_request(world, method, self.account)

    def spoilt(self, *spoilers: Spoiler) -> Message:
        """A good request with values in it that no client should send."""
        request = type(self._good)()
        request.CopyFrom(self._good)
        for spoiler in spoilers:
            spoiler.spoil(request)
        return request

    def send(self, spoiler: Spoiler) -> None:
        """Spoil a good request and send it; what was done with the last one must not matter."""
        if GATE.has_refused(self._method, spoiler.name):
            return
        request = self.spoilt(spoiler)
        if GATE.spares(self._method, spoiler.name, request):
            return
        if self._code(request) == grpc.StatusCode.OK and self._method not in LEAVES_ITS_TARGET:
            self._start_again()

    def send_together(self, spoilers: Sequence[Spoiler]) -> None:
        """Spoil a good request in several ways, and send it: half of them at a time until it is served."""
        if len(spoilers) == 1:
            self.send(spoilers[0])
            return
        request = self.spoilt(*spoilers)
        served = case_of(self._method).code
        if GATE.refuses(self._method, request) or self._code(request) != served:
            middle = len(spoilers) // 2
            self.send_together(spoilers[:middle])
            self.send_together(spoilers[middle:])
        elif self._method not in LEAVES_ITS_TARGET:
            self._start_again()

    def _code(self, request: Message) -> grpc.StatusCode:
        """How a call ends, which is no fault of ours."""
        try:
            self._world.call(self._method, request, self.account.metadata)
        except grpc.RpcError as error:
            assert_is_refused_well(error)
            return error.code()  # type: ignore[no-any-return]
        return grpc.StatusCode.OK

    def can_still_be_served(self) -> bool:
        """Whether the good request is served as it should be: what was sent before it came to its target."""
        return self._code(self._good) == case_of(self._method).code


def _is_turn_of(world: World, name: str) -> bool:
    """Whether what is the same to every database is sent to the shop on this one, as its name decides."""
    dialects = ("sqlite", "postgresql")
    return dialects[zlib.crc32(name.encode()) % 2] == world.shop.app.db.engine.dialect.name


@pytest.mark.parametrize("method", METHODS)
def test_no_value_of_any_field_breaks_the_server(world: World, method: str) -> None:
    """Of the values in which databases do not differ, a field gets half on each."""
    attacker = Attacker(world, method)
    wrong = []
    for spoiler in spoilers(METHODS[method].input_type):
        is_elsewhere = not spoiler.needs_both and not _is_turn_of(world, f"{method} {spoiler.name}")
        if spoiler.is_ignored or is_elsewhere:
            continue
        try:
            attacker.send(spoiler)
        except AssertionError as error:
            wrong.append(f"{spoiler.name}: {error}"[:600])
    assert not wrong, f"{len(wrong)} of them:\n" + "\n".join(wrong[:20])
    assert method not in LEAVES_ITS_TARGET or attacker.can_still_be_served()


WITH_IGNORED = [
    name for name, method in METHODS.items() if any(each.is_ignored for each in spoilers(method.input_type))
]


@pytest.mark.either
@every("method", WITH_IGNORED)
def test_what_only_the_server_fills_is_ignored(world: World, method: str) -> None:
    """Whatever a client sends in it. A value of each field is sent at once, as none of them may matter."""
    attacker = Attacker(world, method)
    together: dict[int, list[Spoiler]] = {}
    values = Counter[str]()
    for spoiler in spoilers(METHODS[method].input_type):
        if not spoiler.is_ignored:
            continue
        if spoiler.field in named_ids(method) or GATE.refuses(method, attacker.spoilt(spoiler)):
            attacker.send(spoiler)  # alone: it names what is changed, or is refused
            continue
        values[spoiler.field] += 1
        together.setdefault(values[spoiler.field], []).append(spoiler)
    for spoilers_of_fields in together.values():
        attacker.send_together(spoilers_of_fields)


@pytest.mark.either
@every("method", METHODS.keys())
def test_bytes_that_are_no_message_are_refused(world: World, method: str) -> None:
    """What cannot be read is refused before the database is met: it is sent for a few only."""
    dice = random.Random(method)
    good = sample(world, method).SerializeToString()
    metadata = world.shop.customer().metadata if not rule(method).permission else world.admin.metadata
    sent = 0
    for _ in range(20):
        garbage = dice.randbytes(dice.randint(1, 60))
        cut = good[: dice.randint(0, len(good))] + garbage[:1]
        for data in (garbage, cut):
            malformed = not _parses(method, data)
            if (method in ENDS_ITS_SESSION and not malformed) or (malformed and sent >= 5):
                continue
            sent += malformed
            _is_refused_or_read(world, method, data, metadata)


def _is_refused_or_read(world: World, method: str, data: bytes, metadata: Any) -> None:
    malformed = not _parses(method, data)
    try:
        world.call(method, data, metadata)
    except grpc.RpcError as error:
        assert_is_refused_well(error)
        refused = refusal(error)
    else:
        refused = None
    if malformed:
        assert refused is not None
        assert (refused.code, refused.reason) == (INVALID, "MALFORMED_REQUEST")


def _parses(method: str, data: bytes) -> bool:
    try:
        GetMessageClass(METHODS[method].input_type).FromString(data)
    except Exception:
        return False
    return True


@pytest.mark.either
@every("method", METHODS.keys())
def test_text_that_is_not_utf8_is_refused(world: World, method: str) -> None:
    metadata = world.admin.metadata
    for field in METHODS[method].input_type.fields:
        if field.type == FieldDescriptor.TYPE_STRING:
            for text in (b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\x80"):
                data = delimited(field.number, text)
                with pytest.raises(grpc.RpcError) as caught:
                    world.call(method, data, metadata)
                assert (refusal(caught.value).code, refusal(caught.value).reason) == (
                    INVALID,
                    "MALFORMED_REQUEST",
                )


def _category_in_itself(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = delimited(6, data)
    return delimited(1, data)


@pytest.mark.either
def test_a_message_nested_without_end_is_refused(world: World) -> None:
    for depth in (90, 150, 10_000):
        with pytest.raises(grpc.RpcError) as caught:
            world.call("CreateCategory", _category_in_itself(depth), world.admin.metadata)
        assert_is_refused_well(caught.value)


@pytest.mark.parametrize("method", ["UpdateMe", "CreateProduct"])
def test_objects_nest_only_so_deep(world: World, method: str) -> None:
    request = new_request(world, method, world.admin)
    holder = request.user if method == "UpdateMe" else request.product
    name = "preferences" if method == "UpdateMe" else "attributes"
    getattr(holder, name).CopyFrom(nested_struct(16))
    world.call(method, request, world.admin.metadata)
    getattr(holder, name).CopyFrom(nested_struct(17))
    with pytest.raises(grpc.RpcError) as caught:
        world.call(method, request, world.admin.metadata)
    refused = refusal(caught.value)
    assert (refused.code, refused.reason) == (INVALID, "INVALID_FIELD")
    assert refused.fields == [f"{'user' if method == 'UpdateMe' else 'product'}.{name}"]


@pytest.mark.either
def test_every_wrong_field_is_named_at_once(world: World) -> None:
    product = product_pb2.Product(
        name="x" * 300, sku="a b", slug="Not a slug", brand="a\0b", stock=-1, tags=["", "a", "a"]
    )
    request = product_pb2.CreateProductRequest(product=product, request_id="no uuid")
    with pytest.raises(grpc.RpcError) as caught:
        world.call("CreateProduct", request, world.admin.metadata)
    refused = refusal(caught.value)
    assert (refused.code, refused.reason) == (INVALID, "INVALID_FIELD")
    assert set(refused.fields) == {
        "product.name", "product.sku", "product.slug", "product.brand", "product.stock", "product.tags",
        "product.tags[0]", "request_id", "product.price",
    }  # fmt: skip


# ── Sizes ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.either
def test_a_message_of_five_megabytes_is_refused(world: World) -> None:
    product = product_pb2.Product(description="x" * 5_000_000)
    request = product_pb2.CreateProductRequest(product=product)
    assert world.code("CreateProduct", request, world.admin.metadata) == grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.either
def test_a_small_message_that_unpacks_to_a_large_one_is_refused(world: World) -> None:
    call = world.shop.channel.unary_unary(path("Login"))
    with pytest.raises(grpc.RpcError) as caught:
        call(b"\0" * 20_000_000, compression=grpc.Compression.Gzip, timeout=30)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_header_of_64_kilobytes_is_refused(world: World) -> None:
    for name in ("x-anything", "x-request-id", "authorization", "user-agent-extra"):
        code = world.code("GetMe", user_pb2.GetMeRequest(), ((name, "x" * 65_536),))
        assert code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAUTHENTICATED)


def test_long_headers_below_the_limit_are_harmless(world: World) -> None:
    for name in ("x-request-id", "user-agent", "x-forwarded-for", "x-anything-bin"):
        value: Any = b"\xff" * 8000 if name.endswith("-bin") else "x" * 8000
        assert (
            world.code("ListCategories", category_pb2.ListCategoriesRequest(), ((name, value),))
            == grpc.StatusCode.OK
        )


@pytest.mark.parametrize("sent", ["x" * 129, "", "x" * 4000])
def test_a_request_id_that_is_none_is_replaced(world: World, sent: str) -> None:
    request = category_pb2.ListCategoriesRequest()
    _, call = world.shop.catalog.ListCategories.with_call(request, metadata=(("x-request-id", sent),))
    assert uuid.UUID(dict(call.trailing_metadata())["x-request-id"])


# ── Afterwards ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_shop_goes_on_after_all_that(world: World) -> None:
    for method in METHODS:
        account: Account = world.admin if rule(method).permission else world.shop.customer()
        request: Message = new_request(world, method, account)
        assert world.code(method, request, account.metadata) == case_of(method).code, method
    page = ""
    while True:  # everything that could be stored can be read
        request = product_pb2.ListProductsRequest(page_size=100, page_token=page)
        page = world.call("ListProducts", request).next_page_token
        if not page:
            break
