// What becomes of a licence that is put in, and whose keys it is checked with.
import { LICENCE_RULES } from "@dipper/ledger/licence";
import { toUtf8 } from "@dipper/ledger";
import golden from "@dipper/ledger/licence/vectors.json" with { type: "json" };
import { describe, expect, it } from "vitest";
import zhCN from "../locales/zh-CN.ts";
import { checkLicence, licenceFamily, type LicenceChecked } from "./check.ts";
import { licenceOf } from "./current.ts";
import { LicenceKeys } from "./trust.ts";

function memory(): Pick<Storage, "getItem" | "setItem"> {
  const held = new Map<string, string>();
  return { getItem: (key) => held.get(key) ?? null, setItem: (key, value) => void held.set(key, value) };
}

const vector = (name: string) => golden.vectors.find((one) => one.name === name)!;
const otherKeys = golden.keys.replace("https://city.example", "https://other.example");

async function checkVector(name: string, options: { keys?: string | undefined; list?: string | undefined } = { keys: golden.keys, list: vector(name).status }): Promise<LicenceChecked> {
  const keys = new LicenceKeys(memory);
  if (options.keys) keys.showSite(options.keys, 1);
  return checkLicence(vector(name).text, keys.trust.value, golden.now_s, async () => options.list);
}

function checkCode(name: string): Promise<LicenceChecked> {
  const keys = new LicenceKeys(memory);
  keys.showSite(golden.keys, 1);
  const text = golden.codes.find((one) => one.name === name)!.text;
  return checkLicence(text, keys.trust.value, golden.now_s, async () => vector("one fact, in force").status);
}

describe("a licence that is put in", () => {
  it("holds, and says what is known of its revocation", async () => {
    expect(await checkVector("one fact, in force")).toMatchObject({ verdict: "good", standing: { known: "valid" }, trust: { from: "site" } });
    expect(await checkVector("no status")).toMatchObject({ verdict: "good", standing: { known: "none" } });
    expect(await checkVector("one fact, in force", { keys: golden.keys })).toMatchObject({ verdict: "good", standing: { known: "not_checked", why: "offline" } });
  });

  it.each(["a list signed by another", "a list that expired", "a list of another name", "a list beyond the bound", "a list that is too short"])("is not revoked by %s", async (name) => {
    expect(await checkVector(name)).toMatchObject({ verdict: "good", standing: { known: "not_checked", why: vector(name).verdict } });
  });

  it.each([
    ["revoked", "refused", "revoked"],
    ["suspended", "refused", "suspended"],
    ["a status of no meaning", "refused", "suspended"],
    ["expired", "refused", "expired"],
    ["to come", "refused", "not_yet"],
    ["signed by another key", "refused", "signature"],
    ["a changed fact", "refused", "changed"],
    ["cut off", "refused", "damaged"],
    ["another issuer", "unknown", "issuer"],
    ["no algorithm", "unknown", "kind"],
  ])("%s: %s, %s", async (name, verdict, family) => {
    expect(await checkVector(name)).toMatchObject({ verdict, family });
  });

  it.each([
    ["by its device", "device"],
    ["a copy without signature", "copy"],
    ["bound to no device", "anyone"],
  ])("is shown %s", async (name, by) => {
    expect(await checkCode(name)).toMatchObject({ verdict: "good", showing: { by } });
  });

  it.each([
    ["a picture of a code", "stale"],
    ["made for a bank", "stale"],
    ["with the signature of other facts", "binding"],
    ["a changed signature", "binding"],
  ])("is refused as a code %s: %s", async (name, family) => {
    expect(await checkCode(name)).toMatchObject({ verdict: "refused", family });
  });

  it("still says what it was when it counts no more, and nothing when nobody signed it", async () => {
    expect((await checkVector("revoked")).licence?.claims["shop_name"]).toBe("莲花面馆");
    expect((await checkVector("signed by another key")).licence).toBeUndefined();
  });

  it("is not judged without the key of its issuer", async () => {
    expect(await checkVector("one fact, in force", {})).toMatchObject({ verdict: "unknown", family: "keys", trust: undefined });
    expect(await checkVector("one fact, in force", { keys: otherKeys })).toMatchObject({ verdict: "unknown", family: "issuer", what: "https://city.example" });
    expect(await checkVector("cut off", {})).toMatchObject({ verdict: "refused", family: "damaged" });
  });

  it("has words for every family", () => {
    for (const rule of LICENCE_RULES) expect(Object.keys(zhCN.verify.licence.family)).toContain(licenceFamily(rule));
  });

  it("is told from a receipt, and found in a text with line breaks", () => {
    const { text } = vector("one fact, in force");
    expect(licenceOf(toUtf8(` ${text.slice(0, 100)}\r\n${text.slice(100)}\n`))).toBe(text);
    expect(licenceOf(toUtf8("c2sp.org/tlog-proof@v1\nextra a.b.c~"))).toBeUndefined();
    expect(licenceOf(Uint8Array.of(0xff, 0x7e))).toBeUndefined();
  });
});

describe("the keys of this device", () => {
  it("are those of the site until a person brings others, and stay after a restart", () => {
    const storage = memory();
    const keys = new LicenceKeys(() => storage);
    expect(keys.trust.value).toBeUndefined();
    keys.showSite(golden.keys, 1);
    keys.showSite(golden.keys, 2);
    expect(keys.trust.value).toMatchObject({ from: "site", set: { since_ms: 1 } });
    expect(() => keys.keep("{}", 3)).toThrow();
    keys.keep(` ${otherKeys} `, 3);
    keys.showSite(golden.keys, 4);
    expect(new LicenceKeys(() => storage).trust.value).toMatchObject({ from: "own", keys: [{ issuer: "https://other.example" }], set: { since_ms: 3 } });
    keys.forget();
    expect(new LicenceKeys(() => storage).trust.value).toMatchObject({ from: "site" });
  });

  it("do without storage and with damaged storage", () => {
    const refusing = () => {
      throw new Error("no storage");
    };
    const none = new LicenceKeys(refusing);
    none.keep(golden.keys, 1);
    expect([none.isKept.value, none.trust.value?.from]).toEqual([false, "own"]);
    for (const text of ["[", "1", '{"own":{"text":"{}","since_ms":1},"site":3}']) {
      expect(new LicenceKeys(() => ({ getItem: () => text, setItem: () => {} })).trust.value, text).toBeUndefined();
    }
  });
});
