import { defineConfig } from "vite";
import { pages } from "../build.ts";

export default defineConfig(pages("/"));
