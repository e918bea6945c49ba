import "@dipper/ui/tokens.css";
import "@dipper/ui/base.css";
import { startFace } from "@dipper/ui/shell";
import App from "./App.vue";
import { isTerminal } from "./kiosk/terminal.ts";
import zhCN from "./locales/zh-CN.ts";
import { router } from "./router.ts";
import { startHome } from "./start.ts";

void startFace({
  root: App,
  name: "resident",
  messages: zhCN,
  english: async () => (await import("./locales/en.ts")).default,
  plugins: [router],
  worker: "/sw.js",
  shared: isTerminal,
  before: startHome,
});
