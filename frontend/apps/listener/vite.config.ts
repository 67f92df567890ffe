import { defineConfig } from "vite";
import { OLDEST_BROWSERS } from "../../tools/browsers.ts";
import { bundleBudget } from "../../tools/bundle-budget.ts";

export default defineConfig({
  // The page may lie anywhere below its origin.
  base: "./",
  server: { port: 5174, strictPort: true },
  build: { target: OLDEST_BROWSERS, modulePreload: false, assetsInlineLimit: 0 },
  plugins: [bundleBudget(60)],
});
