// Whom this device believes, by log: what the person entered, else the key this site showed the first time. One binary
// serves many cities, so no key is built in.
import { LedgerError, parseKey, parsePolicy, policyOf, writeKey, type Policy, type VerifierKey } from "@dipper/ledger";
import { reactive } from "vue";

/** What a person entered for a log. */
interface Own {
  kind: "key" | "policy";
  /** A vkey, or a policy file. */
  text: string;
  since_ms: number;
}

/** The key a site showed for its log when this device first asked. */
interface Seen {
  vkey: string;
  since_ms: number;
}

interface Store {
  own: Record<string, Own>;
  site: Record<string, Seen>;
}

/** What a receipt is checked with. */
export interface Trust {
  readonly policy: Policy;
  readonly from: "own" | "site";
  readonly kind: "key" | "policy";
  readonly text: string;
  readonly since_ms: number;
}

/** The site shows another key than the one this device uses. */
export interface KeyChange {
  readonly kept: VerifierKey;
  readonly now: VerifierKey;
}

/** A text that is neither key nor policy of a log, by the message that says why. */
export class NotTrusted extends Error {
  constructor(readonly why: "empty" | "witness_key" | "no_log") {
    super(why);
  }
}

const KEY = "dipper.trust";

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** What is kept, without entries that no longer read. */
function readStore(text: string | null): Store {
  const store: Store = { own: {}, site: {} };
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? "{}");
  } catch {
    return store;
  }
  if (!isRecord(kept)) return store;
  for (const [origin, one] of Object.entries(isRecord(kept["own"]) ? kept["own"] : {})) {
    if (!isRecord(one) || typeof one["text"] !== "string" || typeof one["since_ms"] !== "number") continue;
    try {
      const { kind, origins } = readTrusted(one["text"]);
      if (origins.includes(origin)) store.own[origin] = { kind, text: one["text"], since_ms: one["since_ms"] };
    } catch {
      continue;
    }
  }
  for (const [origin, one] of Object.entries(isRecord(kept["site"]) ? kept["site"] : {})) {
    if (!isRecord(one) || typeof one["vkey"] !== "string" || typeof one["since_ms"] !== "number") continue;
    if (readKey(one["vkey"])?.name === origin) store.site[origin] = { vkey: one["vkey"], since_ms: one["since_ms"] };
  }
  return store;
}

/** A log's key, or undefined. */
function readKey(text: string): VerifierKey | undefined {
  try {
    const key = parseKey(text);
    return key.kind === 0x01 ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a key or a policy as people bring it: with spaces around it, with another system's line ends. */
export function readTrusted(brought: string): { kind: "key" | "policy"; text: string; policy: Policy; origins: string[] } {
  const text = brought.replace(/\r\n?/g, "\n").trim();
  if (text === "") throw new NotTrusted("empty");
  // A policy has words and lines; a key has no space in it.
  if (!/\s/.test(text)) {
    const key = parseKey(text);
    if (key.kind !== 0x01) throw new NotTrusted("witness_key");
    return { kind: "key", text, policy: policyOf(key), origins: [key.name] };
  }
  const policy = parsePolicy(`${text}\n`);
  const origins = policy.logs.map(({ key }) => key.name);
  if (origins.length === 0) throw new NotTrusted("no_log");
  return { kind: "policy", text: `${text}\n`, policy, origins: [...new Set(origins)] };
}

/** The keys and policies of this device. `storage` is the browser's; tests bring their own. */
export class TrustStore {
  readonly #store: Store;
  /** The key this site shows now; undefined until it was asked, or when it cannot be. */
  #now: VerifierKey | undefined;
  /** Whether the last write was kept by the browser. */
  isKept = true;

  constructor(readonly storage: Pick<Storage, "getItem" | "setItem"> | undefined) {
    let text: string | null = null;
    try {
      text = storage?.getItem(KEY) ?? null;
    } catch {
      this.isKept = false;
    }
    this.#store = reactive(readStore(text));
  }

  #write(): void {
    try {
      if (!this.storage) throw new Error("no storage");
      this.storage.setItem(KEY, JSON.stringify(this.#store));
      this.isKept = true;
    } catch {
      this.isKept = false;
    }
  }

  /** Takes the key the site shows; the first one of a log is remembered. */
  showSite(text: string, now_ms: number): void {
    const key = readKey(text.trim());
    if (!key) return;
    this.#now = key;
    if (this.#store.site[key.name]) return;
    this.#store.site[key.name] = { vkey: writeKey(key), since_ms: now_ms };
    this.#write();
  }

  /** What a receipt of this log is checked with; undefined when nothing is known of the log. */
  find(origin: string): Trust | undefined {
    const own = this.#store.own[origin];
    if (own) {
      const { kind, text, policy } = readTrusted(own.text);
      return { policy, from: "own", kind, text, since_ms: own.since_ms };
    }
    const seen = this.#store.site[origin];
    const key = seen && readKey(seen.vkey);
    return seen && key ? { policy: policyOf(key), from: "site", kind: "key", text: seen.vkey, since_ms: seen.since_ms } : undefined;
  }

  /** The change of key of a log, when the site shows another than the one in use. */
  findChange(origin: string): KeyChange | undefined {
    const now = this.#now;
    if (now?.name !== origin) return undefined;
    const inUse = this.find(origin)?.policy.logs.map(({ key }) => key).filter(({ name }) => name === origin) ?? [];
    const [kept] = inUse;
    return kept && !inUse.some((key) => writeKey(key) === writeKey(now)) ? { kept, now } : undefined;
  }

  /** Keeps what a person entered, for every log it names; gives their origins. */
  keep(brought: string, now_ms: number): string[] {
    const { kind, text, origins } = readTrusted(brought);
    for (const origin of origins) this.#store.own[origin] = { kind, text, since_ms: now_ms };
    this.#write();
    return origins;
  }

  /** Forgets what was entered for a log. */
  forget(origin: string): void {
    delete this.#store.own[origin];
    this.#write();
  }

  /** Uses the key the site shows now in place of the one remembered: a person has confirmed it. */
  accept(origin: string, now_ms: number): void {
    if (this.#now?.name !== origin) return;
    delete this.#store.own[origin];
    this.#store.site[origin] = { vkey: writeKey(this.#now), since_ms: now_ms };
    this.#write();
  }
}

/** Why a brought text is refused, for its words: a rule, or one of our own reasons. */
export function whyNot(cause: unknown): LedgerError | NotTrusted {
  if (cause instanceof LedgerError || cause instanceof NotTrusted) return cause;
  throw cause;
}
