"""How everything personal is erased of an account that was deleted: one declaration for all tables.

`server/exports/personal_columns.py` says which columns are personal; the tests fail where one of them is not here.
The job erases by it, `sanset verify` looks by it for what was left, and the account's own row is emptied by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from sqlalchemy import String, and_, exists, literal, or_
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import aliased

from server.audit.models import AuditEntry
from server.auth.federated.models import LinkedIdentity
from server.auth.models import RefreshToken, Session, SignInChallenge, SignInCount
from server.auth.passkeys.models import Passkey
from server.auth.recovery.models import AccountNotice, EmailProof
from server.auth.recovery.notices import NoticeKind
from server.auth.second_factor.models import RecoveryCode, SecondFactor
from server.cart.models import Cart, WishlistItem
from server.mail.models import Mail
from server.order.models import Order, OrderEvent
from server.order.status import ON_THE_WAY, RETURN_REQUESTED
from server.payment.models import Dispute, GatewayCustomer, Payment
from server.payment.status import OPEN, PENDING
from server.privacy import rewriting
from server.privacy.how import OF_ORDER, OF_SESSION, Column, Condition, Parent, TableErasure
from server.recommend.feedback.models import BehaviorEvent, ShownList
from server.refund.models import Refund, Return
from server.repeats.models import IdempotencyKey
from server.review.models import Review
from server.search.analytics.models import SearchRow
from server.segment.models import SegmentMember
from server.user.models import Address, PaymentMethod, User
from server.webhooks.models import WebhookDelivery

ACCOUNT: Final[Mapping[str, object]] = {
    "email": "",
    # Not an address: nobody is found by it, and another account may have the one that was here.
    "email_key": literal("deleted ").concat(sql_cast(User.id, String)),
    "username": None,
    "username_key": None,
    "full_name": "",
    "phone": "",
    "sealed_phone": None,
    "phone_key": None,
    "password_hash": None,
    "preferences": {},
    "custom_metadata": None,
}
"""What stands in the row of an account that was deleted, from that moment on."""


def _is_open(order_id: Column) -> Condition:
    """Whether an order still goes on: until then it needs the address, and its staff what was said of it."""
    order, payment, refund, dispute = aliased(Order), aliased(Payment), aliased(Refund), aliased(Dispute)
    return exists().where(
        order.id == order_id,
        or_(
            order.status.in_([*sorted(ON_THE_WAY), RETURN_REQUESTED]),
            exists().where(payment.order_id == order.id, payment.status == PENDING),
            exists().where(refund.order_id == order.id, refund.status == PENDING),
            exists().where(dispute.order_id == order.id, dispute.status == OPEN),
        ),
    )


def _column(attribute: object) -> Column:
    return cast(Column, attribute)


_FAREWELL: Final = NoticeKind.ACCOUNT_DELETED.value

_ACCOUNTS: Final = (
    TableErasure(mapped=User, owner=_column(User.id), emptied=ACCOUNT),
    TableErasure(mapped=LinkedIdentity, owner=_column(LinkedIdentity.user_id)),
    TableErasure(mapped=Passkey, owner=_column(Passkey.user_id)),
    TableErasure(mapped=SignInChallenge, owner=_column(SignInChallenge.user_id)),
    TableErasure(mapped=RecoveryCode, owner=_column(RecoveryCode.user_id)),
    TableErasure(mapped=SecondFactor, owner=_column(SecondFactor.user_id)),
    TableErasure(mapped=EmailProof, owner=_column(EmailProof.user_id)),
    TableErasure(mapped=SignInCount, owner=_column(SignInCount.user_id)),
    TableErasure(mapped=RefreshToken, owner=_column(RefreshToken.session_id), parent=OF_SESSION),
    # The rows stay until no token of theirs is good any more, so that workers that start refuse them.
    TableErasure(
        mapped=Session,
        owner=_column(Session.user_id),
        emptied={"device": "", "ip": "", "signed_in_from": None},
    ),
    TableErasure(
        mapped=AccountNotice,
        owner=_column(AccountNotice.user_id),
        waits=AccountNotice.kind == _FAREWELL,
    ),
    TableErasure(
        mapped=Mail,
        owner=_column(Mail.user_id),
        waits=and_(Mail.kind == _FAREWELL, Mail.status == "PENDING"),
    ),
    TableErasure(mapped=Mail, owner=_column(Mail.order_id), parent=OF_ORDER),
    TableErasure(mapped=Address, owner=_column(Address.user_id)),
    TableErasure(mapped=PaymentMethod, owner=_column(PaymentMethod.user_id)),
    TableErasure(mapped=Cart, owner=_column(Cart.user_id)),
    TableErasure(mapped=Cart, owner=_column(Cart.merged_user_id)),
    TableErasure(mapped=WishlistItem, owner=_column(WishlistItem.user_id)),
    TableErasure(mapped=SegmentMember, owner=_column(SegmentMember.user_id)),
    TableErasure(mapped=IdempotencyKey, owner=_column(IdempotencyKey.user_id)),
)

# What a device did before its user signed in there became theirs, or is linked to nobody.
_BEHAVIOR: Final = tuple(
    TableErasure(mapped=mapped, owner=_column(mapped.user_id))
    for mapped in (SearchRow, ShownList, BehaviorEvent)
)

_ORDERS: Final = (
    TableErasure(
        mapped=WebhookDelivery,
        owner=_column(WebhookDelivery.order_id),
        parent=OF_ORDER,
        emptied={"body": rewriting.BODY_OF_NOBODY},
        waits=or_(WebhookDelivery.status == "PENDING", _is_open(_column(WebhookDelivery.order_id))),
    ),
    TableErasure(
        mapped=Order,
        owner=_column(Order.user_id),
        emptied={"custom_metadata": None, "tracking_number": ""},
        rewritten=("address", "shipments"),
        rewrite=rewriting.order_of_nobody,
        left=rewriting.ORDER_IS_LEFT,
        waits=_is_open(_column(Order.id)),
    ),
    TableErasure(
        mapped=OrderEvent,
        owner=_column(OrderEvent.order_id),
        parent=OF_ORDER,
        rewritten=("message", "location", "facts"),
        rewrite=rewriting.step_of_nobody,
        left=rewriting.STEP_IS_LEFT,
        waits=_is_open(_column(OrderEvent.order_id)),
    ),
    TableErasure(
        mapped=Payment,
        owner=_column(Payment.order_id),
        parent=OF_ORDER,
        emptied={"token": "", "payment_url": ""},
        waits=_is_open(_column(Payment.order_id)),
        stays={"gateway_id": "the payment's number in the gateway's books: refunds and disputes name it"},
    ),
    TableErasure(
        mapped=Refund,
        owner=_column(Refund.order_id),
        parent=OF_ORDER,
        emptied={"reason": ""},
        waits=_is_open(_column(Refund.order_id)),
    ),
    TableErasure(
        mapped=Return,
        owner=_column(Return.user_id),
        emptied={"reason": "", "answer": ""},
        waits=_is_open(_column(Return.order_id)),
    ),
)

BY_STATEMENT: Final = (*_ACCOUNTS, *_BEHAVIOR, *_ORDERS)
"""In this order, a chunk of rows at a time."""

REVIEWS: Final = TableErasure(mapped=Review, owner=_column(Review.user_id))
"""Deleted by their own rule, as products count them."""
CUSTOMERS: Final = TableErasure(mapped=GatewayCustomer, owner=_column(GatewayCustomer.user_id))
"""Deleted once the gateway has forgotten them."""


_ENTRY_IS_LEFT: Final = or_(AuditEntry.address != "", sql_cast(AuditEntry.details, String) != "{}")
_SUBJECT: Final = Parent(User, "user/" + sql_cast(User.id, String), _column(User.id))
AUDIT: Final = tuple(
    TableErasure(
        mapped=AuditEntry,
        owner=_column(owner),
        parent=parent,
        emptied={"address": "", "details": {}, "personal_salt": None},
        left=and_(_ENTRY_IS_LEFT, *conditions),
        stays={"personal_digest": "of values that are gone, with a salt that is gone"},
    )
    for owner, parent, conditions in (
        (AuditEntry.actor_id, None, ()),
        (AuditEntry.subject, _SUBJECT, (AuditEntry.actor_id.is_(None),)),
    )
)
"""Erased by the log's own rule, which says that it was done. What staff did holds nothing personal."""

PLAN: Final = (*BY_STATEMENT, *AUDIT, REVIEWS, CUSTOMERS)
"""All tables of which something is erased."""

NOT_PLANNED: Final[Mapping[str, str]] = {
    "disputes": "a word of the bank's list of reasons, which the shop's answer to the bank refers to",
    "events": "ids of what changed: those of the user and their orders are deleted by the job, others with age",
}
"""Tables with personal columns that are not in the plan, and why."""
