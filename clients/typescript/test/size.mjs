// Prints the bytes, compressed with brotli, that a page loads for the client with its services.
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";

const stdin = {
  contents: 'export * from "./src/index.ts"; export * from "./src/web.ts";',
  resolveDir: import.meta.dirname + "/..",
};
const { outputFiles } = await build({ stdin, bundle: true, minify: true, format: "esm", target: "es2022", write: false });
console.log(brotliCompressSync(outputFiles[0].contents).length);
