"""Who calls and what they may do: values, read once from the verified token and passed down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final


class Permission(StrEnum):
    """What a role may do beyond its own account; the contract's AccessRule.Permission says what each one means."""

    MANAGE_PRODUCTS = "MANAGE_PRODUCTS"
    MANAGE_CATEGORIES = "MANAGE_CATEGORIES"
    MANAGE_INVENTORY = "MANAGE_INVENTORY"
    MANAGE_ORDERS = "MANAGE_ORDERS"
    MANAGE_MODELS = "MANAGE_MODELS"
    VIEW_ANALYTICS = "VIEW_ANALYTICS"
    MANAGE_PROMOTIONS = "MANAGE_PROMOTIONS"
    MANAGE_WEBHOOKS = "MANAGE_WEBHOOKS"
    MANAGE_SEARCH = "MANAGE_SEARCH"
    MANAGE_REVIEWS = "MANAGE_REVIEWS"
    MANAGE_LOCATIONS = "MANAGE_LOCATIONS"
    MANAGE_USERS = "MANAGE_USERS"
    MANAGE_ROLES = "MANAGE_ROLES"
    VIEW_AUDIT_LOG = "VIEW_AUDIT_LOG"
    MANAGE_SERVICE_ACCOUNTS = "MANAGE_SERVICE_ACCOUNTS"
    MANAGE_REFUNDS = "MANAGE_REFUNDS"
    VIEW_SETTINGS = "VIEW_SETTINGS"


@dataclass(frozen=True, slots=True)
class Role:
    """The name of a role, and what it may do.

    The three built-in ones are the same in every shop; others are rows, whose permissions a caller brings along.
    """

    CUSTOMER: ClassVar[Role]
    VENDOR: ClassVar[Role]
    ADMIN: ClassVar[Role]

    name: str
    permissions: frozenset[Permission] = frozenset()

    def __str__(self) -> str:
        """Its name."""
        return self.name


Role.CUSTOMER = Role("CUSTOMER")
Role.VENDOR = Role("VENDOR", frozenset({Permission.MANAGE_PRODUCTS, Permission.MANAGE_INVENTORY}))
Role.ADMIN = Role("ADMIN", frozenset(Permission))

BUILT_IN: Final = {role.name: role for role in (Role.CUSTOMER, Role.VENDOR, Role.ADMIN)}
"""By name. An admin has every permission, those too that come with a later release."""


_ABOUT_ORDERS: Final = frozenset({Permission.MANAGE_ORDERS, Permission.MANAGE_REFUNDS})


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in caller. `expires_at` is the access token's end, in seconds since the epoch."""

    user_id: int
    role: Role
    session_id: str
    expires_at: float
    is_service: bool = False
    """Whether it is a back end, with an API key."""
    lacks_second_factor: bool = False
    """Whether the role's permissions are withheld until the caller signs in with a second factor."""

    def may(self, permission: Permission) -> bool:
        """Whether the caller has a permission: a vendor for what is their own."""
        return permission in self.role.permissions

    def may_for_all(self, permission: Permission) -> bool:
        """Whether the caller has a permission for what is anybody's, and not just for what is their own."""
        return permission in self.role.permissions and self.role.name != Role.VENDOR.name

    @property
    def sees_all_orders(self) -> bool:
        """Whether everybody's orders, refunds and returns are the caller's business."""
        return not self.role.permissions.isdisjoint(_ABOUT_ORDERS)

    @property
    def is_vendor(self) -> bool:
        """Whether the products that the caller creates are their own."""
        return self.role.name == Role.VENDOR.name
