// The client in Node: gRPC.
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type ClientOptions, SansetClient } from "./client.js";

/** Makes a client that calls `baseUrl`: "https://shop.example.com", or without TLS "http://localhost:50051". */
export function createNodeClient(baseUrl: string, options?: ClientOptions): SansetClient {
  return new SansetClient(createGrpcTransport({ baseUrl }), options);
}
