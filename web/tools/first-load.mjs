// Measures what a face makes a phone load before it can be used, and fails above its limit.
// Usage: node tools/first-load.mjs   (after npm run build)
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** Most JavaScript before interaction, bytes after gzip -9 (the goal for the resident face is 150 kB). */
const LIMITS = { resident: 150_000, field: 170_000 };

function reach(manifest, key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) reach(manifest, next, seen);
  return seen;
}

function weigh(face, limit) {
  const dist = new URL(`../apps/${face}/dist/`, import.meta.url);
  const list = new URL(".vite/manifest.json", dist);
  if (!existsSync(list)) {
    console.error(`${face}: no build found, run npm run build first`);
    return false;
  }
  const manifest = JSON.parse(readFileSync(list, "utf8"));
  // The entry, plus what every first screen needs at once: the home route and the default messages.
  const roots = Object.keys(manifest).filter((key) => manifest[key].isEntry || /pages\/(Home|Tasks)Page\.vue$/.test(key));
  const keys = new Set(roots.flatMap((key) => [...reach(manifest, key)]));
  const gz = (name) => gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length;
  const js = [...keys].reduce((sum, key) => sum + gz(manifest[key].file), 0);
  const sheets = new Set([...keys].flatMap((key) => manifest[key].css ?? []));
  const css = [...sheets].reduce((sum, name) => sum + gz(name), 0);
  const verdict = js <= limit ? "ok" : "TOO LARGE";
  console.log(`${face}: ${(js / 1000).toFixed(1)} kB JavaScript (limit ${limit / 1000}), ${(css / 1000).toFixed(1)} kB CSS, gzip: ${verdict}`);
  return js <= limit;
}

const ok = Object.entries(LIMITS).map(([face, limit]) => weigh(face, limit));
process.exit(ok.every(Boolean) ? 0 : 1);
