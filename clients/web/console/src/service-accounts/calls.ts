// Accounts of other systems as records, and the calls behind them.
import { type ApiKey, type ServiceAccount, ServiceAccountService } from "@sanset/client/gen/sanset/v1/service_account_pb.js";
import { readId, readTime, toId } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface ServiceAccountRecord extends ConsoleRecord {
  name: string;
  description: string;
  role: string;
  networks: string[];
  active: boolean;
  keys: Key[];
  createTime: string | null;
}

export interface Key {
  id: string;
  hint: string;
  createTime: string | null;
  lastUseTime: string | null;
}

/** Keys that an account may have. */
export const MOST_KEYS = 2;

const accounts = shop.of(ServiceAccountService);

export const calls: Calls<ServiceAccountRecord> = {
  async list({ pageSize, pageToken, signal }) {
    const page = await accounts.listServiceAccounts({ pageSize, pageToken }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await accounts.getServiceAccount({ serviceAccountId: toId(id) }, { signal }));
  },

  async create(values, { requestId }) {
    return read(await accounts.createServiceAccount({ serviceAccount: write(values), requestId }));
  },

  async update(values, { requestId, paths }) {
    const serviceAccount = { ...write(values), id: toId(values.id), etag: values.etag ?? "" };
    return read(await accounts.updateServiceAccount({ serviceAccount, updateMask: { paths }, requestId }));
  },
};

/** Returns the key, which is told only now. */
export async function addKey(accountId: string, requestId: string): Promise<string> {
  return (await accounts.addApiKey({ serviceAccountId: toId(accountId), requestId })).key;
}

export function revokeKey(accountId: string, keyId: string, requestId: string) {
  return accounts.revokeApiKey({ serviceAccountId: toId(accountId), apiKeyId: toId(keyId), requestId });
}

function read(account: ServiceAccount): ServiceAccountRecord {
  return {
    id: readId(account.id),
    etag: account.etag,
    name: account.name ?? "",
    description: account.description ?? "",
    role: account.role ?? "",
    networks: account.networks,
    active: account.active ?? true,
    keys: account.keys.map(readKey),
    createTime: readTime(account.createTime),
  };
}

function readKey(key: ApiKey): Key {
  return { id: readId(key.id), hint: key.hint, createTime: readTime(key.createTime), lastUseTime: readTime(key.lastUseTime) };
}

function write({ name, description, role, networks, active }: Partial<ServiceAccountRecord>) {
  return { name: name ?? "", description: description ?? "", role: role ?? "", networks: networks ?? [], active: active ?? true };
}
