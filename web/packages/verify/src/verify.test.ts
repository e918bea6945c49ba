// What this device trusts, what becomes of a receipt, and its words; the receipts are core/ledger's own.
import { readFileSync } from "node:fs";
import { encodeBase64, LedgerError, parsePolicy, RULES, toUtf8, writeKey } from "@dipper/ledger";
import { describe, expect, it } from "vitest";
import { check, failedBy, familyOf, oddities, readEvent, Unreadable, type Held } from "./check.ts";
import { splitTexts, textToFile } from "./current.ts";
import { bodyLines, caseNoInName, caseNoOf, isRecord } from "./event-words.ts";
import en from "./locales/en.ts";
import zhCN from "./locales/zh-CN.ts";
import { NotTrusted, readTrusted, TrustStore } from "./trust.ts";

const golden = JSON.parse(readFileSync(new URL("../../../../core/ledger/tests/golden/browser.json", import.meta.url), "utf8")) as {
  policies: Record<"log" | "two" | "other_key" | "other_log", string>;
  receipts: { receipt: string; policy: string; verdict: string }[];
};
const receipt = golden.receipts.find(({ policy, verdict }) => policy === "two" && verdict === "ok")?.receipt ?? "";
const few = golden.receipts.find(({ policy, verdict }) => policy === "two" && verdict !== "ok")?.receipt ?? "";
const ORIGIN = parsePolicy(golden.policies.log).logs[0]!.key.name;
const vkey = (id: keyof typeof golden.policies) => writeKey(parsePolicy(golden.policies[id]).logs[0]!.key);

function memory(): Pick<Storage, "getItem" | "setItem"> & { held: Map<string, string> } {
  const held = new Map<string, string>();
  return { held, getItem: (key) => held.get(key) ?? null, setItem: (key, value) => void held.set(key, value) };
}

describe("trust", () => {
  it("remembers the first key a site shows and tells of another one", () => {
    const storage = memory();
    new TrustStore(storage).showSite(`${vkey("log")}\n`, 1_000);
    const later = new TrustStore(storage);
    expect(later.findChange(ORIGIN)).toBeUndefined();
    later.showSite(vkey("other_key"), 2_000);
    expect(later.find(ORIGIN)).toMatchObject({ from: "site", text: vkey("log"), since_ms: 1_000 });
    expect(later.findChange(ORIGIN)?.now.id).not.toBe(later.findChange(ORIGIN)?.kept.id);
    later.accept(ORIGIN, 3_000);
    expect(later.findChange(ORIGIN)).toBeUndefined();
    expect(new TrustStore(storage).find(ORIGIN)).toMatchObject({ text: vkey("other_key"), since_ms: 3_000 });
  });

  it("prefers what a person entered, until it is forgotten", () => {
    const storage = memory();
    const store = new TrustStore(storage);
    store.showSite(vkey("other_key"), 1);
    expect(store.keep(`  ${golden.policies.two.replaceAll("\n", "\r\n")} `, 2)).toEqual([ORIGIN]);
    expect(new TrustStore(storage).find(ORIGIN)).toMatchObject({ from: "own", kind: "policy", since_ms: 2 });
    expect(store.findChange(ORIGIN)).toBeDefined();
    store.forget(ORIGIN);
    expect(store.find(ORIGIN)).toMatchObject({ from: "site", kind: "key" });
  });

  it("refuses what is no log's key or policy, and says why", () => {
    const witness = writeKey(parsePolicy(golden.policies.two).witnesses[0]!.key);
    for (const [text, why] of [[" ", "empty"], [witness, "witness_key"], ["quorum none\n", "no_log"]] as const) {
      expect(() => readTrusted(text), text).toThrow(new NotTrusted(why));
    }
    expect(() => readTrusted("not a key")).toThrow(LedgerError);
    expect(() => readTrusted(`${vkey("log")}x`)).toThrow(LedgerError);
  });

  it("does without storage, with damaged storage, and with entries under a false name", () => {
    const none = new TrustStore(undefined);
    none.showSite(vkey("log"), 1);
    expect(none.isKept).toBe(false);
    expect(none.find(ORIGIN)).toBeDefined();
    const other = JSON.stringify({ site: { [ORIGIN]: { vkey: vkey("other_log"), since_ms: 1 } }, own: { [ORIGIN]: { text: vkey("other_log"), since_ms: 1 } } });
    for (const text of ["{", "[]", "null", '{"own":1,"site":{"a":{}}}', other]) {
      const storage = memory();
      storage.held.set("dipper.trust", text);
      expect(new TrustStore(storage).find(ORIGIN), text).toBeUndefined();
    }
  });
});

