// Checks the text of a licence with the keys this device believes and the status list of this site.
import { checkSeal, checkShowing, checkStatus, checkTimes, LicenceError, openLicence, verifyStatusList, type Licence, type LicenceRule, type Paper, type Showing } from "@dipper/ledger/licence";
import type { LicenceTrust } from "./trust.ts";

/** What is known of revocation: the list says valid, there is none, or why it was not looked at. */
export type Standing = { readonly known: "valid"; readonly at_s: number } | { readonly known: "none" } | { readonly known: "not_checked"; readonly why: "offline" | LicenceRule };

/** A licence that holds. */
export interface LicenceHeld {
  readonly verdict: "good";
  readonly licence: Licence;
  readonly standing: Standing;
  /** Who shows it. */
  readonly showing: Showing;
  /** Whether it came in a PDF, whose seal holds. */
  readonly sealed: boolean;
  readonly trust: LicenceTrust;
}

/** A licence that does not, or cannot be judged; what it says is there when its issuer did sign it. */
export interface LicenceFailed {
  readonly verdict: "refused" | "unknown";
  readonly family: LicenceFamily;
  readonly rule: LicenceRule | undefined;
  readonly what: string | number;
  readonly licence: Licence | undefined;
  readonly trust: LicenceTrust | undefined;
}

export type LicenceChecked = LicenceHeld | LicenceFailed;

/** What kind of fault it is: each has its own advice. */
export type LicenceFamily = "damaged" | "changed" | "signature" | "issuer" | "kind" | "expired" | "not_yet" | "revoked" | "suspended" | "stale" | "binding" | "paper" | "keys" | "failed";

const FAMILIES: readonly [RegExp, LicenceFamily][] = [
  [/^licence\.(issuer|key)$/, "issuer"],
  [/^licence\.signature$/, "signature"],
  [/^licence\.(algorithm|type|critical|hash|claim|audience)$/, "kind"],
  [/^licence\.expired$/, "expired"],
  [/^licence\.not_yet$/, "not_yet"],
  [/^disclosure\.(form|depth)$/, "damaged"],
  [/^disclosure\./, "changed"],
  [/^holder\./, "kind"],
  [/^binding\.(time|audience)$/, "stale"],
  [/^binding\./, "binding"],
  [/^seal\.(issuer|key)$/, "issuer"],
  [/^seal\./, "paper"],
  [/^status\.revoked$/, "revoked"],
  [/^status\./, "suspended"],
];

/** The family of a rule; what has none of its own is damage. */
export function licenceFamily(rule: LicenceRule): LicenceFamily {
  return FAMILIES.find(([pattern]) => pattern.test(rule))?.[1] ?? "damaged";
}

/** Checks a licence, and the PDF it came in. `fetchList` gives the status list of this site, or undefined when it cannot be had. */
export async function checkLicence(text: string, trust: LicenceTrust | undefined, now_s: number, fetchList: () => Promise<string | undefined>, paper?: Paper): Promise<LicenceChecked> {
  let licence: Licence | undefined;
  try {
    // Its form is judged without any key: a damaged licence is not a question of trust.
    licence = openLicence(text, trust?.keys ?? []);
    if (!trust) throw new LicenceError("licence.issuer", licence.issuer);
    if (paper) checkSeal(paper, licence.issuer, trust.keys);
    checkTimes(licence, now_s);
    const standing = await standingOf(licence, trust, now_s, fetchList);
    return { verdict: "good", licence, standing, showing: checkShowing(licence.bound, now_s), sealed: paper !== undefined, trust };
  } catch (cause) {
    if (!(cause instanceof LicenceError)) return { verdict: "unknown", family: "failed", rule: undefined, what: "", licence, trust };
    const family = !trust && cause.rule === "licence.issuer" ? "keys" : licenceFamily(cause.rule);
    const verdict = family === "issuer" || family === "keys" || family === "kind" ? "unknown" : "refused";
    return { verdict, family, rule: cause.rule, what: cause.what, licence, trust };
  }
}

async function standingOf(licence: Licence, trust: LicenceTrust, now_s: number, fetchList: () => Promise<string | undefined>): Promise<Standing> {
  if (!licence.status) return { known: "none" };
  const token = await fetchList();
  if (token === undefined) return { known: "not_checked", why: "offline" };
  try {
    const list = await verifyStatusList(token, trust.keys, licence.issuer, now_s);
    checkStatus(licence, list, now_s);
    return { known: "valid", at_s: list.issued_at_s };
  } catch (cause) {
    // A list that does not hold says nothing of the licence; only a list that does can revoke it.
    if (cause instanceof LicenceError && cause.rule.startsWith("list.")) return { known: "not_checked", why: cause.rule };
    throw cause;
  }
}
