// What the resident face opens before its first screen: what the phone keeps. The network comes after.
import { api, ask, loadSession, openStream, Outbox, queries, uploadEvidence, type OutItem } from "@dipper/api";
import { setTimeZone } from "@dipper/ui";
import { kept } from "@dipper/ui/shell";
import { openDraft } from "./report/draft.ts";
import { deliver } from "./report/deliver.ts";
import { forgetAll, isTerminal, noteTerminal } from "./kiosk/terminal.ts";
import { openTracked } from "./tracked.ts";

export let outbox: Outbox;

/** How often waiting reports are tried again while the page is open. */
const FLUSH_EVERY_MS = 30_000;

async function send(item: OutItem): Promise<unknown> {
  const filed = await deliver(item);
  queries.invalidate("reports");
  queries.invalidate("public");
  return filed;
}

/** Opens storage, then asks for the session and city in the background: the first screen does not wait for them. */
export async function startHome(): Promise<void> {
  // What cannot be forgotten now is tried again by the next page.
  if (isTerminal()) await forgetAll().catch(() => undefined);
  outbox = new Outbox({ kept, upload: async (photo) => (await uploadEvidence(photo)).id, deliver: send });
  await Promise.all([outbox.load(), openDraft(kept), openTracked(kept)]);
  void begin();
}

async function begin(): Promise<void> {
  window.addEventListener("online", () => void outbox.flush());
  setInterval(() => void (outbox.items.value.length > 0 && outbox.flush()), FLUSH_EVERY_MS);
  const [session, city] = await Promise.allSettled([loadSession(), ask(api.GET("/api/v1/city"))]);
  if (city.status === "fulfilled") {
    queries.put("city", city.value);
    setTimeZone(city.value.timezone);
  }
  if (session.status === "fulfilled") {
    noteTerminal(Boolean(session.value.kiosk));
    if (session.value.party && !session.value.kiosk) openStream();
  }
  await outbox.flush();
}
