"""Keeps what users say about themselves: their profile, their addresses and how they pay.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.api import httpbody_pb2
from google.protobuf import empty_pb2, field_mask_pb2
from sanset.v1 import payment_method_pb2, user_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Stream, Unary, prepare


def get_me(
    *,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the caller's own account."""
    return prepare(
        user_pb2.GetMeRequest,
        timeout,
        metadata,
    )


def update_me(
    *,
    user: user_pb2.User | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates the caller's own account, and returns it.

    Changes `full_name`, `phone`, `preferences` and `metadata`: over HTTP PUT all four, PATCH those that are sent, null
    clears. Another path in the mask is INVALID_ARGUMENT. A stale etag is ABORTED (STALE_ETAG).
    """
    return prepare(
        user_pb2.UpdateMeRequest,
        timeout,
        metadata,
        user=user,
        update_mask=update_mask,
        request_id=request_id,
    )


def export_my_data(
    *,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Streams all that is stored of the caller, as JSON lines: {"table": "orders", "row": {…}}.

    The pieces are to be joined. Times are UTC, amounts in minor units, as they are stored; secrets (the password, tokens
    of payment gateways, codes) are left out. A file that cannot be completed ends with the status of its failure, over
    HTTP as a broken transfer.
    """
    return prepare(
        user_pb2.ExportMyDataRequest,
        timeout,
        metadata,
    )


def delete_my_account(
    *,
    current_password: str | None = None,
    code: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes the caller's account for good, and ends all of its sessions.

    Send the current password; where the account has a second factor, a code of it. A POST, as proxies drop the bodies of
    DELETE, and a password does not belong in an address. Everything personal is erased within minutes: the profile,
    addresses, saved payment methods, cart, wishlist, reviews, behaviour, mails. Orders stay with their amounts, for the
    books, without a name or an address. Those that are paid are still delivered, and erased when they have ended;
    unpaid ones are cancelled. Points lapse. The e-mail address is free at once, for another account.

    Returns INVALID_ARGUMENT for a wrong password or code (CURRENT_PASSWORD_WRONG, SECOND_FACTOR_CODE_WRONG), counted as
    in Login; FAILED_PRECONDITION when the other one of both is needed (DELETION_NEEDS_CODE, SECOND_FACTOR_MISSING), the
    account has neither (PASSWORD_MISSING), is the last admin's (LAST_ADMIN), or has products (VENDOR_HAS_PRODUCTS).
    Whoever repeats it later is UNAUTHENTICATED: it is done.
    """
    return prepare(
        user_pb2.DeleteMyAccountRequest,
        timeout,
        metadata,
        current_password=current_password,
        code=code,
        request_id=request_id,
    )


def list_addresses(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the caller's addresses, the default first, then the newest."""
    return prepare(
        user_pb2.ListAddressesRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def get_address(
    *,
    address_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets one of the caller's addresses. Returns NOT_FOUND (ADDRESS_NOT_FOUND), also for another user's."""
    return prepare(
        user_pb2.GetAddressRequest,
        timeout,
        metadata,
        address_id=address_id,
    )


def create_address(
    *,
    address: user_pb2.Address | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Creates an address of the caller, and returns it.

    The first address becomes the default. Returns FAILED_PRECONDITION (TOO_MANY) beyond 50 addresses.
    """
    return prepare(
        user_pb2.CreateAddressRequest,
        timeout,
        metadata,
        address=address,
        request_id=request_id,
    )


def update_address(
    *,
    address: user_pb2.Address | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates one of the caller's addresses, and returns it.

    Over HTTP PUT replaces the address, PATCH changes what is sent, null clears. A stale etag is ABORTED (STALE_ETAG).
    Returns NOT_FOUND when it does not exist or is another user's. Orders keep the address they were
    placed with. Exactly one address is the default: to change it, set `is_default` on another.
    """
    return prepare(
        user_pb2.UpdateAddressRequest,
        timeout,
        metadata,
        address=address,
        update_mask=update_mask,
        request_id=request_id,
    )


def delete_address(
    *,
    address_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes one of the caller's addresses.

    Returns NOT_FOUND when it does not exist or is another user's. When the default goes, the newest of the
    others becomes the default.
    """
    return prepare(
        user_pb2.DeleteAddressRequest,
        timeout,
        metadata,
        address_id=address_id,
        etag=etag,
        request_id=request_id,
    )


def list_payment_methods(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the caller's saved payment methods, the default first."""
    return prepare(
        payment_method_pb2.ListPaymentMethodsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def get_payment_method(
    *,
    payment_method_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets one of the caller's saved payment methods. Returns NOT_FOUND (PAYMENT_METHOD_NOT_FOUND), also for another
    user's.
    """
    return prepare(
        payment_method_pb2.GetPaymentMethodRequest,
        timeout,
        metadata,
        payment_method_id=payment_method_id,
    )


def create_payment_method(
    *,
    payment_method: payment_method_pb2.PaymentMethod | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Saves a way to pay, by the token that a payment gateway gave for it, and returns it, without the token.

    What looks like a card number is INVALID_ARGUMENT (CARD_NUMBER_REFUSED). Returns FAILED_PRECONDITION (TOO_MANY)
    beyond 20.
    """
    return prepare(
        payment_method_pb2.CreatePaymentMethodRequest,
        timeout,
        metadata,
        payment_method=payment_method,
        request_id=request_id,
    )


def update_payment_method(
    *,
    payment_method: payment_method_pb2.PaymentMethod | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a saved payment method, and returns it: `is_default` makes it the one to offer first.

    What it stands for never changes: save another one. Exactly one is the default: to change it, set `is_default` on
    another. Returns NOT_FOUND (PAYMENT_METHOD_NOT_FOUND), ABORTED (STALE_ETAG).
    """
    return prepare(
        payment_method_pb2.UpdatePaymentMethodRequest,
        timeout,
        metadata,
        payment_method=payment_method,
        update_mask=update_mask,
        request_id=request_id,
    )


def delete_payment_method(
    *,
    payment_method_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes a saved payment method. Returns NOT_FOUND (PAYMENT_METHOD_NOT_FOUND)."""
    return prepare(
        payment_method_pb2.DeletePaymentMethodRequest,
        timeout,
        metadata,
        payment_method_id=payment_method_id,
        etag=etag,
        request_id=request_id,
    )


class UserMethods:
    """Keeps what users say about themselves: their profile, their addresses and how they pay."""

    get_me = Unary("GetMe", get_me, user_pb2.User)
    update_me = Unary("UpdateMe", update_me, user_pb2.User)
    export_my_data = Stream("ExportMyData", export_my_data, httpbody_pb2.HttpBody)
    delete_my_account = Unary("DeleteMyAccount", delete_my_account, empty_pb2.Empty)
    list_addresses = Unary("ListAddresses", list_addresses, user_pb2.ListAddressesResponse)
    iter_addresses = Items("ListAddresses", list_addresses.request, user_pb2.Address)
    get_address = Unary("GetAddress", get_address, user_pb2.Address)
    create_address = Unary("CreateAddress", create_address, user_pb2.Address)
    update_address = Unary("UpdateAddress", update_address, user_pb2.Address)
    delete_address = Unary("DeleteAddress", delete_address, empty_pb2.Empty)
    list_payment_methods = Unary("ListPaymentMethods", list_payment_methods, payment_method_pb2.ListPaymentMethodsResponse)
    iter_payment_methods = Items("ListPaymentMethods", list_payment_methods.request, payment_method_pb2.PaymentMethod)
    get_payment_method = Unary("GetPaymentMethod", get_payment_method, payment_method_pb2.PaymentMethod)
    create_payment_method = Unary("CreatePaymentMethod", create_payment_method, payment_method_pb2.PaymentMethod)
    update_payment_method = Unary("UpdatePaymentMethod", update_payment_method, payment_method_pb2.PaymentMethod)
    delete_payment_method = Unary("DeletePaymentMethod", delete_payment_method, empty_pb2.Empty)
