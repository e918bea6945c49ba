// JSON Web Signatures in compact form (RFC 7515): EdDSA and nothing else, with an exact type.
import { verifyStrict } from "../ed25519.ts";
import { bytesOf, decodeBase64url, member, parseObject, type JsonObject } from "./json.ts";
import { findKey, type TrustedKey } from "./keys.ts";
import { LicenceError } from "./rules.ts";

/** A JWS of sound form; nobody has checked its signature. */
export interface Jws {
  readonly signed: string;
  readonly signature: Uint8Array;
  readonly header: JsonObject;
  readonly payload: JsonObject;
}

type Part = "licence" | "list" | "seal";

/** Takes a JWS apart; undefined when it is none. */
export function parseJws(text: string): Jws | undefined {
  const [head, body, tail, ...more] = text.split(".");
  if (head === undefined || body === undefined || tail === undefined || more.length > 0) return undefined;
  const [header, payload, signature] = [parseObject(decodeBase64url(head)), parseObject(decodeBase64url(body)), decodeBase64url(tail)];
  return header && payload && signature && { signed: `${head}.${body}`, signature, header, payload };
}

/** Checks key and signature; the errors are those of `part`. */
export function checkSignature(jws: Jws, part: Part, issuer: string, keys: readonly TrustedKey[]): void {
  const kid = member(jws.header, "kid");
  if (kid !== undefined && typeof kid !== "string") throw new LicenceError(`${part}.token`);
  const key = findKey(keys, issuer, kid);
  if (typeof key === "string") throw new LicenceError(`${part}.${key}`, key === "issuer" ? issuer : (kid ?? ""));
  if (!verifyStrict(key.key, bytesOf(jws.signed), jws.signature)) throw new LicenceError(`${part}.signature`, issuer);
}

/** Checks what the header says of itself, before any key is looked for. */
export function checkHeader({ header }: Jws, part: Part, type: string): void {
  if (Object.hasOwn(header, "crit")) throw new LicenceError(`${part}.critical`);
  if (member(header, "alg") !== "EdDSA") throw new LicenceError(`${part}.algorithm`);
  if (member(header, "typ") !== type) throw new LicenceError(`${part}.type`);
}
