// The contract's facts about each RPC, read from its descriptor: who may call it, and whether it may be repeated.
import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { AccessRule_Level, access } from "./gen/sanset/v1/access_pb.js";
import { AuthService } from "./gen/sanset/v1/auth_pb.js";
import { CartService } from "./gen/sanset/v1/cart_pb.js";

/**
 * Whether repeating an RPC is safe: it is declared so, or every call of it has a request id. Signing out is safe as
 * well: a repeat is refused because the session is over, which is what was wanted.
 */
export function isRepeatable(method: DescMethod): boolean {
  const declared = method.idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN;
  return declared || takesRequestId(method) || method === AuthService.method.logout;
}

/** Whether the server reads an access token. */
export function isAuthorized(method: DescMethod): boolean {
  return getOption(method, access).level !== AccessRule_Level.PUBLIC;
}

/** Whether the request has a `request_id`, which makes its repeats one. */
export function takesRequestId(method: DescMethod): boolean {
  return "requestId" in method.input.field;
}

/** Whether the token of a guest's cart selects the cart. */
export function takesCartToken(method: DescMethod): boolean {
  const ofGuests =
    method.parent.typeName === CartService.typeName && getOption(method, access).level === AccessRule_Level.OPTIONAL;
  return ofGuests || mergesCart(method);
}

/** Whether a device on which the user signed in before is treated better. */
export function takesDeviceId(method: DescMethod): boolean {
  return method.parent.typeName === AuthService.typeName && !isAuthorized(method);
}

/** Whether the RPC moves a guest's cart into the caller's own. */
export function mergesCart(method: DescMethod): boolean {
  return "cartToken" in method.input.field;
}
