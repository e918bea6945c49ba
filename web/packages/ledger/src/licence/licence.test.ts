// The same verdicts as core/credential, case by case: vectors.json is written by tools/licence-vectors.mjs, which puts
// every vector to the Rust verifier too.
import { describe, expect, it } from "vitest";
import { parseJson } from "./json.ts";
import { checkShowing, claimWords, checkStatus, checkTimes, isSdJwt, LicenceError, openLicence, parseKeys, parseSdJwt, present, proofOf, SHOWN_AUDIENCE, showTo, verifyStatusList, type DeviceKey } from "./index.ts";
import { findStatus } from "./status.ts";
import golden from "./vectors.json" with { type: "json" };

const keys = parseKeys(golden.keys);
const named = (name: string) => golden.vectors.find((one) => one.name === name)?.text ?? "";

async function verdict(text: string, status: string | undefined): Promise<string> {
  try {
    const licence = openLicence(text, keys);
    checkTimes(licence, golden.now_s);
    if (!licence.status) return "none";
    if (status === undefined) return "not_checked";
    checkStatus(licence, await verifyStatusList(status, keys, licence.issuer, golden.now_s), golden.now_s);
    return "valid";
  } catch (cause) {
    if (cause instanceof LicenceError) return cause.rule;
    throw cause;
  }
}

describe("licences of core/credential", () => {
  it.each(golden.vectors)("$name: $verdict", async ({ text, status, verdict: expected }) => {
    expect(await verdict(text, status)).toBe(expected);
  });

  it("say what was shown and nothing of what was withheld", () => {
    const licence = openLicence(named("one fact, in force"), keys);
    expect(licence.claims).toEqual({ licence_no: "01M8C5TH02F2KS6TXV3F4SSCQP", licence_name: { "zh-CN": "食品经营许可证", en: "Food business licence" }, shop_name: "莲花面馆" });
    expect([...licence.chosen]).toEqual(["shop_name"]);
    expect(licence.withheld).toBe(2);
    expect(licence.status).toEqual({ uri: "https://city.example/licences/status", index: 5 });
  });

  it("are shown in the browser as core/credential shows them", () => {
    const whole = parseSdJwt(named("whole, in force"));
    expect(present(whole, new Set(["shop_name"]))).toBe(named("one fact, in force"));
    expect(present(whole, new Set())).toBe(named("no fact, no list"));
    expect(present(whole, new Set(["shop_name", "manager_name", "activities"]))).toBe(named("whole, in force"));
  });

  it.each(golden.codes)("are shown $name: $shows", ({ text, shows }) => {
    const said = () => {
      try {
        return checkShowing(openLicence(text, keys).bound, golden.now_s).by;
      } catch (cause) {
        return cause instanceof LicenceError ? cause.rule : cause;
      }
    };
    expect(said()).toBe(shows);
  });

  it("are shown by a key of this browser, which never leaves it", async () => {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    const { kty = "", crv = "", x = "", y = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const key: DeviceKey = {
      algorithm: "ES256",
      jwk: { kty, crv, x, y },
      sign: async (message) => new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message.slice())),
    };
    const [copy] = golden.codes.filter(({ shows }) => shows === "copy");
    const shown = await showTo(key, copy!.text, SHOWN_AUDIENCE, "n-2", golden.now_s);
    const { bound } = openLicence(shown, keys);
    expect(checkShowing({ ...bound, holder: { jwk: key.jwk } }, golden.now_s)).toEqual({ by: "device", at_s: golden.now_s });
    expect(() => checkShowing(bound, golden.now_s)).toThrow("binding.signature");
    const again = await showTo(key, shown, SHOWN_AUDIENCE, "n-3", golden.now_s + 30);
    expect(again.split("~").length).toBe(shown.split("~").length);
    const proof = (await proofOf(key, "urn:city", "one", 5)).split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url").toString()) as unknown);
    expect(proof).toEqual([{ alg: "ES256", typ: "openid4vci-proof+jwt", jwk: key.jwk }, { aud: "urn:city", nonce: "one", iat: 5 }]);
  });

  it("allow clocks to differ by a minute", () => {
    const licence = openLicence(named("whole, in force"), keys);
    const [begin_s, end_s] = [licence.not_before_s ?? 0, licence.expires_at_s ?? 0];
    for (const now_s of [begin_s - 60, begin_s, end_s, end_s + 59]) expect(() => checkTimes(licence, now_s)).not.toThrow();
    for (const now_s of [begin_s - 61, end_s + 60]) expect(() => checkTimes(licence, now_s)).toThrow(LicenceError);
  });

  it("are told from other texts", () => {
    for (const text of [named("whole, in force"), ` ${named("one fact, in force")}\n`, "a.b.c~"]) expect(isSdJwt(text), text).toBe(true);
    for (const text of ["", "a.b.c", "c2sp.org/tlog-proof@v1\nextra ~..", "a.b~", "看 a.b.c~"]) expect(isSdJwt(text), text).toBe(false);
  });
});

