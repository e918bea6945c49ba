// The one query layer: every answer of the server that a screen shows comes through here.
// Keys are paths of words, "cases/mine" or "case/DIP1"; invalidating "case" makes every key below it stale.
import { computed, onScopeDispose, shallowReactive, toValue, watch, type ComputedRef, type MaybeRefOrGetter } from "vue";
import type { Kept } from "./kept.ts";
import { toProblem, type Problem } from "./problem.ts";

export interface QueryOptions {
  /** How long an answer counts as fresh. */
  stale_ms?: number;
  /** Keep the last answer on the phone, for reading offline. */
  keep?: boolean;
  /** How often to ask again after a passing failure. */
  retries?: number;
}

/** What a screen sees of a query. */
export interface Query<T> {
  data: ComputedRef<T | undefined>;
  problem: ComputedRef<Problem | undefined>;
  /** Nothing to show yet, and an answer is on its way. */
  loading: ComputedRef<boolean>;
  /** An answer is on its way. */
  busy: ComputedRef<boolean>;
  /** When the answer shown was given, milliseconds; of an earlier visit when it was kept. */
  at_ms: ComputedRef<number | undefined>;
  /** What is shown may be out of date: the last call failed. */
  stale: ComputedRef<boolean>;
  refresh: () => Promise<void>;
}

interface Entry {
  data: unknown;
  problem: Problem | undefined;
  at_ms: number | undefined;
  busy: boolean;
  /** Counted by hand: an entry without watchers is only marked stale, and asked when next shown. */
  watchers: number;
  outdated: boolean;
  ask: (() => Promise<void>) | undefined;
}

interface KeptAnswer {
  data: unknown;
  at_ms: number;
}

export interface QuerySetup {
  now?: () => number;
  wait?: (ms: number) => Promise<void>;
  kept?: Kept;
}

const PREFIX = "answer/";

/** An answer older than this is asked for again when a person comes back to the page. */
const RESUME_AGE_MS = 60_000;

/** Cache, retry, staleness and invalidation for the answers of one page. */
export class QueryClient {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  #kept: Kept | undefined;

  constructor(setup: QuerySetup = {}) {
    this.#now = setup.now ?? Date.now;
    this.#wait = setup.wait ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.#kept = setup.kept;
  }

  /** Where kept answers live; set once at start, when the browser's storage has opened. */
  keepIn(kept: Kept): void {
    this.#kept = kept;
  }

