// What the phone knows of devices: labels, directions, and what is wrong with one that does not speak.
import type { Answer } from "@dipper/api";

export type Device = Answer<"get_device">;
export type Nearby = Answer<"list_nearby_devices">["items"][number];
export type FaultKind = NonNullable<Device["fault"]>["kind"];

/** Names in the field, as the register has them. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/;

/** Where a label leads: the page of a device on this face. */
const ADDRESS = /^https?:\/\/[^/]+\/field\/devices\/([^/?#]+)(?:[/?#].*)?$/;

/**
 * The device that a label, or somebody typing, names: an address, a bare name, or the code that an installer's tool scans.
 * Of the last the password is dropped.
 */
export function deviceOf(text: string): string | undefined {
  const words = text.trim();
  const address = ADDRESS.exec(words);
  const name = address ? decode(address[1] ?? "") : words.startsWith("{") ? named(words) : words;
  return name !== undefined && NAME.test(name) ? name : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function named(json: string): string | undefined {
  try {
    const { device } = JSON.parse(json) as { device?: unknown };
    return typeof device === "string" ? device : undefined;
  } catch {
    return undefined;
  }
}

/** The eight directions, clockwise from north. */
export const DIRECTIONS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"] as const;

/** The direction of a bearing. */
export function directionOf(bearing_deg: number): (typeof DIRECTIONS)[number] {
  return DIRECTIONS[Math.round((((bearing_deg % 360) + 360) % 360) / 45) % 8] ?? "n";
}

/** A distance to a step of what a phone can tell: metres to five, then tens, then kilometres. */
export function roughly(metres: number): { km: boolean; n: number } {
  if (metres >= 1_000) return { km: true, n: Math.round(metres / 100) / 10 };
  return { km: false, n: metres < 100 ? Math.round(metres / 5) * 5 : Math.round(metres / 10) * 10 };
}

/** A clock further off than this is worth a word, seconds. */
const CLOCK_OFF_S = 60;

/** How the first words of a device are coming. */
export type Arrival =
  | { readonly state: "waiting" }
  | { readonly state: "heard"; readonly clock_off_s: number | undefined }
  | { readonly state: "fault"; readonly kind: FaultKind; readonly message: string }
  | { readonly state: "shut_out"; readonly reason: string };

/** What has come of a device since an instant, milliseconds: a reading settles it, else the newest fault says what is wrong. */
export function arrivalOf(device: Pick<Device, "standing" | "heard_at" | "clock_ahead_seconds" | "fault" | "reason">, since_ms: number): Arrival {
  if (device.standing === "quarantined") return { state: "shut_out", reason: device.reason ?? "" };
  const heard = device.heard_at !== undefined && Date.parse(device.heard_at) >= since_ms;
  const fault = device.fault && Date.parse(device.fault.at) >= since_ms ? device.fault : undefined;
  if (heard && (!fault || Date.parse(device.heard_at ?? "") >= Date.parse(fault.at))) {
    const off = device.clock_ahead_seconds ?? 0;
    return { state: "heard", clock_off_s: Math.abs(off) > CLOCK_OFF_S ? off : undefined };
  }
  return fault ? { state: "fault", kind: fault.kind, message: fault.message } : { state: "waiting" };
}
