/** Ways to sign in, as their owner sees and changes them. Loaded when it is opened, not before. */
import "./messages.ts";
export { default as ProveSheet } from "./ProveSheet.vue";
export { default as SecurityPanel } from "./SecurityPanel.vue";
