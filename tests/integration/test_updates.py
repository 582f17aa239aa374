"""Updates of every resource: what was read can be written back, everything can be replaced, an etag guards it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sanset.v1 import (
    cart_pb2,
    category_pb2,
    gift_card_pb2,
    location_pb2,
    media_pb2,
    order_pb2,
    order_service_pb2,
    payment_method_pb2,
    payment_pb2,
    product_pb2,
    promotion_pb2,
    review_pb2,
    role_pb2,
    search_admin_pb2,
    segment_pb2,
    service_account_pb2,
    user_pb2,
    variant_pb2,
    webhook_pb2,
)
from sanset.v1.access_pb2 import AccessRule
from support.payment_shop import gift_card
from support.pictures import another_png
from support.review_story import buyer_of, review, reviews
from support.running_shop import Account, Refused, RunningShop, refusal

from server.contract import METHODS, is_writable, native_path, resource_of_update

pytestmark = pytest.mark.either

INVALID = grpc.StatusCode.INVALID_ARGUMENT
UPDATES = {method.name: method for method in METHODS if resource_of_update(method.input_type) is not None}
STAYS = {"sku", "slug", "active", "is_default", "kind", "language"}
"""The fields whose values the server gives: replacing everything leaves them where they are not sent."""


@dataclass(frozen=True)
class Room:
    """One resource and the call that updates it."""

    shop: RunningShop
    owner: Account
    update: MethodDescriptor
    resource: Message
    """As it was created, every field filled."""
    read: Callable[[], Message]
    required: frozenset[str]
    """The fields without which it cannot be."""
    change: dict[str, Any]
    """A field with another value."""

    @property
    def name(self) -> str:
        """The field of the request that holds the resource."""
        resource = resource_of_update(self.update.input_type)
        assert resource is not None
        return resource.name

    def write(self, resource: Message, *paths: str, if_match: str | None = None) -> Any:
        """Send an update."""
        request = self.update.input_type._concrete_class(
            **{self.name: resource, "update_mask": FieldMask(paths=paths) if paths else None}
        )
        metadata = self.owner.metadata + ((("if-match", if_match),) if if_match is not None else ())
        return _call(self.shop, self.update)(request, metadata=metadata, timeout=30)

    def refused(self, resource: Message, *paths: str, if_match: str | None = None) -> Refused:
        """Send an update that must be refused."""
        with pytest.raises(grpc.RpcError) as caught:
            self.write(resource, *paths, if_match=if_match)
        return refusal(caught.value)

    def empty(self, **fields: Any) -> Message:
        """The resource with nothing but its id and these fields."""
        cls = type(self.resource)
        own = {"id": self.resource.id} if self.update.name != "UpdateMe" else {}  # type: ignore[attr-defined]
        return cls(**own | fields)

    def writable(self) -> Iterator[FieldDescriptor]:
        """The fields that an update may change."""
        return filter(is_writable, self.resource.DESCRIPTOR.fields)


def _call(shop: RunningShop, method: MethodDescriptor) -> Any:
    return shop.channel.unary_unary(
        native_path(method),
        request_serializer=method.input_type._concrete_class.SerializeToString,
        response_deserializer=method.output_type._concrete_class.FromString,
    )


def _account(shop: RunningShop) -> Room:
    owner = shop.customer()

    def read() -> user_pb2.User:
        return shop.users.GetMe(user_pb2.GetMeRequest(), metadata=owner.metadata)

    new = user_pb2.User(full_name="Ann Buyer", phone="+49 30 1")
    new.preferences.update({"diet": "vegan", "boxes": [1, {"b": None, "a": 2}]})
    new.metadata.update({"crm": "7"})
    request = user_pb2.UpdateMeRequest(user=new)
    return Room(
        shop,
        owner,
        UPDATES["UpdateMe"],
        shop.users.UpdateMe(request, metadata=owner.metadata),
        read,
        frozenset({"full_name"}),
        {"phone": "030 2"},
    )


def _address(shop: RunningShop) -> Room:
    owner = shop.customer()
    address = shop.add_address(
        owner,
        label="Home",
        line2="Flat 2",
        state="IL",
        postal_code="62701",
        lat=0.0,
        lng=-89.5,
        is_default=True,
        metadata={"parcel_shop": 7},
    )

    def read() -> user_pb2.Address:
        listed = shop.users.ListAddresses(user_pb2.ListAddressesRequest(), metadata=owner.metadata).items
        return next(each for each in listed if each.id == address.id)

    required = frozenset({"line1", "city", "country"})
    return Room(shop, owner, UPDATES["UpdateAddress"], address, read, required, {"line2": "Flat 3"})


def _product(shop: RunningShop) -> Room:
    product = shop.product(
        category_id=_category(shop).resource.id,  # type: ignore[attr-defined]
        description="Two\nlines",
        brand="Acme",
        tags=["b", "a"],
        compare_at_price=Money(units=20),
        seo_title="Title",
        seo_description="Description",
        max_quantity=5,
        max_quantity_days=30,
        attributes={"material": "oak", "sizes": [1, 2.5]},
        discount=product_pb2.Discount(amount=Money(units=1)),
        metadata={"erp": {"id": "7"}},
    )

    def read() -> product_pb2.Product:
        return shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product.id))

    return Room(
        shop,
        shop.admin,
        UPDATES["UpdateProduct"],
        product,
        read,
        frozenset({"name", "price"}),
        {"brand": "New"},
    )


def _category(shop: RunningShop) -> Room:
    def create(**fields: Any) -> category_pb2.Category:
        category = category_pb2.Category(name=f"Shelf {uuid.uuid4().hex[:12]}", **fields)
        request = category_pb2.CreateCategoryRequest(category=category)
        return shop.catalog.CreateCategory(request, metadata=shop.admin.metadata)

    category = create(parent_id=create().id, description="Two\nlines")

    def read() -> category_pb2.Category:
        return shop.catalog.GetCategory(category_pb2.GetCategoryRequest(category_id=category.id))

    return Room(
        shop,
        shop.admin,
        UPDATES["UpdateCategory"],
        category,
        read,
        frozenset({"name"}),
        {"description": "New"},
    )


def _variant(shop: RunningShop) -> Room:
    """The only variant of its product, which may be without options."""
    product = shop.product()
    options = [variant_pb2.Variant.Option(name="size", value="M"), {"name": "color", "value": "Red"}]
    variant = variant_pb2.Variant(
        id=product.default_variant_id,
        options=options,
        price=Money(units=9),
        compare_at_price=Money(units=12),
    )
    request = variant_pb2.UpdateVariantRequest(variant=variant)
    made = shop.catalog.UpdateVariant(request, metadata=shop.admin.metadata)

    def read() -> variant_pb2.Variant:
        request = variant_pb2.GetVariantRequest(product_id=product.id, variant_id=made.id)
        return shop.catalog.GetVariant(request)

    return Room(
        shop, shop.admin, UPDATES["UpdateVariant"], made, read, frozenset(), {"sku": uuid.uuid4().hex}
    )


def _location(shop: RunningShop) -> Room:
    location = location_pb2.Location(
        name=f"Store {uuid.uuid4().hex[:12]}",
        kind=location_pb2.Location.STORE,
        line1="1 Main Street",
        line2="Floor 2",
        city="Springfield",
        state="IL",
        postal_code="62701",
        country="US",
        active=False,
        priority=7,
    )
    request = location_pb2.CreateLocationRequest(location=location)
    made = shop.inventory.CreateLocation(request, metadata=shop.admin.metadata)

    def read() -> location_pb2.Location:
        request = location_pb2.ListLocationsRequest(page_size=100)
        listed = shop.inventory.ListLocations(request, metadata=shop.admin.metadata).items
        return next(each for each in listed if each.id == made.id)

    change = {"city": "Shelbyville"}
    return Room(shop, shop.admin, UPDATES["UpdateLocation"], made, read, frozenset({"name"}), change)


def _coupon(shop: RunningShop) -> Room:
    coupon = promotion_pb2.Coupon(
        code=f"T-{uuid.uuid4().hex[:12]}".upper(),
        description="Spring",
        discount_amount=Money(units=3),
        min_purchase=Money(units=30),
        min_tier=promotion_pb2.Tier.GOLD,
        usage_limit=100,
        per_user_limit=2,
        active=False,
    )
    coupon.valid_from.FromJsonString("2030-01-02T00:00:00.5Z")
    coupon.valid_until.FromJsonString("2031-01-02T00:00:00Z")
    request = promotion_pb2.CreateCouponRequest(coupon=coupon)
    made = shop.promotions.CreateCoupon(request, metadata=shop.admin.metadata)

    def read() -> promotion_pb2.Coupon:
        request = promotion_pb2.ListAllCouponsRequest(code=made.code)
        (coupon,) = shop.promotions.ListAllCoupons(request, metadata=shop.admin.metadata).items
        return coupon

    return Room(shop, shop.admin, UPDATES["UpdateCoupon"], made, read, frozenset(), {"usage_limit": 7})


def _endpoint(shop: RunningShop) -> Room:
    endpoint = webhook_pb2.WebhookEndpoint(
        url="https://93.184.216.34/hook", event_types=["order.shipped", "order.placed"], active=False
    )
    request = webhook_pb2.CreateWebhookEndpointRequest(endpoint=endpoint)
    made = shop.webhooks.CreateWebhookEndpoint(request, metadata=shop.admin.metadata)
    made.ClearField("secret")  # which only the reply to its creation has

    def read() -> webhook_pb2.WebhookEndpoint:
        request = webhook_pb2.ListWebhookEndpointsRequest()
        listed = shop.webhooks.ListWebhookEndpoints(request, metadata=shop.admin.metadata).items
        return next(each for each in listed if each.id == made.id)

    return Room(
        shop, shop.admin, UPDATES["UpdateWebhookEndpoint"], made, read, frozenset({"url"}), {"active": True}
    )


def _segment(shop: RunningShop) -> Room:
    rules = segment_pb2.SegmentRules(
        min_orders=0, max_spent=Money(currency_code="USD", units=99, nanos=500_000_000), country="US"
    )
    segment = segment_pb2.Segment(name=f"Segment {uuid.uuid4().hex}", description="They buy.", rules=rules)
    request = segment_pb2.CreateSegmentRequest(segment=segment)
    made = shop.segments.CreateSegment(request, metadata=shop.admin.metadata)

    def read() -> segment_pb2.Segment:
        request = segment_pb2.GetSegmentRequest(segment_id=made.id)
        return shop.segments.GetSegment(request, metadata=shop.admin.metadata)

    required = frozenset({"name", "rules"})
    return Room(shop, shop.admin, UPDATES["UpdateSegment"], made, read, required, {"description": "New"})


def _synonym(shop: RunningShop) -> Room:
    synonym = search_admin_pb2.Synonym(input=uuid.uuid4().hex, terms=[uuid.uuid4().hex, uuid.uuid4().hex])
    request = search_admin_pb2.CreateSynonymRequest(synonym=synonym)
    made = shop.search.CreateSynonym(request, metadata=shop.admin.metadata)

    def read() -> search_admin_pb2.Synonym:
        request = search_admin_pb2.GetSynonymRequest(synonym_id=made.id)
        return shop.search.GetSynonym(request, metadata=shop.admin.metadata)

    change = {"input": uuid.uuid4().hex}
    return Room(shop, shop.admin, UPDATES["UpdateSynonym"], made, read, frozenset({"terms"}), change)


def _role(shop: RunningShop) -> Room:
    role = role_pb2.Role(
        name=f"R{uuid.uuid4().hex[:20].upper()}",
        description="Helps",
        permissions=[AccessRule.MANAGE_ORDERS, AccessRule.MANAGE_REFUNDS],
    )
    request = role_pb2.CreateRoleRequest(role=role)
    made = shop.roles.CreateRole(request, metadata=shop.admin.metadata)

    def read() -> role_pb2.Role:
        request = role_pb2.GetRoleRequest(role_id=made.id)
        return shop.roles.GetRole(request, metadata=shop.admin.metadata)

    return Room(shop, shop.admin, UPDATES["UpdateRole"], made, read, frozenset(), {"description": "Answers"})


def _service_account(shop: RunningShop) -> Room:
    account = service_account_pb2.ServiceAccount(
        name=uuid.uuid4().hex,
        description="Takes orders",
        role=_role(shop).resource.name,  # type: ignore[attr-defined]
        networks=["203.0.113.0/24"],
        active=False,
    )
    request = service_account_pb2.CreateServiceAccountRequest(service_account=account)
    made = shop.service_accounts.CreateServiceAccount(request, metadata=shop.admin.metadata)

    def read() -> service_account_pb2.ServiceAccount:
        request = service_account_pb2.GetServiceAccountRequest(service_account_id=made.id)
        return shop.service_accounts.GetServiceAccount(request, metadata=shop.admin.metadata)

    required = frozenset({"name", "role"})
    change = {"description": "Counts stock"}
    return Room(shop, shop.admin, UPDATES["UpdateServiceAccount"], made, read, required, change)


def _gift_card(shop: RunningShop) -> Room:
    made = gift_card(shop, 25, active=False, expire_time=Timestamp(seconds=4_102_444_800))
    made.ClearField("code")  # which only the reply to its creation has

    def read() -> gift_card_pb2.GiftCard:
        request = gift_card_pb2.GetGiftCardRequest(gift_card_id=made.id)
        return shop.payments.GetGiftCard(request, metadata=shop.admin.metadata)

    return Room(shop, shop.admin, UPDATES["UpdateGiftCard"], made, read, frozenset(), {"active": True})


def _payment_method(shop: RunningShop) -> Room:
    owner = shop.customer(address=False)
    method = payment_method_pb2.PaymentMethod(kind=payment_pb2.Payment.CARD, token="pm_1", brand="Visa")
    request = payment_method_pb2.CreatePaymentMethodRequest(payment_method=method)
    _, made = (shop.users.CreatePaymentMethod(request, metadata=owner.metadata) for _ in range(2))

    def read() -> payment_method_pb2.PaymentMethod:
        request = payment_method_pb2.GetPaymentMethodRequest(payment_method_id=made.id)
        return shop.users.GetPaymentMethod(request, metadata=owner.metadata)

    change = {"is_default": True}
    return Room(shop, owner, UPDATES["UpdatePaymentMethod"], made, read, frozenset(), change)


def _order(shop: RunningShop) -> Room:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id)
    order = shop.checkout(buyer, metadata={"erp": "7", "lines": [1, 2]}).order

    def read() -> order_pb2.Order:
        request = order_service_pb2.GetOrderRequest(order_id=order.id)
        return shop.orders.GetOrder(request, metadata=shop.admin.metadata)

    return Room(shop, shop.admin, UPDATES["UpdateOrder"], read(), read, frozenset(), {"metadata": {"erp": 8}})


def _image(shop: RunningShop) -> Room:
    product = shop.product()
    request = media_pb2.UploadImageRequest(
        product_id=product.id,
        file=HttpBody(data=another_png()),
        variant_id=product.default_variant_id,
        alt="A mug",
    )
    image = shop.media.UploadImage(iter([request]), metadata=shop.admin.metadata)

    def read() -> media_pb2.Image:
        return shop.media.GetImage(media_pb2.GetImageRequest(image_id=image.id))

    return Room(shop, shop.admin, UPDATES["UpdateImage"], image, read, frozenset(), {"alt": "A cup"})


def _review(shop: RunningShop) -> Room:
    product = shop.product()
    author = buyer_of(shop, product.id)
    made = review(shop, product.id, author, 4, title="Good", text="Holds\ncoffee.")

    def read() -> review_pb2.Review:
        return reviews(shop).GetReview(review_pb2.GetReviewRequest(review_id=made.id))

    return Room(shop, author, UPDATES["UpdateReview"], made, read, frozenset({"rating"}), {"title": "Fine"})


ROOMS = {
    "UpdateImage": _image,
    "UpdateReview": _review,
    "UpdateOrder": _order,
    "UpdateMe": _account,
    "UpdateAddress": _address,
    "UpdateProduct": _product,
    "UpdateVariant": _variant,
    "UpdateCategory": _category,
    "UpdateLocation": _location,
    "UpdateCoupon": _coupon,
    "UpdateWebhookEndpoint": _endpoint,
    "UpdateSegment": _segment,
    "UpdateSynonym": _synonym,
    "UpdateRole": _role,
    "UpdateServiceAccount": _service_account,
    "UpdateGiftCard": _gift_card,
    "UpdatePaymentMethod": _payment_method,
}


@pytest.fixture(params=ROOMS)
def room(request: pytest.FixtureRequest, shop: RunningShop) -> Iterator[Room]:
    """Each resource in turn."""
    made = ROOMS[request.param](shop)
    yield made
    if request.param == "UpdateWebhookEndpoint":  # there may be few
        gone = webhook_pb2.DeleteWebhookEndpointRequest(endpoint_id=made.resource.id)  # type: ignore[attr-defined]
        shop.webhooks.DeleteWebhookEndpoint(gone, metadata=shop.admin.metadata)
    if request.param == "UpdateServiceAccount":
        shop.sql("DELETE FROM service_accounts WHERE id = :id", id=made.resource.id)  # type: ignore[attr-defined]
        shop.sql("DELETE FROM users WHERE id = :id", id=made.resource.id)  # type: ignore[attr-defined]
    if request.param == "UpdateRole":
        shop.sql("DELETE FROM roles WHERE id = :id", id=made.resource.id)  # type: ignore[attr-defined]
    if request.param == "UpdateLocation":
        closed = location_pb2.DeleteLocationRequest(location_id=made.resource.id)  # type: ignore[attr-defined]
        shop.inventory.DeleteLocation(closed, metadata=shop.admin.metadata)


def test_every_update_of_a_resource_is_tried_here() -> None:
    assert set(ROOMS) == set(UPDATES), "each has a room in ROOMS above"


# ── What was read can be written back


@pytest.mark.parametrize("paths", [(), ("*",)], ids=["without a mask", "everything"])
def test_what_was_read_and_is_written_back_changes_nothing(room: Room, paths: tuple[str, ...]) -> None:
    before = room.read()
    assert room.write(before, *paths) == before, "the etag and the time of the last change included"
    assert room.read() == before


def test_a_resource_is_created_read_and_updated_with_every_field_set(room: Room) -> None:
    """What is not set would be missing from JSON, where every value is told."""
    for resource in (room.resource, room.read()):
        for field in room.writable():
            assert field.has_presence or field.is_repeated, (
                f"{field.full_name}: nobody could say that it was sent"
            )
            oneof = field.containing_oneof
            if (
                field.has_presence
                and field.message_type is None
                and (oneof is None or len(oneof.fields) == 1)
            ):
                assert resource.HasField(field.name), field.full_name


# ── What was sent


def test_without_a_mask_an_empty_text_that_was_sent_clears(room: Room) -> None:
    texts = [
        field.name
        for field in room.writable()
        if field.type == FieldDescriptor.TYPE_STRING
        and field.has_presence
        and field.name not in room.required | STAYS | {"category"}  # which comes with its id
    ]
    after = room.write(room.empty(**dict.fromkeys(texts, "")))
    for field in room.writable():
        cleared = field.name in texts
        assert getattr(after, field.name) == ("" if cleared else getattr(room.resource, field.name)), field
    assert (after.etag == room.resource.etag) == (not texts)  # type: ignore[attr-defined]


def test_without_a_mask_what_is_not_sent_stays(room: Room) -> None:
    before = room.read()
    assert room.write(room.empty()) == before


# ── Everything


def test_everything_is_replaced_and_what_is_not_sent_cleared(room: Room) -> None:
    least = {name: getattr(room.resource, name) for name in room.required}
    if room.update.name == "UpdateCoupon":
        least["discount_amount"] = Money(units=1)
    after = room.write(room.empty(**least), "*")
    for field in room.writable():
        value, before = getattr(after, field.name), getattr(room.resource, field.name)
        if field.name in STAYS:
            assert value == before, field.full_name
        elif field.name not in least and field.name != "max_quantity":
            assert value == getattr(type(room.resource)(), field.name), field.full_name
    assert room.read() == after


def test_everything_without_what_is_required_is_refused_by_name(room: Room) -> None:
    coupon = ["coupon.discount"] if room.update.name == "UpdateCoupon" else []
    expected = [f"{room.name}.{name}" for name in sorted(room.required)] or coupon
    if not expected:
        return  # it can do without any of its fields
    before = room.read()
    said = room.refused(room.empty(), "*")
    assert (said.code, sorted(said.fields)) == (INVALID, expected)
    for name in room.required:
        assert room.refused(room.empty(), name).fields == [f"{room.name}.{name}"]
    assert room.read() == before


# ── Etags


@pytest.mark.either
def test_an_update_without_an_id_names_it(room: Room) -> None:
    if room.update.name != "UpdateMe":
        answer = room.refused(type(room.resource)(**room.change))
        assert (answer.code, answer.fields) == (INVALID, [f"{room.name}.id"])


def test_an_etag_as_if_match_guards_an_update(room: Room) -> None:
    etag = room.resource.etag  # type: ignore[attr-defined]
    after = room.write(room.empty(**room.change), if_match=f'"{etag}"')
    assert after.etag != etag
    back = {name: getattr(room.resource, name) for name in room.change}
    stale = room.refused(room.empty(**back), if_match=f'"{etag}"')
    assert (stale.code, stale.reason) == (grpc.StatusCode.ABORTED, "STALE_ETAG")
    assert after.etag not in str(stale), "which would invite to overwrite unseen what changed"
    in_field = room.empty(**back, etag=etag)
    assert room.refused(in_field).reason == "STALE_ETAG"
    assert room.refused(in_field, if_match=f'"{after.etag}"').fields == ["if-match"]
    assert room.write(room.empty(etag=after.etag), if_match=f'"{after.etag}"').etag == after.etag
    assert room.write(room.empty(), if_match="*").etag == after.etag


def test_the_etag_of_a_value_that_returns_is_another(room: Room) -> None:
    first = room.read()
    etags = {first.etag}  # type: ignore[attr-defined]
    for values in (room.change, {name: getattr(first, name) for name in room.change}):
        if values == {"is_default": False}:  # which follows from another's being it
            _make_another_the_default(room)
        else:
            room.write(room.empty(**values))
        now: Any = room.read()
        assert all(getattr(now, name) == value for name, value in values.items() if name != "metadata")
        assert now.etag not in etags
        etags.add(now.etag)
    assert room.refused(room.empty(**room.change, etag=first.etag)).reason == "STALE_ETAG"  # type: ignore[attr-defined]


def _make_another_the_default(room: Room) -> None:
    listed = room.shop.users.ListPaymentMethods(
        payment_method_pb2.ListPaymentMethodsRequest(), metadata=room.owner.metadata
    )
    another = next(each for each in listed.items if not each.is_default)
    room.write(payment_method_pb2.PaymentMethod(id=another.id, is_default=True))


@pytest.mark.parametrize("sent", ["v1", 'W/"v1"', '"v1", "v2"', "", '""', '"' + "x" * 65 + '"'])
@pytest.mark.either
def test_what_is_no_single_etag_in_quotes_is_refused(shop: RunningShop, sent: str) -> None:
    account = _account(shop)
    said = account.refused(account.empty(), if_match=sent)
    assert (said.code, said.fields) == (INVALID, ["if-match"])


def test_a_deletion_is_guarded_too(shop: RunningShop) -> None:
    stale = (("if-match", '"stale"'),)
    deletions: tuple[tuple[Callable[[RunningShop], Room], Any, type[Message], str], ...] = (
        (_address, shop.users.DeleteAddress, user_pb2.DeleteAddressRequest, "address_id"),
        (_category, shop.catalog.DeleteCategory, category_pb2.DeleteCategoryRequest, "category_id"),
        (
            _endpoint,
            shop.webhooks.DeleteWebhookEndpoint,
            webhook_pb2.DeleteWebhookEndpointRequest,
            "endpoint_id",
        ),
        (_segment, shop.segments.DeleteSegment, segment_pb2.DeleteSegmentRequest, "segment_id"),
        (_synonym, shop.search.DeleteSynonym, search_admin_pb2.DeleteSynonymRequest, "synonym_id"),
        (_role, shop.roles.DeleteRole, role_pb2.DeleteRoleRequest, "role_id"),
        (
            _payment_method,
            shop.users.DeletePaymentMethod,
            payment_method_pb2.DeletePaymentMethodRequest,
            "payment_method_id",
        ),
    )
    for make, delete, request_type, name in deletions:
        made = make(shop)
        resource: Any = made.resource
        request: Any = request_type(**{name: resource.id})
        with pytest.raises(grpc.RpcError) as caught:
            delete(request, metadata=made.owner.metadata + stale)
        assert refusal(caught.value).reason == "STALE_ETAG"
        request.etag = resource.etag
        delete(request, metadata=made.owner.metadata)


def test_a_condition_that_a_call_cannot_keep_is_refused(shop: RunningShop) -> None:
    buyer = shop.customer()
    product = shop.product()
    condition = (("if-match", '"v1"'),)
    request = cart_pb2.AddItemRequest(product_id=product.id)
    with pytest.raises(grpc.RpcError) as caught:
        shop.cart.AddItem(request, metadata=buyer.metadata + condition)
    assert refusal(caught.value).fields == ["if-match"]
    read = product_pb2.GetProductRequest(product_id=product.id)
    assert shop.catalog.GetProduct(read, metadata=condition) == product, "a read has no use for it"


@pytest.mark.both
def test_of_writers_with_one_etag_one_wins(room: Room) -> None:
    etag = room.resource.etag  # type: ignore[attr-defined]
    (name,) = room.change

    def write(number: int) -> str:
        values = {"active": True, "is_default": True, "usage_limit": 10 + number, "metadata": {"n": number}}
        try:
            room.write(room.empty(**{name: values.get(name, f"03{number}")}), if_match=f'"{etag}"')
        except grpc.RpcError as error:
            return refusal(error).reason
        return ""

    with ThreadPoolExecutor(4) as writers:
        outcomes = list(writers.map(write, range(4)))
    assert sorted(outcomes) == ["", "STALE_ETAG", "STALE_ETAG", "STALE_ETAG"]
