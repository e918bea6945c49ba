// The texts of the panel come with their code, in every language at once.
import { addMessages } from "@dipper/ui";
import en from "./locales/en.ts";
import zhCN from "./locales/zh-CN.ts";

addMessages({ "zh-CN": zhCN, en });
