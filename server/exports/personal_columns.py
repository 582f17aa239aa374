"""What the shop knows of a person: every column of every table, and whose a row is.

A column with * says something of a person, one with ! is a secret or a hash that is told to nobody, and says
something of a person too; the others do not, but for the row that they are in. Whoever adds a column says so here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from server.audit.models import AuditEntry
from server.auth.federated.models import LinkedIdentity
from server.auth.models import Session
from server.auth.passkeys.models import Passkey
from server.auth.recovery.models import AccountNotice, EmailProof
from server.auth.second_factor.models import RecoveryCode, SecondFactor
from server.cart.models import Cart, CartItem, WishlistItem
from server.db.base import Base
from server.mail.models import Mail
from server.order.models import Order, OrderEvent, OrderLine
from server.payment.models import Dispute, GatewayCustomer, Payment
from server.promotion.models import CouponUse, LoyaltyAccount, PointsEntry
from server.recommend.feedback.models import BehaviorEvent, ShownList
from server.refund.models import Refund, Return
from server.review.models import Review
from server.search.analytics.models import SearchRow
from server.segment.models import SegmentMember
from server.user.models import Address, PaymentMethod, User

PERSONAL, SECRET = "*", "!"

COLUMNS: Final[Mapping[str, str]] = {
    "account_notices": "key kind user_id recipient* full_name* language facts! created_at",
    "addresses": (
        "id user_id label* line1* line2* city* state* postal_code* country lat* lng* is_default "
        "custom_metadata* sealed! created_at version"
    ),
    "active_users": "day user_id",
    "activity_days": "day visitors views cart_additions checkouts counted_at sales_revision",
    "analytics_state": "id time_zone filled_id rebuilds",
    "api_keys": "id account_id key_hash hint created_at last_used_at",
    "audit_chain": "id base_sequence base_digest head_sequence head_digest adopts_until signature",
    "audit_entries": (
        "id at actor_id is_service action subject event occurrences request_id address* details* "
        "personal_salt! personal_digest! signature sequence chain_digest"
    ),
    "behavior_events": (
        "id user_id visitor_id* kind product_id query* custom_metadata* list_id model_version origin* "
        "occurred_at"
    ),
    "call_counts": "key minute taken",
    "cart_items": "id cart_id product_id variant_id quantity added_price_minor",
    "carts": (
        "id user_id token_hash! merged_user_id expires_at currency version updated_at coupon_id points shown "
        "notes*"
    ),
    "categories": "id parent_id name name_key slug description translations version",
    "consumers": "name transaction_id event_id first_event_id",
    "coupon_sales": ("span day currency coupon_id orders units discount_minor paid_minor refunded_minor"),
    "coupon_users": "coupon_id user_id used",
    "coupon_uses": "order_id coupon_id user_id released_at",
    "coupons": (
        "id code description percent_bp amount_minor min_purchase_minor max_discount_minor currency "
        "valid_from valid_until active min_tier usage_limit per_user_limit used version created_at updated_at"
    ),
    "customer_sales": "span day currency user_id orders units paid_minor refunded_minor",
    "disputes": (
        "id order_id refund_id gateway gateway_id status amount_minor currency reason* respond_by opened_at "
        "closed_at"
    ),
    "erasures": "user_id deleted_at due_at erased_at",
    "events": "id transaction_id topic key payload! created_at",
    "experiments": "id control_model_id challenger_model_id percent state started_at ended_at",
    "gateway_charges": (
        "key gateway_id method status amount_minor refunded_minor currency problem decline_code gift_card_id "
        "created_at"
    ),
    "gateway_customers": "user_id gateway customer_id* created_at",
    "email_proofs": (
        "id purpose address_key! user_id secret_hash! network* new_email* session_id! attempts attempts_elsewhere "
        "created_at expires_at used_at"
    ),
    "gateway_refunds": "key charge_key amount_minor created_at",
    "gift_card_entries": "id gift_card_id key amount_minor created_at",
    "gift_cards": "id code_hash last_four currency balance_minor expires_at active created_at version",
    "idempotency_keys": "user_id method request_id body_hash reply! created_at leased_until",
    "inventory_levels": "variant_id location_id product_id available received sold priority",
    "kept_keys": "purpose key_id sealed kept_at",
    "jobs": "name holder leased_until last_started_at last_finished_at last_error",
    "linked_identities": "id user_id issuer subject* email* created_at last_used_at",
    "locations": "id name kind line1 line2 city state postal_code country active priority levels_pending version",
    "loyalty_accounts": "user_id points owed lifetime",
    "mails": (
        "id key order_id user_id kind recipient* subject* plain! html! status about attempts error created_at "
        "next_attempt_at retry_until sent_at"
    ),
    "media_files": "key digest claimed_at doomed_at",
    "order_events": "order_id sequence status message* location* eta shipment_id code facts* occurred_at",
    "order_facts": "order_id day currency units kept_units paid_minor refunded_minor facts",
    "order_lines": (
        "order_id position product_id variant_id sku name quantity price_minor total_minor list_price_minor "
        "discount_minor tax_minor shipping_minor options refunded_quantity returning_quantity "
        "returned_quantity restocked_quantity refunded_minor withheld_quantity released_quantity"
    ),
    "orders": (
        "id number user_id request_id status currency subtotal_minor discount_minor product_discount_minor "
        "tier_discount_minor coupon_discount_minor points_discount_minor points_redeemed points_earned "
        "coupon_id coupon_code tax_minor shipping_minor total_minor address* delivery_option language "
        "custom_metadata* metadata_version tracking_number* shipments* eta last_sequence reserved_until "
        "delivered_at points_counted_at placed_at updated_at"
    ),
    "payment_alerts": "id key kind gateway gateway_id order_id problem created_at told_at closed_at",
    "payment_events": "gateway event_id charge_key status received_at",
    "payment_methods": "id user_id kind token! brand* last_four* is_default created_at version",
    "payments": (
        "order_id gateway method token! status amount_minor captured_minor refunded_minor currency "
        "gateway_id* problem decline_code payment_url* disputed updated_at"
    ),
    "passkeys": ("id user_id credential_id! public_key! sign_count name* backed_up created_at last_used_at"),
    "points_entries": "id user_id order_id kind points reason ref created_at",
    "product_images": "id product_id variant_id file_key position alt width height version created_at",
    "product_activity": "day product_id views viewers cart_additions checkouts",
    "product_import_pieces": "import_id position data",
    "product_import_problems": "import_id number line column_name reason sku",
    "product_imports": (
        "id user_id role request_id digest kind encoding dry_run create_categories size_bytes state message "
        "line read_bytes rows created updated unchanged refused problems created_at ended_at"
    ),
    "product_listings": (
        "list_key product_id phase valid_from valid_until in_stock created_at price_minor name_key sold "
        "rating"
    ),
    "product_sales": ("span day currency product_id orders units kept_units paid_minor refunded_minor"),
    "product_vectors": "product_id model text_hash vector computed_at",
    "products": (
        "id sku slug name description category_id brand price_minor compare_at_minor discount_bp "
        "discount_minor discount_from discount_until currency max_quantity max_quantity_days attributes "
        "custom_metadata translations tags seo_title seo_description vendor_id rating reviews_count image version "
        "created_at updated_at deleted_at"
    ),
    "recommended_sales": "day currency orders revenue_minor",
    "refresh_tokens": "token_hash! session_id created_at used_at successor_hash!",
    "region_sales": "span day currency country orders units paid_minor refunded_minor",
    "refund_lines": "refund_id position variant_id quantity returned_quantity amount_minor",
    "refunds": (
        "id order_id return_id actor_id amount_minor tax_minor shipping_minor currency reason* origin status "
        "paid_at before_shipping key gateway_id problem attempts next_attempt_at created_at updated_at"
    ),
    "return_lines": "return_id position variant_id quantity restocked restocked_by_refund",
    "returns": "id order_id user_id status reason* answer* created_at updated_at",
    "review_counts": "product_id rating count",
    "reviews": "id product_id user_id rating title* text* status version created_at updated_at",
    "roles": "id name description permissions created_at updated_at version",
    "service_accounts": "id name description networks version",
    "sales_cohorts": "cohort month currency customers orders paid_minor refunded_minor",
    "sales_days": (
        "day currency orders units kept_units list_minor product_discount_minor tier_discount_minor "
        "coupon_discount_minor points_discount_minor tax_minor shipping_minor paid_minor refunded_minor "
        "refunded_tax_minor refunded_shipping_minor revision"
    ),
    "sales_hours": (
        "hour currency orders units kept_units list_minor product_discount_minor tier_discount_minor "
        "coupon_discount_minor points_discount_minor tax_minor shipping_minor paid_minor refunded_minor "
        "refunded_tax_minor refunded_shipping_minor"
    ),
    "schema_serves": "oldest_revision",
    "search_day_positions": "day position impressions clicks orders",
    "search_day_queries": (
        "day query searches zero_results clicks cart_additions orders revenue_minor searchers"
    ),
    "search_days": (
        "day searches zero_results corrected clicks cart_additions orders revenue_minor counted_at"
    ),
    "searches": (
        "list_id query* result_count shown_count first_position corrected user_id visitor_id* origin* "
        "searched_at"
    ),
    "segment_members": "segment_id user_id recency_days order_count spent_minor",
    "segments": "id name name_key description kind rules created_at updated_at version",
    "second_factor_codes": "user_id code_hash! used_at",
    "second_factors": "user_id secret! created_at confirmed_at last_step",
    "sessions": (
        "id user_id device* ip* signed_in_from* created_at last_used_at expires_at revoked_at second_factor"
    ),
    "shop_properties": "name value",
    "shown_lists": "list_id model_version kind user_id visitor_id* experiment_id product_ids shown_at",
    "sign_in_challenges": "key_hash! purpose user_id facts! expires_at",
    "sign_in_counts": "key! user_id started_at attempts failures locked_until",
    "stock_allocations": "order_id variant_id location_id quantity restocked_quantity",
    "suggested_queries": "query searcher_count",
    "synonym_terms": "one_way term_key synonym_id",
    "synonyms": "id input terms created_at updated_at version",
    "trained_models": (
        "id version model_type metrics data_fingerprint parameters library_versions training_seconds "
        "removed_at is_active created_at"
    ),
    "training_runs": (
        "id model_type state stage percent message model_id parameters activation cancel_requested "
        "scheduled_for data_mark started_at heartbeat_at ended_at"
    ),
    "users": (
        "id email* email_key! username* username_key! full_name* phone* sealed_phone! "
        "phone_key! password_hash! role role_assigned_at "
        "is_active email_verify_time preferences* custom_metadata* created_at updated_at version"
    ),
    "variants": (
        "id product_id sku options options_key price_minor compare_at_minor is_default version image "
        "deleted_at removed"
    ),
    "webhook_deliveries": (
        "id endpoint_id event_id event_type order_id body* status attempts response_code error created_at "
        "next_attempt_at retry_until delivered_at"
    ),
    "webhook_endpoints": (
        "id url event_types salt old_salt old_salt_until active disabled_reason failing_since created_at "
        "updated_at version"
    ),
    "wishlist_items": "user_id product_id variant_id added_price_minor created_at",
}

Condition: TypeAlias = ColumnElement[bool]

_USER: Final[BindParameter[int]] = bindparam("user_id")
_EMAIL: Final = select(User.email).where(User.id == _USER).scalar_subquery()
_ORDERS: Final = select(Order.id).where(Order.user_id == _USER)


def _of_account(
    user_id: InstrumentedAttribute[int | None], recipient: InstrumentedAttribute[str]
) -> Condition:
    """Of earlier releases the recipient alone tells; today the address may be another account's."""
    return (user_id == _USER) | (user_id.is_(None) & (recipient == _EMAIL))


