// Files on their way to the shop. gRPC-Web sends no streams, so the calls that take a file go by their HTTP form.
import { type DescMessage, type DescMethod, type JsonObject, create, createRegistry, fromJson, toJson } from "@bufbuild/protobuf";
import { type StreamResponse, type Transport, Code, ConnectError } from "@connectrpc/connect";
import { HttpBodySchema } from "@sanset/client/gen/google/api/httpbody_pb.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  LocalizedMessageSchema,
  RetryInfoSchema,
} from "@sanset/client/gen/google/rpc/error_details_pb.js";
import { ImportProductsRequestSchema, ImportService } from "@sanset/client/gen/sanset/v1/import_pb.js";
import { MediaService, UploadImageRequestSchema } from "@sanset/client/gen/sanset/v1/media_pb.js";

/** Where a file goes by HTTP; `of` is what the call says beside it. */
const ADDRESSES: ReadonlyMap<DescMethod, (of: JsonObject) => string> = new Map<DescMethod, (of: JsonObject) => string>([
  [MediaService.method.uploadImage, ({ productId, ...rest }) => `/api/v1/products/${String(productId)}/images?${query(rest)}`],
  [ImportService.method.importProducts, (rest) => `/api/v1/admin/products/bulk-upload?${query(rest)}`],
]);

const DETAILS = createRegistry(
  BadRequestSchema,
  ErrorInfoSchema,
  LocalizedMessageSchema,
  RetryInfoSchema,
);

/** A transport that sends the files of the calls that take one; every other call goes as it did. */
export function sendingFiles(inner: Transport, baseUrl: string, language: () => string): Transport {
  return {
    unary: (...call) => inner.unary(...call),
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const addressOf = ADDRESSES.get(method);
      if (addressOf === undefined) return inner.stream(method, signal, timeoutMs, header, input, contextValues);
      const { data, rest } = await read(input);
      const headers = new Headers(header);
      headers.set("accept-language", language());
      headers.set("content-type", "application/octet-stream");
      const reply = await fetch(baseUrl + addressOf(rest), { method: "POST", headers, body: data, signal: signal ?? null });
      const text = await reply.text();
      if (!reply.ok) throw refusalOf(text);
      const message = fromJson(method.output, JSON.parse(text), { ignoreUnknownFields: true });
      return {
        stream: true,
        service: method.parent,
        method,
        header: reply.headers,
        trailer: new Headers(),
        message: one(message),
      } as unknown as StreamResponse<DescMessage, DescMessage> as never; // its types are the method's own
    },
  };
}

async function* one<T>(message: T): AsyncIterable<T> {
  yield message;
}

type FileRequest = { readonly file?: { readonly data?: Uint8Array } };

/** The file, and what goes with it in JSON. */
async function read(input: AsyncIterable<object>): Promise<{ data: Blob; rest: JsonObject }> {
  const parts: BlobPart[] = [];
  let rest: JsonObject = {};
  for await (const piece of input as AsyncIterable<FileRequest>) {
    const { file, ...said } = piece;
    if (file?.data !== undefined) parts.push(file.data as Uint8Array<ArrayBuffer>);
    if (parts.length <= 1) rest = inJson(said);
  }
  return { data: new Blob(parts), rest };
}

function inJson(said: object): JsonObject {
  const schema = "productId" in said ? UploadImageRequestSchema : ImportProductsRequestSchema;
  return toJson(schema, create(schema, { ...said, file: create(HttpBodySchema) })) as JsonObject;
}

function query({ file: _, ...fields }: JsonObject): string {
  return new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString();
}

/** What the shop refused, as it stands in a body: the status of gRPC in JSON. */
function refusalOf(text: string): ConnectError {
  let status: JsonObject;
  try {
    status = JSON.parse(text) as JsonObject;
  } catch {
    return new ConnectError("the shop gave no answer that can be read", Code.Unavailable);
  }
  const code = typeof status["code"] === "number" ? (status["code"] as Code) : Code.Unknown;
  const error = new ConnectError(String(status["message"] ?? ""), code);
  for (const detail of Array.isArray(status["details"]) ? (status["details"] as JsonObject[]) : []) {
    const { "@type": address, ...value } = detail;
    const desc = DETAILS.getMessage(String(address).split("/").at(-1) ?? "");
    if (desc !== undefined) error.details.push({ desc, value: create(desc, fromJson(desc, value, { ignoreUnknownFields: true })) as never });
  }
  return error;
}