describe("a receipt", () => {
  const bytes = toUtf8(receipt);

  function trusting(text: string): TrustStore {
    const store = new TrustStore(memory());
    store.keep(text, 1);
    return store;
  }

  it("holds under its policy, with its witnesses and its event", () => {
    const held = check(bytes, trusting(golden.policies.two)) as Held;
    expect(held.verdict).toBe("good");
    expect(held.verified.cosigners.length).toBeGreaterThan(1);
    expect(held.event.raw).toBe(new TextDecoder().decode(held.receipt.opening.canonical));
    const now_ms = 1_795_430_200_000;
    expect(oddities(held, now_ms)).toEqual([]);
    expect(oddities(held, now_ms - 3_600_000)).toEqual(["future"]);
    const leaf = { ...held.receipt.opening.leaf, minute: 1n, position: 9n };
    expect(oddities({ ...held, receipt: { ...held.receipt, opening: { ...held.receipt.opening, leaf } } }, now_ms)).toEqual(["minute", "position"]);
  });

  it("cannot be judged without a key, and is refused by a false one, by too few witnesses and when it is changed", () => {
    expect(check(bytes, new TrustStore(memory()))).toMatchObject({ verdict: "unknown", family: "unknown_log", origin: ORIGIN });
    expect(check(bytes, trusting(vkey("other_key")))).toMatchObject({ verdict: "refused", family: "signature", rule: "note.no_known_key" });
    expect(check(toUtf8(few), trusting(golden.policies.two))).toMatchObject({ verdict: "refused", family: "quorum" });
    const lines = receipt.split("\n");
    const extra = Uint8Array.from(Buffer.from(lines[1]!.slice(6), "base64"));
    extra[300]! ^= 1;
    const changed = toUtf8(lines.with(1, `extra ${encodeBase64(extra)}`).join("\n"));
    expect(check(changed, trusting(golden.policies.two))).toMatchObject({ verdict: "refused", family: "changed", rule: "opening.mismatch" });
    expect(check(toUtf8("hello"), trusting(golden.policies.two))).toMatchObject({ verdict: "unknown", family: "not_receipt" });
    expect(check(toUtf8("%PDF-1.7\n"), trusting(golden.policies.two))).toMatchObject({ verdict: "unknown", family: "pdf" });
  });

  it("lists signature lines it has no key for", () => {
    const held = check(bytes, trusting(vkey("log"))) as Held;
    expect(held.verified.cosigners).toEqual([]);
    expect(held.verified.unchecked.length).toBeGreaterThan(1);
  });

  it("never calls a fault of this page a verdict", () => {
    expect(failedBy(new TypeError("x"))).toMatchObject({ verdict: "unknown", family: "failed" });
    expect(failedBy(new Unreadable("no_code"))).toMatchObject({ verdict: "unknown", family: "no_code" });
  });

  it("comes back from pasted text, whole or in parts", () => {
    expect(splitTexts(`\r\n${receipt.replaceAll("\n", "\r\n")} `)).toHaveLength(1);
    expect(textToFile(splitTexts(receipt)[0]!)).toEqual(bytes);
    const parts = [1, 2].map((n) => `dipper.tlog-proof ${n}/2 0123456789abcdef\nabc${n}`);
    expect(splitTexts(parts.join("\n\n"))).toEqual(parts);
  });
});

describe("words", () => {
  it("exist for every rule and every family, in both languages", () => {
    for (const { verify } of [zhCN, en]) {
      for (const rule of RULES) {
        const [part = "", name = ""] = rule.split(".");
        expect((verify.rule as unknown as Record<string, Record<string, string>>)[part]?.[name], rule).toBeTypeOf("string");
        expect(verify.family[familyOf(rule)].title, rule).not.toBe("");
      }
    }
  });

  it("name the fields of an event, the nested ones too, and leave nothing out", () => {
    const event = readEvent(
      toUtf8('{"body":{"kind":"moved","note":"请","office":"a","answers":{},"evidence":{"before":["x"]},"task":{"office":"b","role":"r"},"place":{"point":[1.5,2],"cell":"N4"},"due_at":1795435200000000,"public":true,"odd":{"a":1}},"recorded_at":1795430000500000}'),
    );
    const lines = new Map(bodyLines(event).map(({ field, value }) => [field, value]));
    expect(lines.get("point")).toBe("1.5, 2");
    expect(lines.get("task.office")).toBe("b");
    expect(lines.get("office")).toBe("a");
    expect(lines.get("evidence")).toEqual(["x"]);
    expect(lines.get("due_at")).toEqual({ at_ms: 1795435200000 });
    expect(lines.get("odd")).toBe('{"a":1}');
    expect(lines.has("answers")).toBe(false);
    expect(event.recorded_ms).toBe(1795430000500);
  });

  it("name every kind of event that the API knows", () => {
    const api = JSON.parse(readFileSync(new URL("../../../../faces/http/openapi.json", import.meta.url), "utf8")) as { components: { schemas: { EventKind: { enum: string[] } } } };
    const named = [zhCN, en].map(({ verify }) => Object.keys(verify.kind));
    for (const kind of api.components.schemas.EventKind.enum) expect(named.map((kinds) => kinds.includes(kind)), kind).toEqual([true, true]);
  });

  it("tell a record beside the cases from an event of one", () => {
    expect(isRecord(readEvent(toUtf8('{"id":"01","body":{"kind":"command_ended"}}')))).toBe(true);
    expect(isRecord(readEvent(toUtf8('{"id":"01","case":"02","body":{"kind":"rated"}}')))).toBe(false);
    expect(isRecord(readEvent(toUtf8("not json")))).toBe(false);
  });

  it("find a case number in the event or, unproved, in the name of the file", () => {
    expect(caseNoOf(readEvent(toUtf8('{"body":{"no":"YG20261123-000042"}}')))).toBe("YG20261123-000042");
    expect(caseNoOf(readEvent(toUtf8("not json")))).toBeUndefined();
    expect(caseNoInName("YG20261123-000042-3.tlog-proof")).toBe("YG20261123-000042");
    expect(caseNoInName("YG20261123-000042-3 (1).tlog-proof")).toBe("YG20261123-000042");
    for (const name of [undefined, "x.tlog-proof", "<b>-1.tlog-proof", "YG20261123-000042.tlog-proof"]) expect(caseNoInName(name)).toBeUndefined();
  });
});
