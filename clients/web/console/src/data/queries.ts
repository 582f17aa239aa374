// What the console has read from the shop, and when it reads it again.
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Interceptor } from "@connectrpc/connect";
import { QueryClient } from "@tanstack/react-query";
import { AuthService } from "@sanset/client/gen/sanset/v1/auth_pb.js";

export const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 10_000, retry: false, structuralSharing: false }, // the client repeats what may be repeated
  },
});

/** What one worker of the shop writes the others know a quarter of a second later; the second time is for busy ones. */
const KNOWN_MS = [400, 2_000];

let timers: number[] = [];

/** Reads what the page shows anew once every worker knows of a write: whoever answered first may not have. */
export const readingAgain: Interceptor = (next) => async (request) => {
  const reply = await next(request);
  const isRead = request.method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  if (!isRead && request.service.typeName !== AuthService.typeName) {
    timers.forEach(clearTimeout);
    timers = KNOWN_MS.map((ms) => window.setTimeout(() => void queries.invalidateQueries(), ms));
  }
  return reply;
};
