// Starts a face: language, preferences, storage, reconnection, service worker. Every face calls it once.
import { keptInMemory, openKept, queries, type Kept } from "@dipper/api";
import { createApp, type Component, type Plugin } from "vue";
import { watchConnection } from "./connection.ts";
import { createDictionary, type Messages } from "./i18n.ts";
import { startPreferences } from "./preferences.ts";

/** What the face keeps on the phone. Memory until {@link startFace} has opened the browser's storage. */
export let kept: Kept = keptInMemory();

export interface Face {
  root: Component;
  /** Short name; also names its storage. */
  name: "resident" | "field" | "centre";
  messages: Messages;
  english: () => Promise<Messages>;
  plugins: Plugin[];
  /** Address of the service worker, for faces that open offline. */
  worker?: string;
  /** Whether this is a terminal that others use afterwards: nothing is kept in its browser. */
  shared?: () => boolean;
  /** Runs when storage is open and before the first screen. */
  before?: () => Promise<void>;
}

/** Mounts the face on `#app`. */
export async function startFace(face: Face): Promise<void> {
  const app = createApp(face.root);
  app.use(createDictionary(face.messages, face.english));
  await startPreferences();
  const shared = face.shared?.() ?? false;
  if (!shared) kept = await openKept(`dipper-${face.name}`);
  queries.keepIn(kept);
  watchConnection(() => queries.resume());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") queries.resume();
  });
  await face.before?.();
  for (const plugin of face.plugins) app.use(plugin);
  app.mount("#app");
  if (face.worker && !shared && import.meta.env.PROD && "serviceWorker" in navigator) await navigator.serviceWorker.register(face.worker);
}
