// Writes the tests as one file that Node runs: `node test/bundle.mjs FILE && node --test FILE`.
import { buildSync } from "esbuild";

buildSync({
  entryPoints: [`${import.meta.dirname}/values.test.ts`],
  outfile: process.argv[2],
  bundle: true,
  platform: "node",
  format: "esm",
  logLevel: "warning",
});
