// The rules a receipt, note, key or policy can break. Ids are those of core/ledger's errors, so that both sides can be
// compared case by case; faces have words for each.

/** Every rule, named `part.rule`. */
export const RULES = [
  "proof.too_large",
  "proof.characters",
  "proof.header",
  "proof.extra",
  "proof.index",
  "proof.path",
  "proof.long_path",
  "proof.form",
  "proof.unknown_log",
  "proof.no_quorum",
  "note.too_large",
  "note.characters",
  "note.text",
  "note.form",
  "note.line",
  "note.name",
  "note.unsigned",
  "note.too_many_signatures",
  "note.duplicate",
  "note.ambiguous",
  "note.bad_signature",
  "note.no_known_key",
  "checkpoint.origin",
  "checkpoint.size",
  "checkpoint.root",
  "checkpoint.form",
  "checkpoint.empty_root",
  "checkpoint.other_origin",
  "key.name",
  "key.form",
  "key.kind",
  "key.key",
  "key.id",
  "policy.too_large",
  "policy.characters",
  "policy.newline",
  "policy.form",
  "policy.key",
  "policy.kind",
  "policy.duplicate_key",
  "policy.duplicate_name",
  "policy.unknown",
  "policy.regrouped",
  "policy.threshold",
  "policy.second_quorum",
  "policy.no_quorum",
  "leaf.length",
  "leaf.version",
  "leaf.kind",
  "leaf.reserved",
  "opening.none",
  "opening.length",
  "opening.mismatch",
  "merkle.index",
  "merkle.sizes",
  "merkle.length",
  "merkle.root",
  "parts.header",
  "parts.other",
  "parts.conflict",
  "parts.damaged",
] as const;

export type Rule = (typeof RULES)[number];

/** What was found where, for the words of an error: a line, a name, a number. */
export type Found = Readonly<Record<string, string | number>>;

/** Bytes that are refused: the rule they break and what was found. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";

  constructor(
    readonly rule: Rule,
    readonly found: Found = {},
  ) {
    super(`${rule}${Object.keys(found).length > 0 ? ` ${JSON.stringify(found)}` : ""}`);
  }
}
