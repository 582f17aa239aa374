"""Resources to fill requests with, and things that a shop has for an account, which requests name."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from google.api.httpbody_pb2 import HttpBody
from google.type.money_pb2 import Money
from sanset.v1 import identity_pb2, identity_pb2_grpc
from sanset.v1.auth_pb2 import ListSessionsRequest
from sanset.v1.cart_pb2 import AddItemRequest, SyncCartRequest
from sanset.v1.gift_card_pb2 import CreateGiftCardRequest, GiftCard
from sanset.v1.import_pb2 import ImportProductsRequest
from sanset.v1.location_pb2 import Location
from sanset.v1.media_pb2 import Image, UploadImageRequest
from sanset.v1.order_pb2 import Order
from sanset.v1.payment_method_pb2 import (
    CreatePaymentMethodRequest,
    DeletePaymentMethodRequest,
    ListPaymentMethodsRequest,
    PaymentMethod,
)
from sanset.v1.payment_pb2 import Payment
from sanset.v1.product_pb2 import Product
from sanset.v1.promotion_pb2 import Coupon, CreateCouponRequest, Tier
from sanset.v1.refund_pb2 import Return
from sanset.v1.refund_service_pb2 import ApproveReturnRequest, RefundOrderRequest, RequestReturnRequest
from sanset.v1.review_pb2 import CreateReviewRequest, Review
from sanset.v1.review_pb2_grpc import ReviewServiceStub
from sanset.v1.role_pb2 import CreateRoleRequest, Role
from sanset.v1.search_admin_pb2 import CreateSynonymRequest, Synonym
from sanset.v1.segment_pb2 import CreateSegmentRequest, Segment, SegmentRules
from sanset.v1.service_account_pb2 import AddApiKeyRequest, CreateServiceAccountRequest, ServiceAccount
from sanset.v1.user_pb2 import Address
from sanset.v1.variant_pb2 import CreateVariantRequest, Variant
from sanset.v1.wishlist_pb2 import AddToWishlistRequest
from sqlalchemy import insert
from support.pictures import another_png
from support.running_shop import Account
from world import World

from server.auth.passkeys.models import Passkey
from server.auth.recovery.codes import RecoveryCodes, hash_of_link, new_link_token
from server.auth.recovery.models import EmailProof
from server.clock import utc_now


def link_token(world: World, account: Account) -> str:
    """The token of a link by which an account confirms its address."""
    token = new_link_token()
    _proof(world, account, "VERIFY", lambda _, __: hash_of_link(token))
    return token


def code(world: World, account: Account) -> str:
    """A code by which an account gets another password."""
    _proof(world, account, "RESET", lambda codes, proof_id: codes.hash_of_code(proof_id, "123456"))
    return "123456"


def _proof(world: World, account: Account, purpose: str, hashed: Callable[[RecoveryCodes, str], str]) -> None:
    """Store a link or code as if it had been mailed."""
    codes, now, proof_id = RecoveryCodes.of(world.shop.app.core.settings), utc_now(), uuid.uuid4().hex
    values = {
        "id": proof_id, "purpose": purpose, "address_key": codes.address_key(account.email),
        "user_id": account.user_id, "secret_hash": hashed(codes, proof_id), "network": "",
        "created_at": now, "expires_at": now + timedelta(minutes=10),
    }  # fmt: skip
    with world.shop.app.db.transaction() as tx:
        tx.execute(insert(EmailProof).values(values))


def address() -> Address:
    """An address with every part."""
    return Address(
        label="Home", line1="1 Main Street", line2="Floor 2", city="Springfield", state="IL",
        postal_code="62701", country="US", lat=39.8, lng=-89.6,
    )  # fmt: skip


def product(name: str) -> Product:
    """A product with every part."""
    new = Product(
        name=name, sku=uuid.uuid4().hex, slug=f"mug-{uuid.uuid4().hex}", description="A mug", brand="Best",
        price=Money(currency_code="USD", units=10), compare_at_price=Money(currency_code="USD", units=12),
        stock=5, max_quantity=10, tags=["red"], seo_title="Mug", seo_description="A mug",
    )  # fmt: skip
    new.attributes.update({"material": "oak", "sizes": [1, {"deep": True}]})
    return new


def location(world: World) -> Location:
    """A location with every part; a shop has few, so those of the tests before that hold nothing go."""
    world.location()
    return Location(
        name=f"Store {uuid.uuid4().hex}", kind=Location.STORE, line1="1 Main Street", line2="Floor 2",
        city="Springfield", state="IL", postal_code="62701", country="US", active=True, priority=7,
    )  # fmt: skip


def coupon() -> Coupon:
    """A coupon with every part."""
    new = Coupon(
        code=f"T{uuid.uuid4().hex[:12]}", description="For the tests", discount_basis_points=1050,
        min_tier=Tier.BRONZE, max_discount=Money(currency_code="USD", units=5), usage_limit=9, per_user_limit=1,
        active=True,
    )  # fmt: skip
    new.valid_from.FromJsonString("2024-01-01T00:00:00Z")
    new.valid_until.FromJsonString("2100-01-01T00:00:00Z")
    return new


def segment(world: World) -> Segment:
    """A segment with every rule."""
    rules = SegmentRules(
        min_orders=1, max_orders=9, min_spent=Money(units=1), max_spent=Money(units=99), ordered_within_days=30,
        not_ordered_for_days=2, registered_within_days=90, bought_category=world.category().slug, country="US",
    )  # fmt: skip
    return Segment(name=f"Segment {uuid.uuid4().hex}", description="They buy.", rules=rules)


def synonym() -> Synonym:
    """A one-way rule."""
    return Synonym(input=uuid.uuid4().hex, terms=[uuid.uuid4().hex])


def payment_method() -> PaymentMethod:
    """A card to be saved."""
    return PaymentMethod(kind=Payment.CARD, token="pm_1", brand="Visa", last_four="4242")


def new_gift_card() -> GiftCard:
    """A gift card to be created."""
    return GiftCard(balance=Money(currency_code="USD", units=25))


def refund(world: World, caller: Account) -> dict[str, Any]:
    """The fields of a refund of one of two units that the caller has bought."""
    return {**_one_of(world.shop.order(caller, 2)), "reason": "Scratched", "restock": True}


def return_of_one(world: World, caller: Account) -> dict[str, Any]:
    """The fields of a return of one of two units that were delivered to the caller."""
    order = world.shop.order(caller, 2)
    for status in (Order.PROCESSING, Order.SHIPPED, Order.DELIVERED):
        world.shop.move(order.id, status)
    return {**_one_of(order), "reason": "Too small"}


def _one_of(order: Order) -> dict[str, Any]:
    return {"order_id": order.id, "items": [{"variant_id": order.items[0].variant_id, "quantity": 1}]}


def session_id(world: World, caller: Account) -> str:
    """The caller's latest session."""
    request = ListSessionsRequest(page_size=1)
    return world.shop.auth.ListSessions(request, metadata=caller.metadata).items[0].id


