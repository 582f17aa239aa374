import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** What `npm run dev` passes on to a running shop. */
const SHOP = process.env["SHOP"] ?? "http://localhost:8000";

export default defineConfig({
  plugins: [react()],
  resolve: { dedupe: ["@bufbuild/protobuf"] },
  build: {
    // The pages' policy allows no address but the shop's own, so nothing is written into them.
    assetsInlineLimit: 0,
    target: "es2022",
  },
  server: { proxy: { "/sanset.v1": SHOP, "/media": SHOP } },
});
