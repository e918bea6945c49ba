// Who is signed in. The session decides what the other answers are, so a change of person forgets them all.
import { computed, shallowRef } from "vue";
import { recallMandate, setMandate } from "./acting.ts";
import { api, ask, setCsrf } from "./client.ts";
import { toProblem } from "./problem.ts";
import { queries } from "./query.ts";
import { noteServerTime } from "./server-clock.ts";
import type { Body, Session } from "./types.ts";

const current = shallowRef<Session>();

function take(session: Session): Session {
  setCsrf(session.csrf_token || undefined);
  noteServerTime(session.server_time);
  current.value = session;
  return session;
}

/** The session of this page; `party` is absent until somebody signs in. */
export const session = computed(() => current.value);
export const signedIn = computed(() => Boolean(current.value?.party));
/** Whether a resident is signed in: staff have no drafts or applications of their own. */
export const isResident = computed(() => current.value?.party?.kind === "resident");

/** The terminal of a service hall that this is; nothing on a device of one's own. */
export const kiosk = computed(() => current.value?.kiosk);

/** For whom this tab acts: the mandate, or nothing for oneself. */
export const acting = computed(() => current.value?.acting);

/** Takes a session kept from an earlier visit, for reading offline. It carries no token: nothing can be changed with it. */
export function recallSession(session: Session): void {
  if (!current.value) current.value = { ...session, csrf_token: "" };
}

/** Asks who is signed in, and for whom this tab acts. A mandate that ended leaves one as oneself. */
export async function loadSession(): Promise<Session> {
  recallMandate();
  try {
    return take(await ask(api.GET("/api/v1/session")));
  } catch (cause) {
    if (toProblem(cause).code !== "mandate_ended") throw cause;
    setMandate(undefined);
    return take(await ask(api.GET("/api/v1/session")));
  }
}

/** Acts under a mandate from now on, or for oneself; everything shown before was somebody else's. */
export async function actFor(mandate: string | undefined): Promise<Session> {
  setMandate(mandate);
  const session = await loadSession();
  await queries.forget();
  return session;
}

/** Goes on as who has just signed in. */
export async function enter(found: Session): Promise<Session> {
  setMandate(undefined);
  const session = take(found);
  await queries.forget();
  return session;
}

export async function signIn(body: Body<"sign_in">): Promise<Session> {
  return enter(await ask(api.POST("/api/v1/session", { body })));
}

export async function registerResident(body: Body<"register_resident">): Promise<Session> {
  return enter(await ask(api.POST("/api/v1/residents", { body })));
}

/** Erases the person signed in, who is a stranger afterwards; a page that cannot ask who they are now is no failure. */
export async function erasePerson(): Promise<void> {
  await ask(api.POST("/api/v1/person/erasure"));
  current.value = undefined;
  setCsrf(undefined);
  await queries.forget();
  void loadSession().catch(() => undefined);
}

export async function signOut(): Promise<void> {
  setMandate(undefined);
  await ask(api.DELETE("/api/v1/session"));
  current.value = undefined;
  setCsrf(undefined);
  await loadSession();
  await queries.forget();
}
