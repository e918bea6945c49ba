// Checks the bytes of a receipt with what this device trusts. Nothing leaves the device.
import { claimedOrigin, fromUtf8, LedgerError, openReceipt, verifyReceipt, type Receipt, type Rule, type Found, type Verified } from "@dipper/ledger";
import type { Trust, TrustStore } from "./trust.ts";

/** A receipt that holds. */
export interface Held {
  readonly verdict: "good";
  readonly receipt: Receipt;
  readonly verified: Verified;
  readonly trust: Trust;
  readonly event: SealedEvent;
}

/** A receipt that does not, or cannot be judged. */
export interface Failed {
  readonly verdict: "refused" | "unknown";
  readonly family: Family;
  readonly rule: Rule | undefined;
  readonly found: Found;
  /** The log it names, where that much can be read. */
  readonly origin: string | undefined;
  readonly trust: Trust | undefined;
}

export type Checked = Held | Failed;

/** What kind of fault it is: each has its own advice. */
export type Family = "not_receipt" | "pdf" | "no_code" | "damaged" | "changed" | "signature" | "unknown_log" | "quorum" | "place" | "key" | "policy" | "parts" | "failed";

/** A fault found before there is a receipt to check, such as a picture without a code. */
export class Unreadable extends Error {
  constructor(readonly family: Family) {
    super(family);
  }
}

const FAMILIES: readonly [RegExp, Family][] = [
  [/^proof\.(too_large|characters|header)$/, "not_receipt"],
  [/^proof\.unknown_log$/, "unknown_log"],
  [/^proof\.no_quorum$/, "quorum"],
  [/^note\.(ambiguous|bad_signature|no_known_key)$/, "signature"],
  [/^(opening|leaf)\./, "changed"],
  [/^merkle\./, "place"],
  [/^key\./, "key"],
  [/^policy\./, "policy"],
  [/^parts\./, "parts"],
];

/** The family of a rule; what has none of its own is damage. */
export function familyOf(rule: Rule): Family {
  return FAMILIES.find(([pattern]) => pattern.test(rule))?.[1] ?? "damaged";
}

/** The sealed event, parsed; parts that are not as expected are absent. */
export interface SealedEvent {
  readonly raw: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** `reported`, `moved`, …; empty where there is none. */
  readonly kind: string;
  readonly recorded_ms: number | undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the canonical bytes of an event. They are sealed as they are, whether or not they are JSON. */
export function readEvent(canonical: Uint8Array): SealedEvent {
  const raw = fromUtf8(canonical) ?? "";
  let fields: unknown;
  try {
    fields = JSON.parse(raw);
  } catch {
    fields = {};
  }
  const whole = isObject(fields) ? fields : {};
  const body = isObject(whole["body"]) ? whole["body"] : {};
  const kind = typeof body["kind"] === "string" ? body["kind"] : "";
  const recorded = whole["recorded_at"];
  return { raw, fields: whole, body, kind, recorded_ms: typeof recorded === "number" ? recorded / 1000 : undefined };
}

/** Checks a receipt. */
export function check(bytes: Uint8Array, store: TrustStore): Checked {
  let origin: string | undefined;
  let trust: Trust | undefined;
  try {
    if (fromUtf8(bytes.subarray(0, 5)) === "%PDF-") throw new Unreadable("pdf");
    const receipt = openReceipt(bytes);
    origin = claimedOrigin(receipt.proof);
    trust = origin === undefined ? undefined : store.find(origin);
    if (origin !== undefined && !trust) throw new LedgerError("proof.unknown_log", { origin });
    const verified = verifyReceipt(receipt, trust?.policy ?? { logs: [], witnesses: [], groups: [], quorum: undefined });
    if (!trust) throw new LedgerError("proof.unknown_log", { origin: verified.checkpoint.origin });
    return { verdict: "good", receipt, verified, trust, event: readEvent(receipt.opening.canonical) };
  } catch (cause) {
    return failedBy(cause, origin, trust);
  }
}

/** A fault as it is shown. What nobody foresaw is a failure of this page, never a verdict on the receipt. */
export function failedBy(cause: unknown, origin?: string, trust?: Trust): Failed {
  if (cause instanceof LedgerError) {
    const family = familyOf(cause.rule);
    const verdict = family === "unknown_log" || family === "not_receipt" || family === "parts" ? "unknown" : "refused";
    return { verdict, family, rule: cause.rule, found: cause.found, origin, trust };
  }
  return { verdict: "unknown", family: cause instanceof Unreadable ? cause.family : "failed", rule: undefined, found: {}, origin, trust };
}

/** How far the clocks of a device and a log may be apart before a reader is told. */
const CLOCK_DRIFT_MS = 10 * 60_000;

/** Differences that do not make a receipt false but that a careful reader wants to know. */
export function oddities({ receipt, event, verified }: Held, now_ms: number): ("minute" | "position" | "future")[] {
  const { leaf } = receipt.opening;
  const odd: ("minute" | "position" | "future")[] = [];
  if (event.recorded_ms !== undefined && leaf.minute !== BigInt(Math.floor(event.recorded_ms / 60_000))) odd.push("minute");
  if (leaf.position !== receipt.proof.index + 1n) odd.push("position");
  const latest_ms = Math.max(Number(leaf.minute) * 60_000, ...verified.cosigners.map(({ time_s }) => Number(time_s) * 1000));
  if (latest_ms > now_ms + CLOCK_DRIFT_MS) odd.push("future");
  return odd;
}
