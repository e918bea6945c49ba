// The receipt in hand, shared by the page that checks and the page that prints. In memory only: it may be personal.
import { parsePaper } from "@dipper/ledger/licence";
import { isPart, LedgerError, toUtf8, type Found } from "@dipper/ledger";
import { computed, ref, shallowRef } from "vue";
import { check, failedBy, type Checked } from "./check.ts";
import { letLicenceGo, licenceOf, takeLicence } from "./licence/current.ts";
import { TrustStore } from "./trust.ts";

function storage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

export const trusted = new TrustStore(storage());

/** The file in hand and the name it came with. */
export const file = shallowRef<{ bytes: Uint8Array; name: string | undefined }>();
/** A fault found before there was a file. */
export const fault = shallowRef<unknown>();
/** Counts changes of trust, so that the verdict follows them. */
const epoch = ref(0);

export const checked = computed<Checked | undefined>(() => {
  void epoch.value;
  if (fault.value) return failedBy(fault.value);
  return file.value && check(file.value.bytes, trusted);
});

/** Checks again: a key was entered, forgotten or shown. */
export function recheck(): void {
  epoch.value += 1;
}

export function take(bytes: Uint8Array, name?: string): void {
  fault.value = undefined;
  const paper = parsePaper(bytes);
  const licence = paper?.licence ?? licenceOf(bytes);
  if (licence !== undefined) {
    file.value = undefined;
    void takeLicence(licence, paper);
    return;
  }
  letLicenceGo();
  file.value = { bytes, name };
}

export function refuse(cause: unknown): void {
  letLicenceGo();
  file.value = undefined;
  fault.value = cause;
}

export function letGo(): void {
  file.value = undefined;
  fault.value = undefined;
}

/** Whether the site was asked for its key, and answered. */
export const siteKey = ref<"asking" | "known" | "unreachable">("asking");
let asked: Promise<void> | undefined;

/** Asks the site for its log's key. The only request of the check, and it says nothing about the receipt. */
export function askSiteKey(): Promise<void> {
  asked ??= (async () => {
    try {
      const answer = await fetch("/ledger/key", { cache: "no-cache" });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      trusted.showSite(await answer.text(), Date.now());
      siteKey.value = "known";
    } catch {
      siteKey.value = "unreachable";
      // Ask again at the next visit of the page.
      asked = undefined;
    }
    recheck();
  })();
  return asked;
}

/** The policy this site publishes for its log: its witnesses and how many of them are needed. Undefined when it has none. */
export async function fetchSitePolicy(): Promise<string | undefined> {
  try {
    const answer = await fetch("/ledger/policy", { cache: "no-cache" });
    return answer.ok ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
}

/** Texts brought by hand or by another scanner: a whole receipt, or parts one after another. */
export function splitTexts(text: string): string[] {
  const lines = text.replace(/\r\n?/g, "\n").trim();
  const parts = lines.split(/\n*^(?=dipper\.tlog-proof \d)/m).filter((part) => part !== "");
  return parts.some(isPart) ? parts : [lines];
}

/** A whole receipt as text has its last newline, which pasting loses. */
export function textToFile(text: string): Uint8Array {
  return toUtf8(`${text.trim()}\n`);
}

/** A refusal with its numbers, for the words of a rule. */
export function foundOf(cause: unknown): Found {
  return cause instanceof LedgerError ? cause.found : {};
}
