// The licence in hand. In memory only: it is personal. What is asked of the site, its keys and its status list, says
// nothing about the licence.
import { isSdJwt, MAX_SD_JWT_CHARS, type Paper } from "@dipper/ledger/licence";
import { fromUtf8 } from "@dipper/ledger";
import { serverNow } from "@dipper/api";
import { ref, shallowRef } from "vue";
import { checkLicence, type LicenceChecked } from "./check.ts";
import { licenceKeys } from "./trust.ts";

export const licenceText = ref<string>();
/** The PDF it came in. */
let licencePaper: Paper | undefined;
export const licenceChecked = shallowRef<LicenceChecked>();
/** Whether the site was asked for its keys, and answered. */
export const licenceSite = ref<"asking" | "known" | "unreachable">("asking");

/** The licence that bytes are, if they are one. Line breaks of a copied text are no part of it. */
export function licenceOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > 2 * MAX_SD_JWT_CHARS) return undefined;
  const text = fromUtf8(bytes)?.replace(/\s+/g, "");
  return text !== undefined && !text.startsWith("c2sp.org/") && isSdJwt(text) ? text : undefined;
}

async function fetchText(path: string): Promise<string | undefined> {
  try {
    const answer = await fetch(path, { cache: "no-cache" });
    return answer.ok ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
}

async function askSite(): Promise<void> {
  const text = await fetchText("/licences/keys");
  licenceSite.value = text === undefined ? "unreachable" : "known";
  try {
    if (text !== undefined) licenceKeys.showSite(text, Date.now());
  } catch {
    licenceSite.value = "unreachable";
  }
}

/** Takes a licence and checks it; the verdict follows when the site has answered. */
export async function takeLicence(text: string, paper?: Paper): Promise<void> {
  licenceText.value = text;
  licencePaper = paper;
  licenceChecked.value = undefined;
  licenceSite.value = "asking";
  await askSite();
  await recheckLicence();
}

/** Checks again: other keys are trusted now. */
export async function recheckLicence(): Promise<void> {
  const text = licenceText.value;
  if (text === undefined) return;
  const checked = await checkLicence(text, licenceKeys.trust.value, Math.floor(serverNow() / 1000), () => fetchText("/licences/status"), licencePaper);
  // Meanwhile another one may have been put in.
  if (licenceText.value === text) licenceChecked.value = checked;
}

export function letLicenceGo(): void {
  licenceText.value = undefined;
  licencePaper = undefined;
  licenceChecked.value = undefined;
}
