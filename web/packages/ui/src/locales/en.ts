import type zhCN from "./zh-CN.ts";

const en: typeof zhCN = {
  app: { skip: "Skip to content", language: "Language", more: "More", back: "Back", close: "Close" },
};
export default en;
