// The permissions of the contract, in groups that people think in.
import type { Permission } from "./calls";
import type { en } from "./messages";

type Group = keyof typeof en.groups;

const GROUP_OF: Readonly<Record<Permission, Group>> = {
  MANAGE_ORDERS: "orders",
  MANAGE_REFUNDS: "orders",
  MANAGE_PRODUCTS: "catalog",
  MANAGE_CATEGORIES: "catalog",
  MANAGE_INVENTORY: "catalog",
  MANAGE_LOCATIONS: "catalog",
  MANAGE_REVIEWS: "catalog",
  MANAGE_PROMOTIONS: "promotion",
  MANAGE_SEARCH: "promotion",
  VIEW_ANALYTICS: "insight",
  MANAGE_MODELS: "insight",
  MANAGE_USERS: "people",
  MANAGE_ROLES: "people",
  VIEW_AUDIT_LOG: "people",
  VIEW_SETTINGS: "people",
  MANAGE_SERVICE_ACCOUNTS: "people",
  MANAGE_WEBHOOKS: "people",
};

/** Every permission that the contract has; the compiler says which one has no group. */
export const permissions = Object.keys(GROUP_OF) as Permission[];

export const groups: readonly (readonly [Group, readonly Permission[]])[] = [...new Set(Object.values(GROUP_OF))].map((group) => [
  group,
  permissions.filter((permission) => GROUP_OF[permission] === group),
]);
