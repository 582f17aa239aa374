// Free facts of a record (a JSON object) as rows of a form, and back.
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

export interface Fact {
  name: string;
  /** As text; what is no text stands as JSON. */
  value: string;
}

export function readFacts(facts: JsonObject | undefined): Fact[] {
  return Object.entries(facts ?? {}).map(([name, value]) => ({ name, value: textOf(value) }));
}

export function toFacts(rows: readonly Partial<Fact>[] | null | undefined): JsonObject {
  const named = (rows ?? []).filter((row) => row.name);
  return Object.fromEntries(named.map(({ name = "", value }) => [name, valueOf(value ?? "")]));
}

/** A text that would be read as something else stands in quotes. */
function textOf(value: JsonValue): string {
  return typeof value === "string" && valueOf(value) === value ? value : JSON.stringify(value);
}

/** Numbers, true, false, null, lists and objects are written as in JSON; everything else is text. */
function valueOf(text: string): JsonValue {
  if (!/^\s*(-?\d|[[{"]|true$|false$|null$)/.test(text)) return text;
  try {
    const value = JSON.parse(text) as JsonValue;
    return typeof value === "number" && String(value) !== text.trim() ? text : value; // 007 and 1.50 stay as they are
  } catch {
    return text;
  }
}
