/** Groups of devices: giving and taking labels. */
import { api, ask, queries } from "@dipper/api";

/** Longest label, characters; most of a device; most devices at once: as the server has it. */
export const LABEL_MAX = 24;
export const LABELS_MAX = 8;
const DEVICES_MAX = 200;

/** Whether a text can be a label. */
export function isLabel(text: string): boolean {
  const word = text.trim();
  return /^[\p{L}\p{N}\-_.·]+(?: [\p{L}\p{N}\-_.·]+)*$/u.test(word) && [...word].length <= LABEL_MAX;
}

/** Gives devices labels and takes others from them. How many devices changed. */
export async function relabel(devices: readonly string[], change: { add?: string[]; remove?: string[] }): Promise<number> {
  let changed = 0;
  try {
    for (let at = 0; at < devices.length; at += DEVICES_MAX) {
      const body = { devices: devices.slice(at, at + DEVICES_MAX), add: change.add ?? [], remove: change.remove ?? [] };
      changed += (await ask(api.POST("/api/v1/device-labels", { body }))).changed;
    }
  } finally {
    for (const key of ["device-labels", "devices", "device"]) queries.invalidate(key);
  }
  return changed;
}
