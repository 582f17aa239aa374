// The client in browsers: gRPC-Web through Envoy.
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { type ClientOptions, SansetClient } from "./client.js";

/** Makes a client that calls `baseUrl`, such as "https://shop.example.com". The page's origin is in CORS_ORIGINS. */
export function createWebClient(baseUrl: string, options?: ClientOptions): SansetClient {
  return new SansetClient(createGrpcWebTransport({ baseUrl }), options);
}
