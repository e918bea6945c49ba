// The document of trusted keys: a JSON Web Key Set (RFC 7517 §5) whose keys name their issuer. Who is trusted is decided
// by whoever brings the document, never by a token: `jwk`, `jku` and `x5c` of a header are not looked at.
import { isUsableKey } from "../ed25519.ts";
import { utf8Length } from "../text.ts";
import { decodeBase64url, isArray, isObject, member, parseJson, type JsonObject } from "./json.ts";
import { LicenceError } from "./rules.ts";

/** Longest document; as in core/credential. */
const MAX_KEYS_BYTES = 256 * 1024;

/** A key, its id, and the issuer it is trusted for. */
export interface TrustedKey {
  readonly issuer: string;
  readonly kid: string;
  /** 32 bytes, Ed25519. */
  readonly key: Uint8Array;
}

/** As in core/credential: not empty, at most 256 bytes, no control character. */
function isKid(kid: string): boolean {
  return kid !== "" && utf8Length(kid) <= 256 && !/\p{Cc}/u.test(kid);
}

function readKey(jwk: JsonObject, ofDocument: string | undefined): TrustedKey {
  const [x, kid, issuer] = [member(jwk, "x"), member(jwk, "kid"), member(jwk, "iss") ?? ofDocument];
  const key = typeof x === "string" ? decodeBase64url(x) : undefined;
  const isOther = (name: string, is: string) => (member(jwk, name) ?? is) !== is;
  const isSecret = Object.hasOwn(jwk, "d") || Object.hasOwn(jwk, "k");
  if (!key || !isUsableKey(key) || isSecret || isOther("use", "sig") || isOther("alg", "EdDSA")) throw new LicenceError("keys.key");
  if (typeof kid !== "string" || !isKid(kid)) throw new LicenceError("keys.key");
  if (typeof issuer !== "string" || issuer === "") throw new LicenceError("keys.issuer", kid);
  return { issuer, kid, key };
}

/** Reads a key set, or what `/.well-known/jwt-vc-issuer` says. Keys of other kinds are passed over, as RFC 7517 §5 asks. */
export function parseKeys(text: string): TrustedKey[] {
  if (text.length > MAX_KEYS_BYTES) throw new LicenceError("keys.too_large");
  const document = parseJson(text);
  if (!isObject(document)) throw new LicenceError("keys.form");
  const within = member(document, "jwks");
  const issuer = member(document, "issuer");
  const jwks = member(isObject(within) ? within : document, "keys");
  if (!isArray(jwks) || !jwks.every(isObject)) throw new LicenceError("keys.form");
  const ours = jwks.filter((jwk) => member(jwk, "kty") === "OKP" && member(jwk, "crv") === "Ed25519");
  const keys = ours.map((jwk) => readKey(jwk, typeof issuer === "string" ? issuer : undefined));
  if (keys.length === 0) throw new LicenceError("keys.none");
  if (new Set(keys.map(({ issuer: of, kid }) => JSON.stringify([of, kid]))).size < keys.length) throw new LicenceError("keys.twice");
  return keys;
}

/** The key of an issuer by its id; without an id, the only key of the issuer. */
export function findKey(keys: readonly TrustedKey[], issuer: string, kid: string | undefined): TrustedKey | "issuer" | "key" {
  const of = keys.filter((key) => key.issuer === issuer);
  if (of.length === 0) return "issuer";
  const [key, ...others] = of.filter((one) => kid === undefined || one.kid === kid);
  return key && others.length === 0 ? key : "key";
}
