// The same verdicts as core/ledger, case by case: the golden file is written and checked by its test `browser`.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromUtf8, LedgerError, openReceipt, parseKey, parseNote, parsePolicy, toUtf8, verifyReceipt, writeKey, type Policy } from "./index.ts";
import { encodeBase64 } from "./text.ts";

interface Proved {
  index: string;
  size: string;
  origin: string;
  root: string;
  position: string;
  minute: string;
  event: string;
  cosigners: [string, string, string][];
}
interface Golden {
  policies: Record<string, string>;
  receipts: { receipt: string; policy: string; verdict: string; proved: Proved | null }[];
  damaged: { receipt: string; policy: string; flipped: [string, number][]; cut: [string, number][] };
  edited: [string, string][];
  keys: [string, string][];
  refused_policies: [string, string][];
  notes: [string, string][];
}

const golden = JSON.parse(readFileSync(new URL("../../../../core/ledger/tests/golden/browser.json", import.meta.url), "utf8")) as Golden;

function policy(id: string): Policy {
  return parsePolicy(golden.policies[id] ?? "");
}

/** `ok`, or the rule broken. */
function word(attempt: () => unknown): string {
  try {
    attempt();
    return "ok";
  } catch (cause) {
    if (cause instanceof LedgerError) return cause.rule;
    throw cause;
  }
}

function runs(verdicts: readonly string[]): [string, number][] {
  const found: [string, number][] = [];
  for (const verdict of verdicts) {
    const last = found.at(-1);
    if (last?.[0] === verdict) last[1] += 1;
    else found.push([verdict, 1]);
  }
  return found;
}

describe("receipts written by core/ledger", () => {
  it.each(golden.receipts.map((one, at) => ({ at, ...one })))("receipt $at under $policy: $verdict", ({ receipt, policy: id, verdict, proved }) => {
    const bytes = toUtf8(receipt);
    expect(word(() => verifyReceipt(openReceipt(bytes), policy(id)))).toBe(verdict);
    if (!proved) return;
    const opened = openReceipt(bytes);
    const { index, checkpoint, cosigners } = verifyReceipt(opened, policy(id));
    expect({
      index: String(index),
      size: String(checkpoint.size),
      origin: checkpoint.origin,
      root: encodeBase64(checkpoint.root),
      position: String(opened.opening.leaf.position),
      minute: String(opened.opening.leaf.minute),
      event: fromUtf8(opened.opening.canonical),
      cosigners: cosigners.map(({ name, key_name, time_s }) => [name, key_name, String(time_s)]),
    }).toEqual(proved);
  });

  it("refuses each receipt with one bit changed or the end cut off for the same rule", { timeout: 120_000 }, () => {
    const { receipt, policy: id, flipped, cut } = golden.damaged;
    const bytes = toUtf8(receipt);
    const known = policy(id);
    const decide = (changed: Uint8Array) => word(() => verifyReceipt(openReceipt(changed), known));
    const each = <T>(make: (at: number) => T): T[] => Array.from(bytes, (_, at) => make(at));
    const flip = (at: number) => Uint8Array.from(bytes, (byte, here) => (here === at ? byte ^ (1 << (at % 8)) : byte));
    expect(runs(each((at) => decide(flip(at))))).toEqual(flipped);
    expect(runs(each((at) => decide(bytes.subarray(0, at))))).toEqual(cut);
    expect([...flipped, ...cut].map(([verdict]) => verdict)).not.toContain("ok");
  });

  it.each(golden.edited.map(([text, verdict], at) => ({ at, text, verdict })))("edit $at: $verdict", ({ text, verdict }) => {
    const known = policy("two");
    expect(word(() => verifyReceipt(openReceipt(toUtf8(text)), known))).toBe(verdict);
  });
});

describe("keys, policies and notes", () => {
  it.each(golden.keys)("key %j: %s", (text, verdict) => {
    expect(word(() => parseKey(text))).toBe(verdict);
    if (verdict === "ok") expect(writeKey(parseKey(text))).toBe(text);
  });

  it("reads and refuses policies alike", () => {
    for (const [text, verdict] of golden.refused_policies) expect(word(() => parsePolicy(text)), text.slice(0, 200)).toBe(verdict);
  });

  it.each(golden.notes)("note %j: %s", (text, verdict) => {
    expect(word(() => parseNote(toUtf8(text)))).toBe(verdict);
  });
});
