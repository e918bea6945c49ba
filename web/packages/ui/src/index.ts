export * from "./i18n.ts";
export * from "./preferences.ts";
export * from "./text.ts";
