// Which RPC stands behind each action.
import { pages, resources } from "./registry";
import type { Access } from "./resource";

const methods: ReadonlyMap<string, Access> = new Map([
  ...resources.flatMap(({ name, access }) =>
    Object.entries(access).flatMap(([action, method]) => (method ? [[`${name}.${action}`, method] as const] : [])),
  ),
  ...pages.map(({ name, access }) => [`${name}.list`, access] as const),
]);

/** The RPC that an action calls; undefined for one that nobody can do. */
export function accessOf(resource: string, action: string): Access | undefined {
  return methods.get(`${resource}.${action}`);
}
