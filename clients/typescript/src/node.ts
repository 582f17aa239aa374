// The client in Node: gRPC.
import type { SecureContextOptions } from "node:tls";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type ClientOptions, SansetClient } from "./client.js";

/** How a client in Node behaves; all of it may be left out. */
export interface NodeClientOptions extends ClientOptions {
  /**
   * For "https://…", in PEM: `ca` is the authority that is trusted in place of the system's, `cert` and `key` say who
   * calls where the shop demands client certificates.
   */
  readonly tls?: Pick<SecureContextOptions, "ca" | "cert" | "key">;
}

/** Makes a client that calls `baseUrl`: "https://shop.example.com", or without TLS "http://localhost:50051". */
export function createNodeClient(baseUrl: string, { tls, ...options }: NodeClientOptions = {}): SansetClient {
  return new SansetClient(createGrpcTransport({ baseUrl, nodeOptions: { ...tls } }), options);
}
