// The client in Node with TLS. FILES has certificates: "authority", and "shop" and "back-end" that it issued.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Http2SecureServer, type ServerHttp2Session, createSecureServer } from "node:http2";
import { type AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { Code } from "@connectrpc/connect";
import { createNodeClient } from "../src/node.js";

const { FILES = "." } = process.env;
const EMPTY_MESSAGE = Buffer.alloc(5);

const ca = pem("authority", "certificate");
const callers: unknown[] = [];
const sessions = new Set<ServerHttp2Session>();
let server: Http2SecureServer;
let shop = "";

function pem(whose: string, kind: "certificate" | "key"): Buffer {
  return readFileSync(join(FILES, whose, `${kind}.pem`));
}

before(async () => {
  const own = { cert: pem("shop", "certificate"), key: pem("shop", "key") };
  server = createSecureServer({ ...own, ca, requestCert: true, rejectUnauthorized: false });
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream) => {
    const socket = stream.session?.socket as TLSSocket;
    callers.push(socket.authorized ? socket.getPeerCertificate().subject.CN : undefined);
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(EMPTY_MESSAGE);
  });
  await new Promise<void>((listening) => server.listen(0, listening));
  shop = `https://localhost:${(server.address() as AddressInfo).port}`;
});

after(() => {
  for (const session of sessions) session.destroy(); // a client keeps its connection
  server.close();
});

test("a client trusts the authority that it is given, and shows its certificate", async () => {
  const tls = { ca, cert: pem("back-end", "certificate"), key: pem("back-end", "key") };
  await createNodeClient(shop, { tls }).catalog.listCategories({});
  await createNodeClient(shop, { tls: { ca } }).catalog.listCategories({});
  assert.deepEqual(callers, ["back-end", undefined]);
});

test("a shop of an authority that is not trusted is not called", async () => {
  callers.length = 0;
  const failure = createNodeClient(shop, { timeoutMs: 500 }).catalog.listCategories({});
  await assert.rejects(failure, (error: { code: Code }) => error.code !== Code.Unimplemented);
  assert.deepEqual(callers, []);
});
