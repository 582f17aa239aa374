// How the pages are built: the same for each directory beside this file.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin, UserConfig } from "vite";

/** What `npm run dev` passes on to a running shop. */
const SHOP = process.env["SHOP"] ?? "http://localhost:8000";

/** Where the pages are built. */
const OUT = process.env["PAGES_OUT"] ?? "dist";

const CLIENT = join(import.meta.dirname, "../typescript/src");

/** The configuration of pages that are served under `base`. */
export function pages(base: string): UserConfig {
  return {
    base,
    plugins: [react(), compressed()],
    resolve: {
      // The client as it is written: a build needs no build of it before.
      alias: [
        { find: /^@sanset\/client\/(.*)\.js$/, replacement: `${CLIENT}/$1.ts` },
        { find: /^@sanset\/client\/web$/, replacement: `${CLIENT}/web.ts` },
        { find: /^@sanset\/client$/, replacement: `${CLIENT}/index.ts` },
      ],
    },
    build: {
      outDir: OUT,
      emptyOutDir: true,
      assetsInlineLimit: 0, // the pages' policy lets nothing be written into them
      target: "es2022",
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2_000, // the gateway sends no larger file
    },
    server: { proxy: { "/sanset.v1": SHOP, "/api": SHOP, "/media": SHOP, "/docs": SHOP } },
  };
}

/** Puts beside each file what the gateway sends to browsers that take brotli. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync(OUT, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const file = join(OUT, name);
        writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file)));
      }
    },
  };
}
