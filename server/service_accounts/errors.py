"""Refusals of the service accounts."""

from __future__ import annotations

from server.errors import AlreadyExists, NotFound, PermissionDenied, Unauthenticated


class ServiceAccountNotFound(NotFound):
    """No such service account."""

    message = "There is no service account {service_account_id}."


class ServiceAccountTaken(AlreadyExists):
    """Another service account has the name."""

    message = "There is another service account {name}: choose another name."


class ApiKeyNotFound(NotFound):
    """The service account has no such key."""

    message = "The service account has no key {api_key_id}."


class ApiKeyInvalid(Unauthenticated):
    """One sentence for every flaw, so that a thief learns nothing."""

    message = "The API key is not valid, or not any more."
    challenge = 'Bearer error="invalid_token"'


class AddressNotAllowed(PermissionDenied):
    """The key is good, and used from elsewhere than its account may call from."""

    message = "This API key may not be used from the address {address}."
