// Roles as records, and the calls behind them.
import { AccessRule_Permission } from "@sanset/client/gen/sanset/v1/access_pb.js";
import { type Role, RoleService } from "@sanset/client/gen/sanset/v1/role_pb.js";
import { readId, readTime, toId } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export type Permission = Exclude<keyof typeof AccessRule_Permission, "PERMISSION_UNSPECIFIED">;

export interface RoleRecord extends ConsoleRecord {
  name: string;
  description: string;
  permissions: Permission[];
  builtIn: boolean;
  updateTime: string | null;
}

const roles = shop.of(RoleService);

export const calls: Calls<RoleRecord> = {
  async list({ pageSize, pageToken, signal }) {
    const page = await roles.listRoles({ pageSize, pageToken }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await roles.getRole({ roleId: toId(id) }, { signal }));
  },

  async create({ name = "", description, permissions }, { requestId }) {
    return read(await roles.createRole({ role: { name, ...write(description, permissions) }, requestId }));
  },

  async update({ id, etag, description, permissions }, { requestId, paths }) {
    const role = { id: toId(id), etag: etag ?? "", ...write(description, permissions) };
    return read(await roles.updateRole({ role, updateMask: { paths }, requestId }));
  },

  async remove({ id, etag }, { requestId }) {
    await roles.deleteRole({ roleId: toId(id), etag: etag ?? "", requestId });
  },
};

function read(role: Role): RoleRecord {
  return {
    id: readId(role.id),
    etag: role.etag,
    name: role.name,
    description: role.description ?? "",
    permissions: role.permissions.map((permission) => AccessRule_Permission[permission] as Permission),
    builtIn: role.builtIn,
    updateTime: readTime(role.updateTime),
  };
}

function write(description: string | undefined, permissions: readonly Permission[] | undefined) {
  return { description: description ?? "", permissions: (permissions ?? []).map((name) => AccessRule_Permission[name]) };
}
