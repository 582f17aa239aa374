// One id for one intention: saving the same values again, by a double click or after a lost reply, acts once.

/** A click that comes after the reply is still the same one. */
const AFTERMATH_MS = 2_000;

const ids = new Map<string, string>();

/** Calls `save` with the id of what is to be done; `intention` says all of it. Forgets the id once it is done. */
export async function once<T>(intention: unknown, save: (requestId: string) => Promise<T>): Promise<T> {
  const key = JSON.stringify(intention, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  let id = ids.get(key);
  if (id === undefined) {
    id = crypto.randomUUID();
    ids.set(key, id);
  }
  const reply = await save(id);
  setTimeout(() => ids.delete(key), AFTERMATH_MS);
  return reply;
}
