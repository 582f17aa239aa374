// react-admin's door to the shop: each resource brings its own calls.
import type { DataProvider, GetListParams, Identifier } from "react-admin";
import { Code } from "@sanset/client";
import { resources } from "../registry";
import type { Calls, ConsoleRecord } from "../resource";
import { changedPaths } from "./fields";
import { PageTokens } from "./pageTokens";
import { Refusal, refusing } from "./refusals";
import { once } from "./requestIds";

const callsByName: ReadonlyMap<string, Calls<ConsoleRecord>> = new Map(resources.map(({ name, calls }) => [name, calls]));
const tokens = new PageTokens();

/** The page sizes of the shop. */
const MOST_ON_A_PAGE = 100;

async function getList(resource: string, { pagination, sort, filter = {}, signal }: GetListParams) {
  const { list, fields } = callsOf(resource, "list");
  const { page: number, perPage } = pagination ?? { page: 1, perPage: 25 };
  const query = {
    pageSize: Math.min(perPage, MOST_ON_A_PAGE),
    filter: filter as Record<string, unknown>,
    sort: sort ?? { field: "id", order: "DESC" as const },
    signal,
  };
  const key = JSON.stringify([resource, query.pageSize, query.filter, query.sort]);
  const read = (pageToken: string) => refusing(list({ ...query, pageToken }), fields);
  const page = await tokens.page(key, number, read);
  const isLast = page.nextPageToken === "";
  const total = page.total ?? (isLast ? (number - 1) * query.pageSize + page.items.length : undefined);
  return { data: page.items, total, pageInfo: { hasNextPage: !isLast, hasPreviousPage: number > 1 } };
}

async function getOne(resource: string, id: Identifier, signal?: AbortSignal): Promise<ConsoleRecord> {
  const { get, fields } = callsOf(resource, "get");
  return refusing(get(String(id), signal), fields);
}

/** What does not exist any more is left out. */
async function getMany(resource: string, ids: readonly Identifier[], signal?: AbortSignal): Promise<ConsoleRecord[]> {
  const { many, fields } = callsOf(resource, "get");
  if (many !== undefined) {
    const parts = Array.from({ length: Math.ceil(ids.length / MOST_ON_A_PAGE) }, (_, part) =>
      ids.slice(part * MOST_ON_A_PAGE, (part + 1) * MOST_ON_A_PAGE).map(String),
    );
    return (await Promise.all(parts.map((part) => refusing(many(part, signal), fields)))).flat();
  }
  const read = async (id: Identifier) => {
    try {
      return await getOne(resource, id, signal);
    } catch (failure) {
      if (failure instanceof Refusal && failure.status === Code.NotFound) return undefined;
      throw failure;
    }
  };
  return (await Promise.all(ids.map(read))).filter((record) => record !== undefined);
}

async function create(resource: string, values: Partial<ConsoleRecord>): Promise<ConsoleRecord> {
  const { create: send, fields } = callsOf(resource, "create");
  return refusing(
    once([resource, "create", values], (requestId) => send(values, { requestId })),
    fields,
  );
}

async function update(resource: string, values: ConsoleRecord, previous: ConsoleRecord): Promise<ConsoleRecord> {
  const { update: send, fields } = callsOf(resource, "update");
  const paths = changedPaths(values, previous, fields);
  if (paths.length === 0) return previous;
  return refusing(
    once([resource, "update", values], (requestId) => send(values, { requestId, previous, paths })),
    fields,
  );
}

async function remove(resource: string, record: ConsoleRecord): Promise<ConsoleRecord> {
  const { remove: send, fields } = callsOf(resource, "remove");
  await refusing(
    once([resource, "delete", record.id], (requestId) => send(record, { requestId })),
    fields,
  );
  return record;
}

type Verb = "list" | "get" | "create" | "update" | "remove";

function callsOf<V extends Verb>(resource: string, verb: V): Calls<ConsoleRecord> & Required<Pick<Calls<ConsoleRecord>, V>> {
  const calls = callsByName.get(resource);
  if (calls?.[verb] === undefined) throw new Error(`the resource ${resource} has no ${verb}`);
  return calls as Calls<ConsoleRecord> & Required<Pick<Calls<ConsoleRecord>, V>>;
}

/** One after another: each is a call of its own, and the first that is refused stops them. */
async function each<T>(items: readonly T[], act: (item: T) => Promise<ConsoleRecord>): Promise<Identifier[]> {
  const done: Identifier[] = [];
  for (const item of items) done.push((await act(item)).id);
  return done;
}

// react-admin lets each call name the type of its records; here the resource's name decides it.
export const dataProvider = {
  supportAbortSignal: true,
  getList,
  getOne: async (resource, { id, signal }) => ({ data: await getOne(resource, id, signal) }),
  getMany: async (resource, { ids, signal }) => ({ data: await getMany(resource, ids, signal) }),
  getManyReference: (resource, { target, id, filter, ...params }) =>
    getList(resource, { ...params, filter: { ...filter, [target]: id } }),
  create: async (resource, { data }) => ({ data: await create(resource, data) }),
  update: async (resource, { id, data, previousData }) => ({
    data: await update(resource, { ...data, id: String(id) }, { ...previousData, id: String(id) }),
  }),
  updateMany: async (resource, { ids, data }) => ({
    data: await each(ids, async (id) => {
      const record = await getOne(resource, id);
      return update(resource, { ...record, ...data }, record);
    }),
  }),
  delete: async (resource, { id, previousData }) => ({
    data: await remove(resource, { ...previousData, id: String(id) }),
  }),
  deleteMany: async (resource, { ids }) => ({
    data: await each(ids, async (id) => remove(resource, await getOne(resource, id))),
  }),
} as DataProvider;