def product_id(world: World, caller: Account) -> int:
    """A product that the caller may change, if anybody may."""
    owner = caller if caller.user_id == world.vendor.user_id else world.shop.admin
    return world.product_of(owner).id


def variant() -> Variant:
    """A variant with every part, like no other."""
    return Variant(
        sku=uuid.uuid4().hex, price=Money(currency_code="USD", units=10),
        compare_at_price=Money(currency_code="USD", units=12), stock=5,
        options=[Variant.Option(name="size", value=uuid.uuid4().hex), Variant.Option(name="color", value="Red")],
    )  # fmt: skip


def variant_of(world: World, caller: Account) -> Variant:
    """A variant that the caller may change, if anybody may, of a product that has another."""
    owner = caller if caller.user_id == world.vendor.user_id else world.shop.admin
    request = CreateVariantRequest(product_id=world.product_of(owner).id, variant=variant())
    return world.shop.catalog.CreateVariant(request, metadata=owner.metadata)


def image(world: World, caller: Account) -> Image:
    """An image of a product that the caller may change, if anybody may."""
    owner = caller if caller.user_id == world.vendor.user_id else world.shop.admin
    whole = UploadImageRequest(product_id=product_id(world, caller), file=HttpBody(data=another_png()))
    return world.shop.media.UploadImage(iter([whole]), metadata=owner.metadata)


