import { defineConfig, mergeConfig } from "vite";
import { pages } from "../build.ts";

export default defineConfig(
  mergeConfig(pages("/console/"), { build: { rollupOptions: { output: { manualChunks: chunkOf } } } }),
);

/** The framework is loaded once and stays in the cache while the console's own pages change; charts come with the first. */
function chunkOf(file: string): string | undefined {
  if (!file.includes("/node_modules/")) return undefined;
  return /\/node_modules\/(@mui\/x-|d3-|@types\/d3-|internmap|flatqueue|bezier-easing|robust-predicates|delaunator)/.test(file) ? "charts" : "framework";
}
