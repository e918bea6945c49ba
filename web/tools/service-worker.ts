// Builds a face's service worker: the list of its own files is put at the head of `service-worker.js`.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const source = new URL("./service-worker.js", import.meta.url);

/** Emits `sw.js` beside `index.html`, naming every file of the build and a version made from their names. */
export function serviceWorker(base: string): Plugin {
  return {
    name: "dipper-service-worker",
    apply: "build",
    generateBundle(_options, bundle) {
      // Map code is large and not needed to open the face: it is cached when it is first used.
      const files = Object.keys(bundle).filter((name) => !/(maplibre|\.map$|manifest\.json$)/.test(name) && name !== "index.html");
      const contents = Object.values(bundle).map((item) => (item.type === "chunk" ? item.code : item.source));
      const hash = createHash("sha256");
      for (const content of contents) hash.update(content);
      const version = hash.digest("hex").slice(0, 12);
      const head = `const VERSION=${JSON.stringify(version)};const BASE=${JSON.stringify(base)};const FILES=${JSON.stringify(files)};\n`;
      this.emitFile({ type: "asset", fileName: "sw.js", source: head + readFileSync(source, "utf8") });
    },
  };
}
