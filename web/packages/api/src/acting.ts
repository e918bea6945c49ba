// For whom this tab acts: oneself, or another under a mandate. Kept by the tab alone, so that two tabs never mix people up.
import { computed, shallowRef } from "vue";

/** The header that names the mandate. */
const HEADER = "x-acting-for";

/** Where a tab keeps it. */
const KEY = "dipper.acting";

/** What is done for others; everything else is one's own, whoever the tab acts for. */
const FOR_OTHERS = [
  /^\/api\/v1\/session$/,
  /^\/api\/v1\/services\/[^/]+\/(draft|prefill|applications)$/,
  /^\/api\/v1\/drafts$/,
  /^\/api\/v1\/licences(\/[^/]+)?$/,
  /^\/api\/v1\/reports\/mine$/,
  /^\/api\/v1\/reports\/[^/]+(\/(application|fee|payment|visit|actions\/[^/]+))?$/,
  /^\/api\/v1\/receipts\/.+$/,
  /^\/api\/v1\/openid\/authorization$/,
];

const mandate = shallowRef<string>();

/** The mandate this tab acts under; absent for oneself. */
export const actingUnder = computed(() => mandate.value);

function kept(): Storage | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}

/** The mandate of an earlier page of this tab. */
export function recallMandate(): string | undefined {
  try {
    const storage = kept();
    if (storage) mandate.value = storage.getItem(KEY) ?? undefined;
  } catch {
    // Refused by the browser: this page alone knows.
  }
  return mandate.value;
}

/** Acts under a mandate from now on, or for oneself. */
export function setMandate(id: string | undefined): void {
  mandate.value = id;
  try {
    if (id) kept()?.setItem(KEY, id);
    else kept()?.removeItem(KEY);
  } catch {
    // Refused by the browser: this page still knows.
  }
}

/** Names the mandate in a request for what is done for others. */
export function nameMandate(request: Request): void {
  const path = new URL(request.url, "http://localhost").pathname;
  if (mandate.value && FOR_OTHERS.some((one) => one.test(path))) request.headers.set(HEADER, mandate.value);
}

/** The headers of a call that is made for others though its address alone does not say so. */
export function actingHeaders(): Record<string, string> {
  return mandate.value ? { [HEADER]: mandate.value } : {};
}
