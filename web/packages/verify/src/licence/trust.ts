// Whose licences this device believes: the keys a person brought, else those of this site.
import { parseKeys, type TrustedKey } from "@dipper/ledger/licence";
import { computed, ref, shallowRef } from "vue";

/** A key set with its text, to be shown and kept. */
export interface KeySet {
  readonly text: string;
  readonly since_ms: number;
}

/** What a licence is checked with. */
export interface LicenceTrust {
  readonly from: "own" | "site";
  readonly keys: readonly TrustedKey[];
  readonly set: KeySet;
}

interface Store {
  own?: KeySet | undefined;
  site?: KeySet | undefined;
}

const KEY = "dipper.licence-keys";

function isSet(value: unknown): value is KeySet {
  return typeof value === "object" && value !== null && "text" in value && typeof value.text === "string" && "since_ms" in value && typeof value.since_ms === "number";
}

/** A set whose keys still read. */
function readSet(value: unknown): KeySet | undefined {
  if (!isSet(value)) return undefined;
  try {
    parseKeys(value.text);
    return { text: value.text, since_ms: value.since_ms };
  } catch {
    return undefined;
  }
}

/** The key sets of this device. `storage` is the browser's; tests bring their own. */
export class LicenceKeys {
  readonly #store = shallowRef<Store>({});
  /** Whether the last write was kept by the browser. */
  readonly isKept = ref(true);

  constructor(readonly storage: () => Pick<Storage, "getItem" | "setItem">) {
    try {
      const kept: unknown = JSON.parse(storage().getItem(KEY) ?? "{}");
      if (typeof kept === "object" && kept !== null) this.#store.value = { own: readSet("own" in kept ? kept.own : undefined), site: readSet("site" in kept ? kept.site : undefined) };
    } catch {
      this.isKept.value = false;
    }
  }

  #write(store: Store): void {
    this.#store.value = store;
    try {
      this.storage().setItem(KEY, JSON.stringify(store));
      this.isKept.value = true;
    } catch {
      this.isKept.value = false;
    }
  }

  /** Keeps what the site shows now, for checking without a network. */
  showSite(text: string, now_ms: number): void {
    parseKeys(text);
    const { own, site } = this.#store.value;
    if (site?.text !== text) this.#write({ own, site: { text, since_ms: now_ms } });
  }

  /** Keeps what a person brought; throws a LicenceError when it is no key set. */
  keep(brought: string, now_ms: number): void {
    const text = brought.trim();
    parseKeys(text);
    this.#write({ site: this.#store.value.site, own: { text, since_ms: now_ms } });
  }

  forget(): void {
    this.#write({ site: this.#store.value.site });
  }

  readonly trust = computed<LicenceTrust | undefined>(() => {
    const { own, site } = this.#store.value;
    const set = own ?? site;
    return set && { from: own ? "own" : "site", keys: parseKeys(set.text), set };
  });
}

export const licenceKeys = new LicenceKeys(() => window.localStorage);
