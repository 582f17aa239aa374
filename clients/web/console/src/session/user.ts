// Who is signed in, and what they may do.
import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { AccessRule_Permission, access } from "@sanset/client/gen/sanset/v1/access_pb.js";
import type { User } from "@sanset/client/gen/sanset/v1/user_pb.js";
import type { Access } from "../resource";
import { shop } from "../shop";

let current: Promise<User> | undefined;

/** The account that is signed in; read once. */
export function currentUser(): Promise<User> {
  current ??= shop.users.getMe({}).catch((failure: unknown) => {
    current = undefined;
    throw failure;
  });
  return current;
}

/** Has the account read anew: somebody else signed in, or a role was changed. */
export function forgetUser(): void {
  current = undefined;
}

/** Whether the user may call an RPC, or any of several: whether they have the permission that the contract demands for it. */
export async function mayCall(rpcs: Access): Promise<boolean> {
  const needed = [rpcs].flat().map((method: DescMethod) => getOption(method, access).permission);
  if (needed.includes(AccessRule_Permission.PERMISSION_UNSPECIFIED)) return true;
  const { permissions } = await currentUser();
  return needed.some((permission) => permissions.includes(permission));
}
