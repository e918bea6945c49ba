// Holder binding (RFC 9901 §4.3): a Key Binding JWT by the device a licence is bound to, made for one audience and one
// moment. The rules of core/credential; P-256 beside Ed25519, since that is what phones keep in hardware.
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { verifyStrict } from "../ed25519.ts";
import { bytesOf, decodeBase64url, encodeBase64url, isObject, member, type Json, type JsonObject } from "./json.ts";
import type { Jws } from "./jws.ts";
import { LicenceError } from "./rules.ts";
import { isWhole } from "./status.ts";

/** The audience of codes that are shown in person to whoever reads them; as in core/credential. */
export const SHOWN_AUDIENCE = "urn:dipper:shown-in-person";

/** How old a code on a screen may be, seconds: it is made anew much more often. */
export const SHOWN_MAX_AGE_S = 120;

/** Seconds by which clocks may differ; as for the licence itself. */
const LEEWAY_S = 60;

/** Who shows a licence: the device it is bound to, somebody with a copy, or anybody since it is bound to none. */
export type Showing = { readonly by: "device"; readonly at_s: number } | { readonly by: "copy" } | { readonly by: "anyone" };

/** What of a licence is bound. */
export interface Bound {
  /** `cnf`. */
  readonly holder: Json | undefined;
  /** The Key Binding JWT; nobody has checked it. */
  readonly binding: Jws | undefined;
  /** What `sd_hash` must be. */
  readonly sd_hash: string;
}

function coordinate(jwk: JsonObject, name: string): Uint8Array {
  const text = member(jwk, name);
  const bytes = typeof text === "string" ? decodeBase64url(text) : undefined;
  if (bytes?.length !== 32) throw new LicenceError("holder.key");
  return bytes;
}

/** Whether the key in `cnf` made the signature; each key serves one algorithm. */
function verifies(holder: Json, { signed, signature, header }: Jws): boolean {
  const jwk = isObject(holder) ? member(holder, "jwk") : undefined;
  if (!isObject(jwk) || Object.hasOwn(jwk, "d")) throw new LicenceError("holder.key");
  const [kind, message] = [`${String(member(jwk, "kty"))}/${String(member(jwk, "crv"))}`, bytesOf(signed)];
  const algorithm = { "OKP/Ed25519": "EdDSA", "EC/P-256": "ES256" }[kind];
  if (algorithm === undefined) throw new LicenceError("holder.key");
  if (member(header, "alg") !== algorithm) throw new LicenceError("binding.algorithm");
  if (algorithm === "EdDSA") return verifyStrict(coordinate(jwk, "x"), message, signature);
  const point = Uint8Array.of(4, ...coordinate(jwk, "x"), ...coordinate(jwk, "y"));
  try {
    return signature.length === 64 && p256.verify(signature, message, point, { lowS: false });
  } catch {
    // Not a point of the curve.
    return false;
  }
}

/** Who shows a licence now; throws when what should prove it does not hold. */
export function checkShowing({ holder, binding, sd_hash }: Bound, now_s: number): Showing {
  if (holder === undefined) return { by: "anyone" };
  if (!binding) return { by: "copy" };
  const { header, payload } = binding;
  if (Object.hasOwn(header, "crit")) throw new LicenceError("binding.critical");
  if (member(header, "typ") !== "kb+jwt") throw new LicenceError("binding.type");
  if (!verifies(holder, binding)) throw new LicenceError("binding.signature");
  const nonce = member(payload, "nonce");
  if (typeof nonce !== "string" || nonce === "") throw new LicenceError("binding.claim", "nonce");
  if (member(payload, "aud") !== SHOWN_AUDIENCE) throw new LicenceError("binding.audience");
  if (member(payload, "sd_hash") !== sd_hash) throw new LicenceError("binding.hash");
  const at_s = member(payload, "iat");
  if (!isWhole(at_s)) throw new LicenceError("binding.claim", "iat");
  if (at_s < now_s - SHOWN_MAX_AGE_S - LEEWAY_S || now_s + LEEWAY_S < at_s) throw new LicenceError("binding.time", at_s);
  return { by: "device", at_s };
}

/** The digest a Key Binding JWT has of the text before it. */
export function sdHash(text: string): string {
  return encodeBase64url(sha256(bytesOf(text)));
}

/** A key that stays on its device: what it signs with, and how others know it. */
export interface DeviceKey {
  readonly algorithm: "ES256" | "EdDSA";
  readonly jwk: JsonObject;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

async function signed(key: DeviceKey, header: JsonObject, payload: JsonObject): Promise<string> {
  const input = [{ alg: key.algorithm, ...header }, payload].map((part) => encodeBase64url(bytesOf(JSON.stringify(part)))).join(".");
  return `${input}.${encodeBase64url(await key.sign(bytesOf(input)))}`;
}

/** Shows an issuer that the device has the key (OpenID4VCI, appendix F.1). */
export function proofOf(key: DeviceKey, audience: string, nonce: string, now_s: number): Promise<string> {
  return signed(key, { typ: "openid4vci-proof+jwt", jwk: key.jwk }, { aud: audience, nonce, iat: now_s });
}

/** The text of a licence with the signature of its device, for one audience and one moment. */
export async function showTo(key: DeviceKey, text: string, audience: string, nonce: string, now_s: number): Promise<string> {
  const bound = text.slice(0, text.lastIndexOf("~") + 1);
  return bound + (await signed(key, { typ: "kb+jwt" }, { iat: now_s, aud: audience, nonce, sd_hash: sdHash(bound) }));
}