def image_id(world: World, caller: Account) -> int:
    """The id of such an image."""
    return image(world, caller).id


def reordered_images(world: World, caller: Account) -> dict[str, Any]:
    """The fields of a request that sorts the one image of a product."""
    only = image(world, caller)
    return {"product_id": only.product_id, "image_ids": [only.id]}


def file_name(world: World, caller: Account) -> str:
    """The name of a file of an image."""
    return image(world, caller).thumbnail_url.rpartition("/")[2]


def delivered_product_id(world: World, caller: Account) -> int:
    """A product that was delivered to the caller, and that nobody was given before.

    Who asks again is brought several at a time.
    """
    delivered = world.delivered.get(caller.user_id)
    if not delivered:
        for _ in range(1 if delivered is None else 10):
            world.shop.add(caller, world.shop.product().id)
        order = world.shop.checkout(caller).order
        for status in (Order.PROCESSING, Order.SHIPPED, Order.DELIVERED):
            world.shop.move(order.id, status)
        delivered = world.delivered[caller.user_id] = [item.product_id for item in order.items]
    return delivered.pop()


def review_id(world: World, caller: Account) -> int:
    """A review of the caller's, which is published."""
    product_id = delivered_product_id(world, caller)
    request = CreateReviewRequest(product_id=product_id, review=Review(rating=4))
    stub = ReviewServiceStub(world.shop.channel)
    return stub.CreateReview(request, metadata=caller.metadata).id


def wished_product_id(world: World, caller: Account) -> int:
    """A product on the caller's wishlist."""
    request = AddToWishlistRequest(product_id=world.shop.product().id)
    return world.shop.cart.AddToWishlist(request, metadata=caller.metadata).product_id


def guest_cart_token(world: World) -> str:
    """The token of a guest's cart."""
    return world.shop.cart.AddItem(AddItemRequest(product_id=world.shop.product().id)).token


def synced_cart_token(world: World, caller: Account) -> str:
    """The token of a guest's cart that the caller has taken over."""
    request = SyncCartRequest(cart_token=guest_cart_token(world), strategy=SyncCartRequest.KEEP_MINE)
    world.shop.cart.SyncCart(request, metadata=caller.metadata)
    return request.cart_token


def order_id(world: World, caller: Account) -> int:
    """A paid order of the caller's."""
    return world.shop.order(caller).id


def payment_method_id(world: World, caller: Account) -> int:
    """A saved payment method of the caller's; of many the oldest is deleted, since an account has at most 20."""
    users = world.shop.users
    saved = users.ListPaymentMethods(ListPaymentMethodsRequest(), metadata=caller.metadata).items
    if len(saved) > 10:
        oldest = DeletePaymentMethodRequest(payment_method_id=saved[-1].id)
        users.DeletePaymentMethod(oldest, metadata=caller.metadata)
    request = CreatePaymentMethodRequest(payment_method=payment_method())
    return users.CreatePaymentMethod(request, metadata=caller.metadata).id


def refund_id(world: World, caller: Account) -> int:
    """A refund of an order of the caller's."""
    request = RefundOrderRequest(**refund(world, caller))
    return world.shop.refunds.RefundOrder(request, metadata=world.admin.metadata).id


def requested_return(world: World, caller: Account) -> Return:
    """A return that the caller has requested."""
    request = RequestReturnRequest(**return_of_one(world, caller))
    return world.shop.refunds.RequestReturn(request, metadata=caller.metadata)


def approved_return(world: World, caller: Account) -> Return:
    """A return of the caller's that was approved."""
    request = ApproveReturnRequest(return_id=requested_return(world, caller).id)
    return world.shop.refunds.ApproveReturn(request, metadata=world.admin.metadata)


def gift_card(world: World) -> GiftCard:
    """A gift card, with its code."""
    request = CreateGiftCardRequest(gift_card=new_gift_card())
    return world.shop.payments.CreateGiftCard(request, metadata=world.admin.metadata)


def coupon_of(world: World) -> Coupon:
    """A coupon of the shop's."""
    request = CreateCouponRequest(coupon=coupon())
    return world.shop.promotions.CreateCoupon(request, metadata=world.shop.admin.metadata)


