"""Creates accounts for back ends, and gives them API keys, so that no user's password belongs in a program.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import empty_pb2, field_mask_pb2
from sanset.v1 import service_account_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare


def list_service_accounts(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the service accounts with their keys, the oldest first."""
    return prepare(
        service_account_pb2.ListServiceAccountsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def create_service_account(
    *,
    service_account: service_account_pb2.ServiceAccount | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Creates a service account, without a key, and returns it.

    Returns ALREADY_EXISTS (SERVICE_ACCOUNT_TAKEN), PERMISSION_DENIED (BEYOND_OWN_PERMISSIONS), and FAILED_PRECONDITION
    (TOO_MANY) beyond 200. A role that does not exist, or is built in, is INVALID_ARGUMENT.
    """
    return prepare(
        service_account_pb2.CreateServiceAccountRequest,
        timeout,
        metadata,
        service_account=service_account,
        request_id=request_id,
    )


def get_service_account(
    *,
    service_account_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a service account with its keys. Returns NOT_FOUND (SERVICE_ACCOUNT_NOT_FOUND)."""
    return prepare(
        service_account_pb2.GetServiceAccountRequest,
        timeout,
        metadata,
        service_account_id=service_account_id,
    )


def update_service_account(
    *,
    service_account: service_account_pb2.ServiceAccount | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a service account, and returns it. One that is not active is refused with every key.

    Over HTTP PUT replaces the account, PATCH changes what is sent, null clears. Returns NOT_FOUND
    (SERVICE_ACCOUNT_NOT_FOUND), ABORTED (STALE_ETAG), ALREADY_EXISTS (SERVICE_ACCOUNT_TAKEN), and PERMISSION_DENIED
    (BEYOND_OWN_PERMISSIONS).
    """
    return prepare(
        service_account_pb2.UpdateServiceAccountRequest,
        timeout,
        metadata,
        service_account=service_account,
        update_mask=update_mask,
        request_id=request_id,
    )


def add_api_key(
    *,
    service_account_id: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gives a service account another key, and returns it: the only time that the key itself is told.

    An account has two keys at most, so that one takes the other's place without a gap: add the new one, have all
    programs use it, and revoke the old one, whose `last_use_time` tells when nobody uses it any more. Returns NOT_FOUND
    (SERVICE_ACCOUNT_NOT_FOUND), PERMISSION_DENIED (BEYOND_OWN_PERMISSIONS), and FAILED_PRECONDITION (TOO_MANY).
    """
    return prepare(
        service_account_pb2.AddApiKeyRequest,
        timeout,
        metadata,
        service_account_id=service_account_id,
        request_id=request_id,
    )


def revoke_api_key(
    *,
    service_account_id: int | None = None,
    api_key_id: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Revokes a key of a service account: it is refused within 250 ms on every server, and streams that it opened end.

    Returns NOT_FOUND (SERVICE_ACCOUNT_NOT_FOUND, API_KEY_NOT_FOUND), and PERMISSION_DENIED (BEYOND_OWN_PERMISSIONS).
    """
    return prepare(
        service_account_pb2.RevokeApiKeyRequest,
        timeout,
        metadata,
        service_account_id=service_account_id,
        api_key_id=api_key_id,
        request_id=request_id,
    )


class ServiceAccountMethods:
    """Creates accounts for back ends, and gives them API keys, so that no user's password belongs in a program."""

    list_service_accounts = Unary("ListServiceAccounts", list_service_accounts, service_account_pb2.ListServiceAccountsResponse)
    iter_service_accounts = Items("ListServiceAccounts", list_service_accounts.request, service_account_pb2.ServiceAccount)
    create_service_account = Unary("CreateServiceAccount", create_service_account, service_account_pb2.ServiceAccount)
    get_service_account = Unary("GetServiceAccount", get_service_account, service_account_pb2.ServiceAccount)
    update_service_account = Unary("UpdateServiceAccount", update_service_account, service_account_pb2.ServiceAccount)
    add_api_key = Unary("AddApiKey", add_api_key, service_account_pb2.ApiKey)
    revoke_api_key = Unary("RevokeApiKey", revoke_api_key, empty_pb2.Empty)
