/** Starts the operations centre. */
import "@dipper/ui/tokens.css";
import "@dipper/ui/base.css";
import "./centre.css";
import { loadSession } from "@dipper/api";
import { mapZhCN } from "@dipper/map/locales/zh-CN";
import { startFace } from "@dipper/ui/shell";
import App from "./App.vue";
import { zhCN } from "./locales/zh-CN";
import { router } from "./router";

async function english() {
  const [{ en }, { mapEn }] = await Promise.all([import("./locales/en"), import("@dipper/map/locales/en")]);
  return { ...en, ...mapEn };
}

await startFace({
  root: App,
  name: "centre",
  messages: { ...zhCN, ...mapZhCN },
  english,
  plugins: [router],
  // Offline or not, the page must open: it then says what is wrong and offers to try again.
  before: async () => {
    await loadSession().catch(() => undefined);
  },
});
