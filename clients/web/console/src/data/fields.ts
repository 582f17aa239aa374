// The names of fields: in forms as in the console's records, in the contract as in the protos.
import type { Calls, ConsoleRecord } from "../resource";

type Names = Calls<ConsoleRecord>["fields"];

/** What the contract calls the top-level fields in which two records differ. */
export function changedPaths(values: object, previous: object, names: Names = {}): string[] {
  const before = new Map(Object.entries(previous));
  const changed = Object.entries(values).filter(([name, value]) => !isSame(value, before.get(name)));
  return [...new Set(changed.flatMap(([name]) => names[name] ?? toSnakeCase(name)))];
}

/** The field of a form that a path of the contract is about: "coupon.min_purchase.units" is "minPurchase". */
export function sourceOf(path: string, names: Names = {}): string {
  const parts = path.replace(/\[(\d+)\]/g, ".$1").replace(PARTS_OF_VALUES, "").split(".");
  // The first is the record, unless it is a list of the request's own, or stands alone.
  const below = parts.length < 2 || /^\d+$/.test(parts[1] ?? "") ? parts.join(".") : parts.slice(1).join(".");
  const named = Object.entries(names).flatMap(([source, name]) => [name].flat().map((each) => [source, each] as const));
  const own = named.filter(([source]) => typeof names[source] === "string");
  // A field that stands for several in the contract is found after those that have a name of their own.
  for (const [source, name] of [...own, ...named]) {
    if (below === name || below.startsWith(`${name}.`)) return source + toCamelCase(below.slice(name.length));
  }
  return toCamelCase(below);
}

/** Amounts and times are one field each. */
const PARTS_OF_VALUES = /\.(currency_code|units|nanos|seconds)$/;

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left ?? "") === JSON.stringify(right ?? ""); // nothing typed is nothing, however it is written
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toCamelCase(path: string): string {
  return path.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