def segment_id(world: World) -> int:
    """A segment of the shop's."""
    request = CreateSegmentRequest(segment=segment(world))
    return world.shop.segments.CreateSegment(request, metadata=world.shop.admin.metadata).id


def synonym_id(world: World) -> int:
    """A synonym of the shop's."""
    request = CreateSynonymRequest(synonym=synonym())
    return world.shop.search.CreateSynonym(request, metadata=world.shop.admin.metadata).id


def file_of_products(world: World, caller: Account) -> dict[str, Any]:
    """The fields of a request that imports a product; nothing works on imports here, so those before end."""
    world.shop.sql("UPDATE product_imports SET state = 'CANCELLED', ended_at = created_at")
    return {"file": {"data": f"sku,name,price\nS{uuid.uuid4().hex},Mug,5\n".encode()}}


def import_id(world: World, caller: Account) -> int:
    """An import of a vendor's or an admin's."""
    owner = caller if caller.user_id == world.vendor.user_id else world.shop.admin
    whole = ImportProductsRequest(file=HttpBody(data=file_of_products(world, caller)["file"]["data"]))
    return world.shop.imports.ImportProducts(iter([whole]), metadata=owner.metadata).id


def new_role(world: World) -> dict[str, Any]:
    """A role to create; a shop has few, so those before it go that nobody has."""
    world.shop.sql("DELETE FROM roles WHERE name LIKE 'R0%' AND name NOT IN (SELECT role FROM users)")
    name = f"R0{uuid.uuid4().hex[:20].upper()}"
    return {"name": name, "description": "Helps", "permissions": ["MANAGE_ORDERS", "MANAGE_REFUNDS"]}


def role(world: World) -> Role:
    """A role that nobody has."""
    request = CreateRoleRequest(role=new_role(world))
    return world.shop.roles.CreateRole(request, metadata=world.shop.admin.metadata)


def new_service_account(world: World) -> dict[str, Any]:
    """A service account to create; a shop has few, so those before it go."""
    world.shop.sql("DELETE FROM api_keys")
    world.shop.sql("DELETE FROM service_accounts")
    return {"name": uuid.uuid4().hex, "description": "Takes orders", "role": role(world).name, "active": True}


def service_account(world: World) -> ServiceAccount:
    """A service account without keys."""
    request = CreateServiceAccountRequest(service_account=new_service_account(world))
    return world.shop.service_accounts.CreateServiceAccount(request, metadata=world.shop.admin.metadata)


def api_key(world: World, caller: Account) -> dict[str, object]:
    """A key of a service account."""
    account_id = service_account(world).id
    request = AddApiKeyRequest(service_account_id=account_id)
    key = world.shop.service_accounts.AddApiKey(request, metadata=world.shop.admin.metadata)
    return {"service_account_id": account_id, "api_key_id": key.id}


def identity_id(world: World, caller: Account) -> int:
    """An identity at a provider of somebody who signed in a moment ago."""
    just_signed_in(world, caller)
    subject = uuid.uuid4().hex
    world.shop.sql(
        "INSERT INTO linked_identities (user_id, issuer, subject, email, created_at, last_used_at) "
        "VALUES (:id, 'https://accounts.test', :subject, '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
        id=caller.user_id,
        subject=subject,
    )
    listed = identity_pb2_grpc.IdentityServiceStub(world.shop.channel).ListIdentities(
        identity_pb2.ListIdentitiesRequest(page_size=100), metadata=caller.metadata
    )
    return max(int(one.id) for one in listed.items)


def passkey_id(world: World, caller: Account) -> int:
    """A passkey of somebody who signed in a moment ago."""
    just_signed_in(world, caller)
    passkey = {
        "user_id": caller.user_id,
        "credential_id": uuid.uuid4().bytes,
        "public_key": b"",
        "sign_count": 0,
        "name": "",
        "backed_up": False,
        "created_at": utc_now(),
    }
    with world.shop.app.db.transaction() as tx:
        return tx.execute(insert(Passkey).values(**passkey).returning(Passkey.id)).scalar_one()


def just_signed_in(world: World, caller: Account) -> None:
    """Have it that an account has signed in a moment ago, however long the tests have taken."""
    world.shop.sql(
        "UPDATE sessions SET created_at = CURRENT_TIMESTAMP WHERE user_id = :id", id=caller.user_id
    )
