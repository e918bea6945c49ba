// Reports sent without signing in: their numbers and secrets, kept on this phone only.
import type { Kept, Text } from "@dipper/api";
import { shallowRef } from "vue";

export interface Tracked {
  case_no: string;
  secret: string;
  title: Text;
  added_ms: number;
}

const PREFIX = "tracked/";

export const tracked = shallowRef<Tracked[]>([]);
let kept: Kept;

export async function openTracked(store: Kept): Promise<void> {
  kept = store;
  tracked.value = (await kept.list<Tracked>(PREFIX)).sort((a, b) => b.added_ms - a.added_ms);
}

/** The secret of a report that this phone knows. */
export function secretOf(case_no: string): string | undefined {
  return tracked.value.find((one) => one.case_no === case_no)?.secret;
}

export async function track(one: Tracked): Promise<void> {
  await kept.set(PREFIX + one.case_no, one);
  tracked.value = [one, ...tracked.value.filter(({ case_no }) => case_no !== one.case_no)];
}

export async function untrack(case_no: string): Promise<void> {
  await kept.remove(PREFIX + case_no);
  tracked.value = tracked.value.filter((one) => one.case_no !== case_no);
}

/** The address that opens a report. The secret stands after `#`, which browsers never send to a server. */
export function trackLink(origin: string, case_no: string, secret: string): string {
  return `${origin}/reports/${encodeURIComponent(case_no)}#${encodeURIComponent(secret)}`;
}

/** The secret in the hash of such an address. */
export function secretInHash(hash: string): string | undefined {
  const secret = hash.replace(/^#/, "");
  // Checked before it is decoded: what is not a plain word is not ours.
  return /^[\w.~-]{6,200}$/.test(secret) ? secret : undefined;
}
