// How far the fee of an application is: what is told of it, and what can be done.
import type { FeeView } from "@dipper/api";
import type { IconName } from "@dipper/ui";

type State = NonNullable<FeeView["state"]>;

/** A payment that the gateway has not settled: the next look may find another state. */
const WAITING: readonly State[] = ["created", "authorised", "capture_retry"];

export type Tone = "calm" | "wait" | "good" | "fault";

const TONES: Record<State, Tone> = {
  created: "wait",
  authorised: "wait",
  capture_retry: "wait",
  captured: "good",
  failed: "fault",
  expired: "fault",
  refunding: "wait",
  refunded: "good",
};

export const TONE_ICONS: Record<Tone, IconName> = { calm: "money", wait: "clock", good: "done", fault: "alert" };

/** The last part of the message ids of a state. */
export function stateWord(fee: FeeView): State | "none" {
  return fee.state ?? "none";
}

export function toneOf(fee: FeeView): Tone {
  return fee.state ? TONES[fee.state] : "calm";
}

export function isWaiting(fee: FeeView | undefined): boolean {
  return fee?.state !== undefined && WAITING.includes(fee.state);
}

/** Whether there is anything to tell: what was never paid for a case that ended is no news. */
export function isTold(fee: FeeView, case_is_open: boolean): boolean {
  return fee.state !== undefined || fee.payable || case_is_open;
}

/** An amount of fen as yuan, always with its two decimals, as receipts and the timeline have it. */
export function yuan(fen: number, locale: string): string {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(fen / 100);
}