OWNED: Final[Mapping[type[Base], Condition]] = {
    User: User.id == _USER,
    Address: Address.user_id == _USER,
    PaymentMethod: PaymentMethod.user_id == _USER,
    GatewayCustomer: GatewayCustomer.user_id == _USER,
    Session: Session.user_id == _USER,
    LinkedIdentity: LinkedIdentity.user_id == _USER,
    Passkey: Passkey.user_id == _USER,
    SecondFactor: SecondFactor.user_id == _USER,
    RecoveryCode: RecoveryCode.user_id == _USER,
    EmailProof: EmailProof.user_id == _USER,
    AccountNotice: _of_account(AccountNotice.user_id, AccountNotice.recipient),
    Cart: Cart.user_id == _USER,
    CartItem: CartItem.cart_id.in_(select(Cart.id).where(Cart.user_id == _USER)),
    WishlistItem: WishlistItem.user_id == _USER,
    Order: Order.user_id == _USER,
    OrderLine: OrderLine.order_id.in_(_ORDERS),
    OrderEvent: OrderEvent.order_id.in_(_ORDERS),
    Payment: Payment.order_id.in_(_ORDERS),
    Refund: Refund.order_id.in_(_ORDERS),
    Return: Return.user_id == _USER,
    Dispute: Dispute.order_id.in_(_ORDERS),
    CouponUse: CouponUse.user_id == _USER,
    LoyaltyAccount: LoyaltyAccount.user_id == _USER,
    PointsEntry: PointsEntry.user_id == _USER,
    Review: Review.user_id == _USER,
    BehaviorEvent: BehaviorEvent.user_id == _USER,
    SearchRow: SearchRow.user_id == _USER,
    ShownList: ShownList.user_id == _USER,
    SegmentMember: SegmentMember.user_id == _USER,
    Mail: Mail.order_id.in_(_ORDERS) | (_of_account(Mail.user_id, Mail.recipient) & Mail.order_id.is_(None)),
    AuditEntry: AuditEntry.actor_id == _USER,
}
"""Whose rows are a user's: all of these are in the export of what is known of them."""

NOT_EXPORTED: Final = {
    "idempotency_keys": "replies that the user had, kept for a day",
    "refresh_tokens": "hashes alone",
    "sign_in_challenges": "hashes of what a sign-in is finished with, for minutes",
    "sign_in_counts": "how many sign-ins failed, for two days",
    "events": "ids of what changed, for a week",
    "webhook_deliveries": "what the shop's own systems were told of the orders, which are exported",
}
"""Tables with columns of persons that are not exported, and why."""


def names(table: str, *, secret: bool) -> tuple[str, ...]:
    """The columns of a table, with or without its secrets."""
    each = COLUMNS[table].split()
    return tuple(name.rstrip(PERSONAL + SECRET) for name in each if secret or not name.endswith(SECRET))


def personal_names() -> dict[str, frozenset[str]]:
    """Of each table the columns that say something of a person, secrets too."""
    return {
        table: frozenset(
            name.rstrip(PERSONAL + SECRET) for name in columns.split() if not name.isidentifier()
        )
        for table, columns in COLUMNS.items()
    }
