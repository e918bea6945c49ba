// What the field face opens before its first screen. It must open with no network at all: in a basement, in a tunnel.
import {
  api,
  ask,
  deliverAction,
  deliverReport,
  loadSession,
  openStream,
  Outbox,
  queries,
  recallSession,
  signOut,
  toProblem,
  uploadEvidence,
  type ActionItemBody,
  type OutItem,
  type Session,
  type Stream,
} from "@dipper/api";
import { setTimeZone } from "@dipper/ui";
import { kept } from "@dipper/ui/shell";
import { deliverInspection } from "./inspections.ts";

export let outbox: Outbox;
let stream: Stream | undefined;

const SESSION = "session";

/** How often waiting items are tried again while the page is open. */
const FLUSH_EVERY_MS = 20_000;

async function deliver(item: OutItem): Promise<unknown> {
  if (item.kind === "report") return deliverReport(item);
  if (item.kind.startsWith("inspection-")) return deliverInspection(item);
  const key = `case/${(item.body as ActionItemBody).case_id}`;
  try {
    queries.put(key, await deliverAction(item), { keep: true });
  } catch (cause) {
    // Overtaken by events: show at once what the case has become.
    if (toProblem(cause).status === 409) queries.invalidate(key);
    throw cause;
  }
  queries.invalidate("cases");
  queries.invalidate("queues");
  return queries.peek(key);
}

/** Opens storage and finds out who is signed in: from the server, or from the last visit when there is no network. */
export async function startField(): Promise<void> {
  outbox = new Outbox({ kept, upload: async (photo) => (await uploadEvidence(photo)).id, deliver });
  await outbox.load();
  try {
    await takeSession(await loadSession());
  } catch (cause) {
    const last = toProblem(cause).passing ? await kept.get<Session>(SESSION) : undefined;
    if (last) recallSession(last);
  }
  void begin();
}

/** Notes a new session: it is kept for opening offline, without its token. */
export async function takeSession(session: Session): Promise<void> {
  if (!session.party) {
    await kept.remove(SESSION);
    return;
  }
  await kept.set(SESSION, { ...session, csrf_token: "" });
  stream ??= openStream();
  void outbox.flush();
}

/** Signs out and takes everything of the person off the phone. What waits to be sent has been asked about before. */
export async function leave(): Promise<void> {
  await signOut();
  stream?.close();
  stream = undefined;
  await kept.clear("");
  await outbox.load();
}

async function begin(): Promise<void> {
  window.addEventListener("online", () => void reconnect());
  setInterval(() => void (outbox.items.value.length > 0 && outbox.flush()), FLUSH_EVERY_MS);
  const city = await ask(api.GET("/api/v1/city")).catch(() => undefined);
  if (city) {
    queries.put("city", city);
    setTimeZone(city.timezone);
  }
  await outbox.flush();
}

/** Back online: a session recalled from the last visit has no token, so ask for it before sending. */
async function reconnect(): Promise<void> {
  await loadSession().then(takeSession, () => undefined);
  await outbox.flush();
}
