import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const KB = 1_000;

/**
 * Prints how much JavaScript a visitor downloads, gzipped, and fails the build above a limit.
 *
 * @param limitKb - Most kilobytes of all JavaScript together, gzipped file by file; no limit when left out.
 */
export function bundleBudget(limitKb = Number.POSITIVE_INFINITY): Plugin {
  return {
    name: "bundle-budget",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        let bytes = 0;
        for (const file of Object.values(bundle)) {
          if (!file.fileName.endsWith(".js")) continue;
          const content = file.type === "chunk" ? file.code : file.source;
          bytes += gzipSync(content, { level: 9 }).byteLength;
        }
        const size = `${(bytes / KB).toFixed(1)} kB of JavaScript, gzipped`;
        const limit = Number.isFinite(limitKb) ? `; the limit is ${limitKb} kB` : "";
        if (bytes > limitKb * KB) this.error(`${size}${limit}`);
        this.info(`${size}${limit}`);
      },
    },
  };
}
