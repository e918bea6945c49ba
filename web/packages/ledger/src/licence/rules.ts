// The rules a licence, a key set or a status list can break. Each is one check of core/credential; faces have words for
// their families.

/** Every rule, named `part.rule`. */
export const LICENCE_RULES = [
  "licence.too_large",
  "licence.form",
  "licence.token",
  "licence.hash",
  "licence.critical",
  "licence.algorithm",
  "licence.type",
  "licence.claim",
  "licence.issuer",
  "licence.key",
  "licence.signature",
  "licence.audience",
  "licence.expired",
  "licence.not_yet",
  "holder.key",
  "binding.critical",
  "binding.algorithm",
  "binding.type",
  "binding.signature",
  "binding.claim",
  "binding.audience",
  "binding.hash",
  "binding.time",
  "disclosure.form",
  "disclosure.twice",
  "disclosure.unreferenced",
  "disclosure.kind",
  "disclosure.digest",
  "disclosure.digest_twice",
  "disclosure.reserved",
  "disclosure.claim_twice",
  "disclosure.always",
  "disclosure.depth",
  "keys.too_large",
  "keys.form",
  "keys.key",
  "keys.issuer",
  "keys.none",
  "keys.twice",
  "list.too_large",
  "list.token",
  "list.critical",
  "list.algorithm",
  "list.type",
  "list.issuer",
  "list.key",
  "list.signature",
  "list.claim",
  "list.expired",
  "list.compression",
  "list.other",
  "list.index",
  "seal.token",
  "seal.critical",
  "seal.algorithm",
  "seal.type",
  "seal.issuer",
  "seal.key",
  "seal.signature",
  "seal.claim",
  "seal.changed",
  "status.revoked",
  "status.suspended",
  "status.unknown",
] as const;

export type LicenceRule = (typeof LICENCE_RULES)[number];

/** A broken rule; `what` names the claim or the time at fault where that says more. */
export class LicenceError extends Error {
  constructor(
    readonly rule: LicenceRule,
    readonly what: string | number = "",
  ) {
    super(`${rule} ${what}`.trim());
    this.name = "LicenceError";
  }
}
