/** Reading QR codes, for pages that look for something else than receipts. */
import "./messages.ts";
export { default as CameraScan } from "./CameraScan.vue";
export { readPicture } from "./scan.ts";
