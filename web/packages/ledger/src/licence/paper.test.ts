// Licences out of PDFs. The files of the server itself are read in e2e/tests/papers.test.mjs.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkSeal, LicenceError, parseKeys, parsePaper } from "./index.ts";
import golden from "./vectors.json" with { type: "json" };

const ISSUER = "https://city.example";
const licence = golden.vectors.find(({ name }) => name === "one fact, in force")!.text;
const pair = generateKeyPairSync("ed25519");
const keys = parseKeys(JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: "jwk" }), kid: "1", iss: ISSUER }] }));
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function sealOf(digest: Uint8Array, claims: object = {}, header: object = {}): string {
  const signed = `${encode({ alg: "EdDSA", typ: "dipper-seal+jwt", kid: "1", ...header })}.${encode({ iss: ISSUER, iat: 1, sha256: Buffer.from(digest).toString("base64url"), ...claims })}`;
  return `${signed}.${sign(null, Buffer.from(signed), pair.privateKey).toString("base64url")}`;
}

const attached = (text: string) => `1 0 obj\n<</Length ${text.length}/Type/EmbeddedFile/Params<</Size 1>>>>\nstream\n${text}\nendstream\nendobj\n`;

/** A file in the form of ours, sealed. */
function paperOf(texts: readonly string[], claims?: object, header?: object): Uint8Array {
  const head = `%PDF-1.7\n\x80\x9f\xff page\n${texts.map(attached).join("")}`;
  const length = sealOf(new Uint8Array(32), claims, header).length;
  const fileOf = (seal: string) => Buffer.from(`${head}${attached(seal)}%%EOF`, "latin1");
  // The digest is of the file with spaces for the seal.
  const digest = createHash("sha256").update(fileOf(" ".repeat(length))).digest();
  return new Uint8Array(fileOf(sealOf(digest, claims, header)));
}

function fault(bytes: Uint8Array, issuer = ISSUER): string {
  const paper = parsePaper(bytes);
  if (!paper) return "none";
  try {
    checkSeal(paper, issuer, keys);
    return "";
  } catch (cause) {
    if (cause instanceof LicenceError) return cause.rule;
    throw cause;
  }
}

describe("a licence on paper", () => {
  it("is found with its seal, which holds", () => {
    const bytes = paperOf([licence, "eyJ.e30.sig"]);
    expect(parsePaper(bytes)?.licence).toBe(licence);
    expect(fault(bytes)).toBe("");
  });

  it("is refused when one bit of it changed", () => {
    const good = paperOf([licence]);
    for (let at = 0; at < good.length; at += 7) {
      const bytes = good.slice();
      bytes[at]! ^= 1;
      expect(fault(bytes), `byte ${at}`).not.toBe("");
    }
  });

  it.each([
    ["no PDF", new TextEncoder().encode(licence), "none"],
    ["no licence", paperOf(["eyJ.e30.sig"]), "none"],
    ["two licences", paperOf([licence, licence]), "none"],
    ["no seal", new TextEncoder().encode(`%PDF-1.7\n${attached(licence)}`), "none"],
    ["a seal of another type", paperOf([licence], {}, { typ: "statuslist+jwt" }), "none"],
    ["another issuer's seal", paperOf([licence], { iss: "https://other.example" }), "seal.claim"],
    ["no digest", paperOf([licence], { sha256: 1 }), "seal.claim"],
    ["another key", paperOf([licence], {}, { kid: "2" }), "seal.key"],
    ["another algorithm", paperOf([licence], {}, { alg: "none" }), "seal.algorithm"],
    ["an extension", paperOf([licence], {}, { crit: [] }), "seal.critical"],
  ])("is told: %s", (_, bytes, rule) => {
    expect(fault(bytes)).toBe(rule);
  });
});
