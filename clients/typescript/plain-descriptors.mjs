// Writes the descriptors in the generated files smaller, so that a page loads a sixth less: as text in place of base64,
// which compresses much worse, and without what they say to generators of other languages, such as Java's packages.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

const directory = join(import.meta.dirname, "src/gen");
for (const name of readdirSync(directory, { recursive: true })) {
  if (!name.endsWith("_pb.ts")) continue;
  const file = join(directory, name);
  writeFileSync(file, readFileSync(file, "utf8").replace(/fileDesc\("([^"]+)"/, plain));
}

function plain(_, base64) {
  const descriptor = fromBinary(FileDescriptorProtoSchema, Buffer.from(base64, "base64"));
  descriptor.options = undefined;
  const bytes = Buffer.from(toBinary(FileDescriptorProtoSchema, descriptor));
  return `fileDesc(btoa(${JSON.stringify(bytes.toString("latin1"))})`;
}
