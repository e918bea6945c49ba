import "@dipper/ui/tokens.css";
import "@dipper/ui/base.css";
import { startFace } from "@dipper/ui/shell";
import App from "./App.vue";
import zhCN from "./locales/zh-CN.ts";
import { router } from "./router.ts";
import { startField } from "./start.ts";

void startFace({
  root: App,
  name: "field",
  messages: zhCN,
  english: async () => (await import("./locales/en.ts")).default,
  plugins: [router],
  worker: "/field/sw.js",
  before: startField,
});
