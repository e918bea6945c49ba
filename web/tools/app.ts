// One Vite set-up for the three faces and the page for developers: base path, build output, development proxy, service worker.
import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type UserConfigExport } from "vite";
import { serviceWorker } from "./service-worker.ts";

export interface AppOptions {
  /** Path the face is served under, with slashes at both ends: `/`, `/field/`, `/centre/`, `/developers/`. */
  base: string;
  /** Whether the face is installable and opens offline. */
  offline: boolean;
}

/** Vite configuration of one face. `DIPPER_ORIGIN` names the running binary in development. */
export function face(options: AppOptions): UserConfigExport {
  const backend = { target: process.env["DIPPER_ORIGIN"] ?? "http://127.0.0.1:8080", changeOrigin: false };
  const proxy = Object.fromEntries(["/api", "/ledger", "/licences/keys", "/licences/status", "/open311", "/openid", "/.well-known", "/openapi.json"].map((path) => [path, backend]));
  return defineConfig({
    base: options.base,
    plugins: [vue(), ...(options.offline ? [serviceWorker(options.base)] : [])],
    define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false", __INTLIFY_PROD_DEVTOOLS__: "false", __VUE_I18N_LEGACY_API__: "false" },
    resolve: { dedupe: ["vue", "vue-i18n", "vue-router"] },
    server: { host: "127.0.0.1", proxy, fs: { allow: [fileURLToPath(new URL("..", import.meta.url))] } },
    preview: { host: "127.0.0.1", proxy },
    build: { target: "es2022", manifest: true, sourcemap: false, assetsInlineLimit: 2048, chunkSizeWarningLimit: 1600 },
  });
}
