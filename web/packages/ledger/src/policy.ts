// Whom to believe: known logs, known witnesses, and how many must agree (C2SP tlog-policy).
import { parseKey, isSameKey, type KeyKind, type VerifierKey } from "./key.ts";
import { findSigned, type Note } from "./note.ts";
import { LedgerError } from "./rules.ts";
import { encodeHex, parseNumber, utf8Length } from "./text.ts";

export const MAX_POLICY_BYTES = 65_536;

/** A log one accepts; its origin is its key's name. */
export interface LogEntry {
  readonly key: VerifierKey;
  readonly url: string | undefined;
}

/** A witness one knows; its name has a meaning within the policy only. */
export interface Witness {
  readonly name: string;
  readonly key: VerifierKey;
  readonly url: string | undefined;
}

interface Group {
  readonly name: string;
  readonly needed: number;
  /** Only names defined before, so there is no circle. */
  readonly members: readonly string[];
}

export interface Policy {
  readonly logs: readonly LogEntry[];
  readonly witnesses: readonly Witness[];
  readonly groups: readonly Group[];
  /** Name of a witness or group; undefined when no witness is asked for. */
  readonly quorum: string | undefined;
}

/** A witness of the policy that cosigned, and when by its own clock. */
export interface Cosigner {
  readonly name: string;
  readonly key_name: string;
  readonly time_s: bigint;
}

/** Accepts one log, with no witness asked for. */
export function policyOf(key: VerifierKey): Policy {
  return { logs: [{ key, url: undefined }], witnesses: [], groups: [], quorum: undefined };
}

/** Reads a policy file; lines count from 1. */
export function parsePolicy(text: string): Policy {
  const got = utf8Length(text);
  if (got > MAX_POLICY_BYTES) throw new LedgerError("policy.too_large", { got });
  if (text !== "" && !text.endsWith("\n")) throw new LedgerError("policy.newline");
  const reading = new Reading();
  text.replace(/\n$/, "").split("\n").forEach((content, at) => reading.line(at + 1, content));
  return reading.finish();
}

/** Lists the policy's witnesses that cosigned; a false line of a known witness spoils the note. */
export function listCosigners(policy: Policy, note: Note): Cosigner[] {
  const signed = findSigned(note, policy.witnesses.map(({ key }) => key));
  return signed.flatMap(({ key, time_s }) => {
    const witness = policy.witnesses.find((one) => isSameKey(one.key, key));
    return witness && time_s !== null ? [{ name: witness.name, key_name: key.name, time_s }] : [];
  });
}

/** Whether the witnesses with these names make the quorum. */
export function isQuorum(policy: Policy, names: Iterable<string>): boolean {
  const holding = new Set(names);
  // Names of groups are nobody's signature.
  for (const { name } of policy.groups) holding.delete(name);
  for (const { name, needed, members } of policy.groups) {
    if (members.filter((member) => holding.has(member)).length >= needed) holding.add(name);
  }
  return policy.quorum === undefined || holding.has(policy.quorum);
}

class Reading {
  readonly #logs: LogEntry[] = [];
  readonly #witnesses: Witness[] = [];
  readonly #groups: Group[] = [];
  readonly #names = new Set<string>();
  readonly #grouped = new Set<string>();
  readonly #keys = new Set<string>();
  #quorum: string | undefined;

  line(line: number, content: string): void {
    // eslint-disable-next-line no-control-regex
    if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(content)) throw new LedgerError("policy.characters", { line });
    const words = content.split(/[ \t]/).filter((word) => word !== "");
    const [verb, a, b, c] = words;
    if (verb === undefined || verb.startsWith("#")) return;
    if (verb === "log" && a !== undefined && words.length <= 3) this.#logs.push({ key: this.#key(line, a, 0x01), url: b });
    else if (verb === "witness" && a !== undefined && b !== undefined && words.length <= 4) this.#witness(line, a, b, c);
    else if (verb === "group" && a !== undefined && b !== undefined && words.length > 3) this.#group(line, a, b, words.slice(3));
    else if (verb === "quorum" && a !== undefined && words.length === 2) this.#setQuorum(line, a);
    else throw new LedgerError("policy.form", { line });
  }

  finish(): Policy {
    if (this.#quorum === undefined) throw new LedgerError("policy.no_quorum");
    const quorum = this.#quorum === "none" ? undefined : this.#quorum;
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum };
  }

  #key(line: number, vkey: string, kind: KeyKind): VerifierKey {
    let key: VerifierKey;
    try {
      key = parseKey(vkey);
    } catch (cause) {
      throw cause instanceof LedgerError ? new LedgerError("policy.key", { line, why: cause.rule }) : cause;
    }
    if (key.kind !== kind) throw new LedgerError("policy.kind", { line });
    // Once as log or as witness, under whatever name.
    const bare = encodeHex(key.key);
    if (this.#keys.has(bare)) throw new LedgerError("policy.duplicate_key", { line });
    this.#keys.add(bare);
    return key;
  }

  #define(line: number, name: string): void {
    if (name === "none" || this.#names.has(name)) throw new LedgerError("policy.duplicate_name", { line, name });
    this.#names.add(name);
  }

  #known(line: number, name: string): void {
    if (!this.#names.has(name)) throw new LedgerError("policy.unknown", { line, name });
  }

  #witness(line: number, name: string, vkey: string, url: string | undefined): void {
    const key = this.#key(line, vkey, 0x04);
    this.#define(line, name);
    this.#witnesses.push({ name, key, url });
  }

  #group(line: number, name: string, threshold: string, members: readonly string[]): void {
    for (const member of members) {
      this.#known(line, member);
      if (this.#grouped.has(member)) throw new LedgerError("policy.regrouped", { line, name: member });
      this.#grouped.add(member);
    }
    const needed = threshold === "all" ? members.length : threshold === "any" ? 1 : Number(parseNumber(threshold) ?? 0n);
    if (needed < 1 || needed > members.length) throw new LedgerError("policy.threshold", { line, members: members.length });
    this.#define(line, name);
    this.#groups.push({ name, needed, members });
  }

  #setQuorum(line: number, name: string): void {
    if (this.#quorum !== undefined) throw new LedgerError("policy.second_quorum", { line });
    if (name !== "none") this.#known(line, name);
    this.#quorum = name;
  }
}