  /** Watches the answer under a key for as long as the calling scope lives. An absent key asks nothing. */
  use<T>(key: MaybeRefOrGetter<string | undefined>, fetcher: () => Promise<T>, options: QueryOptions = {}): Query<T> {
    const entry = computed(() => {
      const name = toValue(key);
      return name === undefined ? undefined : this.#entry(name);
    });
    let watched: Entry | undefined;
    const leave = () => {
      if (watched) watched.watchers -= 1;
      watched = undefined;
    };
    watch(
      entry,
      (next) => {
        leave();
        if (!next) return;
        watched = next;
        next.watchers += 1;
        const name = toValue(key) ?? "";
        next.ask = () => this.#ask(name, next, fetcher, options);
        if (this.#isStale(next, options)) void next.ask();
      },
      { immediate: true },
    );
    onScopeDispose(leave);
    return {
      data: computed(() => entry.value?.data as T | undefined),
      problem: computed(() => entry.value?.problem),
      loading: computed(() => entry.value !== undefined && entry.value.data === undefined && entry.value.problem === undefined),
      busy: computed(() => entry.value?.busy ?? false),
      at_ms: computed(() => entry.value?.at_ms),
      stale: computed(() => entry.value?.problem !== undefined && entry.value.data !== undefined),
      refresh: async () => entry.value?.ask?.(),
    };
  }

  /** Puts an answer in place, for instance the case that an action gave back. */
  put(key: string, data: unknown, options: Pick<QueryOptions, "keep"> = {}): void {
    const entry = this.#entry(key);
    const at_ms = this.#now();
    Object.assign(entry, { data, at_ms, problem: undefined, outdated: false });
    if (options.keep) void this.#remember(key, { data, at_ms });
  }

  /** Asks for an answer nobody watches yet and keeps it for reading offline. A failure is no news here. */
  async fetch(key: string, fetcher: () => Promise<unknown>): Promise<void> {
    const data = await fetcher().catch(() => undefined);
    if (data !== undefined) this.put(key, data, { keep: true });
  }

  /** The answer kept by an earlier visit, without asking. */
  async recall<T>(key: string): Promise<T | undefined> {
    await this.#recall(key, this.#entry(key));
    return this.peek<T>(key);
  }

  /** What is held under a key, watched or not. */
  peek<T>(key: string): T | undefined {
    return this.#entries.get(key)?.data as T | undefined;
  }

  /** Marks a key and all below it as stale; those on screen are asked again at once. */
  invalidate(prefix: string): void {
    for (const [key, entry] of this.#entries) {
      if (key !== prefix && !key.startsWith(`${prefix}/`)) continue;
      entry.outdated = true;
      if (entry.watchers > 0) void entry.ask?.();
    }
  }

  /** Marks everything as stale; what is on screen is asked for again at once. */
  refreshAll(): void {
    for (const entry of this.#entries.values()) {
      entry.outdated = true;
      if (entry.watchers > 0) void entry.ask?.();
    }
  }

  /** Asks again for everything on screen that failed or has aged: called when the network or the person returns. */
  resume(): void {
    const aged = this.#now() - RESUME_AGE_MS;
    for (const entry of this.#entries.values()) {
      if (entry.watchers > 0 && (entry.problem || entry.outdated || (entry.at_ms ?? 0) < aged)) void entry.ask?.();
    }
  }

  /** Forgets everything, kept answers too: called when another person signs in. */
  async forget(): Promise<void> {
    for (const entry of this.#entries.values()) Object.assign(entry, { data: undefined, at_ms: undefined, problem: undefined, outdated: true });
    await this.#kept?.clear(PREFIX);
    for (const entry of this.#entries.values()) if (entry.watchers > 0) void entry.ask?.();
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = shallowReactive<Entry>({ data: undefined, problem: undefined, at_ms: undefined, busy: false, watchers: 0, outdated: false, ask: undefined });
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #isStale(entry: Entry, options: QueryOptions): boolean {
    if (entry.busy) return false;
    return entry.at_ms === undefined || entry.outdated || this.#now() - entry.at_ms > (options.stale_ms ?? 30_000);
  }

  async #ask<T>(key: string, entry: Entry, fetcher: () => Promise<T>, options: QueryOptions): Promise<void> {
    if (entry.busy) {
      // The answer under way may be older than what made us ask: ask again when it is in.
      entry.outdated = true;
      return;
    }
    entry.busy = true;
    entry.outdated = false;
    if (options.keep && entry.data === undefined) await this.#recall(key, entry);
    try {
      entry.data = await this.#tryOften(fetcher, options.retries ?? 2);
      entry.at_ms = this.#now();
      entry.problem = undefined;
      if (options.keep) await this.#remember(key, { data: entry.data, at_ms: entry.at_ms });
    } catch (cause) {
      entry.problem = toProblem(cause);
    } finally {
      entry.busy = false;
    }
    if (entry.outdated && entry.watchers > 0 && !entry.problem) await this.#ask(key, entry, fetcher, options);
  }

  async #tryOften<T>(fetcher: () => Promise<T>, retries: number): Promise<T> {
    for (let tried = 0; ; tried += 1) {
      try {
        return await fetcher();
      } catch (cause) {
        const problem = toProblem(cause);
        if (!problem.passing || problem.status === 0 || tried >= retries) throw problem;
        await this.#wait((problem.retry_after_s ?? 0.4 * 2 ** tried) * 1_000);
      }
    }
  }

  async #recall(key: string, entry: Entry): Promise<void> {
    const kept = await this.#kept?.get<KeptAnswer>(PREFIX + key).catch(() => undefined);
    if (kept && entry.data === undefined) Object.assign(entry, { data: kept.data, at_ms: kept.at_ms });
  }

  async #remember(key: string, answer: KeptAnswer): Promise<void> {
    // A full disk must not hide an answer that is already on screen.
    await this.#kept?.set(PREFIX + key, JSON.parse(JSON.stringify(answer))).catch(() => undefined);
  }
}

/** The query client of this page. */
export const queries = new QueryClient();
