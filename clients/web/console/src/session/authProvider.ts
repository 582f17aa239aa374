// Tells react-admin who is signed in and what they may do.
import type { AuthProvider } from "react-admin";
import { Code, SansetError } from "@sanset/client";
import { accessOf } from "../access";
import { sentenceOf } from "../data/refusals";
import { shop } from "../shop";
import { signInByPasskey } from "./passkey";
import { sessionEnd } from "./sessionEnd";
import { currentUser, forgetUser, mayCall } from "./user";

/** How somebody signs in. */
export type SignIn = { readonly passkey: true } | { readonly name: string; readonly password: string; readonly code: string };

/** Signs in somebody who works for the shop. Rejects with `SansetError`, or `NotStaff`. */
export async function signIn(way: SignIn): Promise<void> {
  if ("passkey" in way) await signInByPasskey();
  else await shop.login(way.name, way.password, way.code);
  forgetUser();
  await admitStaff();
  sessionEnd.resolve();
}

/** An account that may do nothing here signed in. */
export class NotStaff extends Error {
  constructor() {
    super("console.session.notStaff");
  }
}

async function admitStaff(): Promise<void> {
  const user = await currentUser();
  if (user.permissions.length > 0) return;
  forgetUser();
  await shop.logout();
  throw new NotStaff();
}

export const authProvider: AuthProvider = {
  login: (way: SignIn) => signIn(way),

  async logout() {
    await shop.logout();
    forgetUser();
    sessionEnd.resolve();
  },

  async checkAuth() {
    if (sessionEnd.isOver) return; // its user signs in over the page
    if (!shop.signedIn) throw new Error("console.session.signInFirst");
    try {
      await admitStaff();
    } catch (failure) {
      if (failure instanceof NotStaff) throw failure;
      // A shop that does not answer ends no session; the page says what is the matter.
    }
  },

  async checkError(failure: unknown) {
    const cause = failure instanceof Error ? (failure.cause ?? failure) : failure;
    if (!(cause instanceof SansetError)) return;
    if (cause.code === Code.Unauthenticated) sessionEnd.announce();
    if (cause.code === Code.PermissionDenied) forgetUser(); // a role was changed
  },

  async getIdentity() {
    const user = await currentUser();
    return { id: user.id.toString(), fullName: user.fullName || user.email, role: user.roleName };
  },

  async getPermissions() {
    return (await currentUser()).permissions;
  },

  async canAccess({ resource, action }) {
    const method = accessOf(resource, action);
    if (method === undefined) return false;
    try {
      return await mayCall(method);
    } catch (failure) {
      throw new Error(sentenceOf(failure), { cause: failure });
    }
  },
};
