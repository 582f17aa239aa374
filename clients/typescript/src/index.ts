// A typed client of the Sanset shop. `./web` and `./node` make one for where they run.
export { Code } from "@connectrpc/connect";
export { type ClientOptions, SansetClient } from "./client.js";
export { type FieldViolation, type Reason, SansetError } from "./errors.js";
export type { TokenStorage } from "./session.js";
export type { TrackOptions } from "./tracking.js";
