// What a face keeps on the phone: drafts, the outbox, the last answers. IndexedDB, because photos do not fit elsewhere.

/** A small store of values by key. */
export interface Kept {
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown): Promise<void>;
  remove(key: string): Promise<void>;
  /** Values whose key begins with `prefix`, by key order. */
  list<T>(prefix: string): Promise<T[]>;
  /** Forgets every key that begins with `prefix`. */
  clear(prefix: string): Promise<void>;
}

const STORE = "kept";

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("storage failed"));
  });
}

function startingWith(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}

/** Values in IndexedDB under the database `name`. */
export function keptInBrowser(name: string): Kept {
  let opened: Promise<IDBDatabase> | undefined;
  const open = () => {
    opened ??= (() => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      return settle(request);
    })();
    return opened;
  };
  const store = async (mode: IDBTransactionMode) => (await open()).transaction(STORE, mode).objectStore(STORE);
  return {
    get: async <T>(key: string) => settle<T | undefined>((await store("readonly")).get(key)),
    set: async (key, value) => {
      await settle((await store("readwrite")).put(value, key));
    },
    remove: async (key) => {
      await settle((await store("readwrite")).delete(key));
    },
    list: async <T>(prefix: string) => settle<T[]>((await store("readonly")).getAll(startingWith(prefix))),
    clear: async (prefix) => {
      await settle((await store("readwrite")).delete(startingWith(prefix)));
    },
  };
}

/** Values in memory: for tests, and for browsers that refuse storage. */
export function keptInMemory(): Kept {
  const values = new Map<string, unknown>();
  const keys = (prefix: string) => [...values.keys()].filter((key) => key.startsWith(prefix)).sort();
  return {
    get: async <T>(key: string) => values.get(key) as T | undefined,
    set: async (key, value) => {
      values.set(key, value);
    },
    remove: async (key) => {
      values.delete(key);
    },
    list: async <T>(prefix: string) => keys(prefix).map((key) => values.get(key) as T),
    clear: async (prefix) => {
      for (const key of keys(prefix)) values.delete(key);
    },
  };
}

/** Browser storage when it works, memory when it does not (some private windows refuse it). */
export async function openKept(name: string): Promise<Kept> {
  if (typeof indexedDB === "undefined") return keptInMemory();
  const kept = keptInBrowser(name);
  try {
    await kept.get("probe");
    return kept;
  } catch {
    return keptInMemory();
  }
}
