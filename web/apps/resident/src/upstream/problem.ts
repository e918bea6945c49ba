// What went wrong on the way back from another provider: a word in the address, never more.
import type { LocationQuery } from "vue-router";

const WORDS = ["upstream_refused", "upstream_away", "upstream_denied", "upstream_stale", "upstream_taken", "upstream_disabled", "last_way_in"];

/** The problem that an address tells of. */
export function problemIn(query: LocationQuery): { status: number; code: string; message: string; fields: [] } | undefined {
  const word = query["problem"];
  return typeof word === "string" && WORDS.includes(word) ? { status: 409, code: word, message: "", fields: [] } : undefined;
}
