// The word that makes handing in happen once: made before the first try and kept by this tab, so that a second press, a
// lost answer or a reload sends the same word again.
import { newKey } from "@dipper/api";

export interface Pending {
  key: string;
  /** When it was tried first, milliseconds of the server's clock. */
  tried_ms: number;
}

export interface PendingStore {
  find(): Pending | undefined;
  begin(now_ms: number): Pending;
  clear(): void;
}

/** {@link PendingStore} in `storage`; in memory where the browser refuses it. */
export function pendingIn(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">, party: string, service: string): PendingStore {
  const name = `dipper.apply/${party}/${service}`;
  let held: Pending | undefined;
  const find = () => {
    try {
      held ??= (JSON.parse(storage.getItem(name) ?? "null") as Pending | null) ?? undefined;
    } catch {
      // Refused or torn: what this page holds counts.
    }
    return held;
  };
  return {
    find,
    begin(now_ms) {
      const pending = find() ?? { key: newKey(), tried_ms: now_ms };
      held = pending;
      try {
        storage.setItem(name, JSON.stringify(pending));
      } catch {
        // As above.
      }
      return pending;
    },
    clear() {
      held = undefined;
      try {
        storage.removeItem(name);
      } catch {
        // As above.
      }
    },
  };
}
