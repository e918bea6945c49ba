// Disclosures, and the payload they complete (RFC 9901 §4.2 and §7.1). Form alone: whether the issuer signed the digests
// is decided elsewhere.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesOf, decodeBase64url, encodeBase64url, isArray, isObject, member, parseJson, type Json, type JsonObject } from "./json.ts";
import { fromUtf8 } from "../text.ts";
import { LicenceError } from "./rules.ts";

/** Names that carry digests; no claim may have them (§4.1). */
const RESERVED = ["_sd", "_sd_alg", "..."];

/** Claims that every verifier must see (SD-JWT VC, registered JWT claims). */
const ALWAYS = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"];

/** Levels of objects and arrays; as in core/credential. */
const MAX_DEPTH = 64;

/** One disclosure: the text whose digest the issuer signed, and what it says. */
export interface Disclosure {
  readonly text: string;
  readonly digest: string;
  /** The claim's name; an array element has none. */
  readonly name: string | undefined;
  readonly value: Json;
}

/** The payload with disclosures in place, and for each disclosure the outermost claim it stands under. */
export interface Completed {
  readonly claims: JsonObject;
  readonly places: readonly string[];
}

/** Reads a disclosure: salt, name and value, or salt and value. Undefined when it has not the form. */
export function parseDisclosure(text: string): Disclosure | undefined {
  const bytes = decodeBase64url(text);
  const words = bytes && fromUtf8(bytes);
  const parts = words === undefined ? undefined : parseJson(words);
  if (!isArray(parts) || (parts.length !== 2 && parts.length !== 3) || typeof parts[0] !== "string") return undefined;
  const [name, value] = parts.length === 3 ? [parts[1], parts[2]] : [undefined, parts[1]];
  if (value === undefined || (name !== undefined && typeof name !== "string")) return undefined;
  return { text, digest: encodeBase64url(sha256(bytesOf(text))), name, value };
}

/** Puts disclosures in the place of their digests (§7.1 steps 3 to 5): each exactly once. */
export function complete(payload: JsonObject, disclosures: readonly Disclosure[]): Completed {
  const byDigest = new Map(disclosures.map((one, index) => [one.digest, index]));
  if (byDigest.size < disclosures.length) throw new LicenceError("disclosure.twice");
  const walk = new Walk(disclosures, byDigest);
  const claims = walk.object(payload, undefined, 0);
  const places = disclosures.map((_, index) => {
    const place = walk.places.get(index);
    if (place === undefined) throw new LicenceError("disclosure.unreferenced", index);
    return place;
  });
  return { claims, places };
}

class Walk {
  readonly places = new Map<number, string>();
  readonly #seen = new Set<string>();

  constructor(
    readonly disclosures: readonly Disclosure[],
    readonly byDigest: ReadonlyMap<string, number>,
  ) {}

  #value(value: Json, place: string, depth: number): Json {
    if (isObject(value)) return this.object(value, place, depth + 1);
    return isArray(value) ? this.#array(value, place, depth + 1) : value;
  }

  /** Completes one object; `place` is undefined for the payload itself. */
  object(object: JsonObject, place: string | undefined, depth: number): JsonObject {
    if (depth > MAX_DEPTH) throw new LicenceError("disclosure.depth");
    const claims = new Map<string, Json>();
    for (const [name, value] of Object.entries(object)) {
      if (name === "_sd" || (name === "_sd_alg" && place === undefined)) continue;
      if (RESERVED.includes(name)) throw new LicenceError("disclosure.reserved", name);
      claims.set(name, this.#value(value, place ?? name, depth));
    }
    const digests = member(object, "_sd") ?? [];
    if (!isArray(digests)) throw new LicenceError("disclosure.digest");
    for (const digest of digests) {
      const found = this.#find(digest);
      if (!found) continue;
      const { name, value } = found.disclosure;
      if (name === undefined) throw new LicenceError("disclosure.kind", found.index);
      if (RESERVED.includes(name)) throw new LicenceError("disclosure.reserved", name);
      if (place === undefined && ALWAYS.includes(name)) throw new LicenceError("disclosure.always", name);
      this.places.set(found.index, place ?? name);
      const completed = this.#value(value, place ?? name, depth);
      if (claims.has(name)) throw new LicenceError("disclosure.claim_twice", name);
      claims.set(name, completed);
    }
    // `fromEntries` makes `__proto__` a member like any other.
    return Object.fromEntries(claims);
  }

  #array(elements: readonly Json[], place: string, depth: number): readonly Json[] {
    if (depth > MAX_DEPTH) throw new LicenceError("disclosure.depth");
    return elements.flatMap((element) => {
      const digest = isObject(element) && Object.keys(element).length === 1 ? member(element, "...") : undefined;
      if (digest === undefined) return [this.#value(element, place, depth)];
      const found = this.#find(digest);
      if (!found) return [];
      if (found.disclosure.name !== undefined) throw new LicenceError("disclosure.kind", found.index);
      this.places.set(found.index, place);
      return [this.#value(found.disclosure.value, place, depth)];
    });
  }

  /** Takes note of a digest and finds its disclosure; a decoy or a withheld claim has none. */
  #find(digest: Json): { index: number; disclosure: Disclosure } | undefined {
    if (typeof digest !== "string" || decodeBase64url(digest)?.length !== 32) throw new LicenceError("disclosure.digest");
    if (this.#seen.has(digest)) throw new LicenceError("disclosure.digest_twice");
    this.#seen.add(digest);
    const index = this.byDigest.get(digest);
    const disclosure = index === undefined ? undefined : this.disclosures[index];
    return index === undefined || !disclosure ? undefined : { index, disclosure };
  }
}
