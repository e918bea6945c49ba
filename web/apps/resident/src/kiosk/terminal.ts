// Whether this browser is a terminal of a service hall. The server knows by a cookie that pages cannot read; the mark here
// only tells the page, before it has asked, to keep nothing.

const MARK = "dipper.kiosk";

/** Pages that terminals have; the server refuses the rest as well. */
const PAGES = [/^\/kiosk$/, /^\/services(\/|$)/, /^\/reports(\/|$)/, /^\/accesses$/, /^\/accountability$/, /^\/privacy$/, /^\/sign-in$/];

export function isTerminal(): boolean {
  try {
    return localStorage.getItem(MARK) !== null;
  } catch {
    return false;
  }
}

export function isAtKiosks(path: string): boolean {
  return PAGES.some((page) => page.test(path));
}

/** Takes note of what the server says; a page that began as the other thing begins anew. */
export function noteTerminal(is: boolean): void {
  if (is === isTerminal()) return;
  if (is) localStorage.setItem(MARK, "1");
  else localStorage.removeItem(MARK);
  location.replace(is ? "/kiosk" : "/");
}

/** Forgets what the browser kept before it became a terminal, or while somebody made it one by mistake. */
export async function forgetAll(): Promise<void> {
  const [stores, caches, workers] = await Promise.all([indexedDB.databases(), globalThis.caches?.keys() ?? [], navigator.serviceWorker?.getRegistrations() ?? []]);
  for (const { name } of stores) if (name) indexedDB.deleteDatabase(name);
  await Promise.all([...caches.map((name) => globalThis.caches.delete(name)), ...workers.map((worker) => worker.unregister())]);
}

/** Begins anew, as a document of its own: nothing of the one before is left in memory, nor comes back by going back. */
export function beginAnew(): void {
  location.replace("/kiosk");
}