describe("the example of RFC 9901", () => {
  it("computes the digests of §4.2.1, with the white space of the text", () => {
    const payload = { vct: "x", _sd: ["X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"] };
    const jws = [{ alg: "EdDSA" }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    const { claims } = parseSdJwt(`${jws}.AA~WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0~`);
    expect(claims).toEqual({ vct: "x", family_name: "Möbius" });
  });
});

describe("trusted keys", () => {
  const [key] = (JSON.parse(golden.keys) as { keys: Record<string, string>[] }).keys;
  const word = (text: string) => {
    try {
      return parseKeys(text).length;
    } catch (cause) {
      return cause instanceof LicenceError ? cause.rule : cause;
    }
  };
  it.each([
    ["as a site gives them", { keys: [key] }, 1],
    ["as jwt-vc-issuer gives them", { issuer: "https://city.example", jwks: { keys: [{ ...key, iss: undefined }] } }, 1],
    ["with a key of another kind beside", { keys: [{ kty: "EC", crv: "P-256" }, key] }, 1],
    ["without issuer", { keys: [{ ...key, iss: undefined }] }, "keys.issuer"],
    ["with a secret", { keys: [{ ...key, d: "AA" }] }, "keys.key"],
    ["for encryption", { keys: [{ ...key, use: "enc" }] }, "keys.key"],
    ["of small order", { keys: [{ ...key, x: "A".repeat(43) }] }, "keys.key"],
    ["twice", { keys: [key, key] }, "keys.twice"],
    ["of no kind we know", { keys: [{ kty: "RSA" }] }, "keys.none"],
    ["none", {}, "keys.form"],
    ["no object", [], "keys.form"],
  ])("%s", (_name, document, expected) => {
    expect(word(JSON.stringify(document))).toBe(expected);
  });
});

describe("JSON with one reading", () => {
  it.each(['{"a":1,"a":1}', '[{"b":{"a":1,"\\u0061":2}}]', '{"a":"\\ud800"}', "{", "\ufeff{}", ""])("refuses %s", (text) => {
    expect(parseJson(text)).toBeUndefined();
  });
  it.each(['{"a":{"a":["a","a",{"a":1}]},"b":"a,\\"a\\":1"}', '"a"', "[1,{},[]]", '{"__proto__":1}'])("takes %s", (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });
});

describe("statuses", () => {
  it("stand in the least significant bits first (Token Status List §4.1)", () => {
    // The example of the draft: one bit, 0xb9 0xa3.
    const bytes = Uint8Array.of(0xb9, 0xa3);
    expect(Array.from({ length: 17 }, (_, at) => findStatus({ bits: 1, bytes }, at))).toEqual([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, undefined]);
    // And two bits, 0xc9 0x44 0xf9.
    const two = Uint8Array.of(0xc9, 0x44, 0xf9);
    expect(Array.from({ length: 12 }, (_, at) => findStatus({ bits: 2, bytes: two }, at))).toEqual([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
  });
});

describe("a claim in words", () => {
  const words = { text: (text: Record<string, string>) => text["en"] ?? "", list: (items: string[]) => items.join(" + ") };
  it.each([
    ["plain", "plain"],
    [12.5, "12.5"],
    [{ en: "Hot", "zh-CN": "热" }, "Hot"],
    [[{ en: "Hot" }, { en: "Cold" }], "Hot + Cold"],
    [{ street: { x: 1 } }, '{"street":{"x":1}}'],
    [true, "true"],
  ])("%j", (value, expected) => {
    expect(claimWords(value, words)).toBe(expected);
  });
});
