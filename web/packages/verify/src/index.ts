/** Checking and printing receipts in the browser. Loaded when it is opened, not before. */
import "./messages.ts";
export { default as PrintPage } from "./PrintPage.vue";
export { default as VerifyPage } from "./VerifyPage.vue";
