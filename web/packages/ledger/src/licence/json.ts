// JSON with one reading: `JSON.parse` lets the last of two equal names win, another reader lets the first, and a
// signature covers both. Base64url likewise: no padding, no stray bits.
import { decodeBase64, encodeBase64, fromUtf8, toUtf8 } from "../text.ts";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Strings, brackets, commas and everything else of a text that `JSON.parse` has taken. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],]|[^\s{}[\],:"]+/g;

/** Whether an object of the text names a member twice, or a string is no Unicode. */
function isAmbiguous(text: string): boolean {
  // Names of each open object; undefined for an open array.
  const open: (Set<string> | undefined)[] = [];
  let atName = false;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") open.push(token === "{" ? new Set() : undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token.startsWith('"')) {
      const words = JSON.parse(token) as string;
      if (/\p{Surrogate}/u.test(words)) return true;
      const names = open.at(-1);
      if (atName && names?.has(words)) return true;
      if (atName) names?.add(words);
    }
    atName = (token === "{" || token === ",") && open.at(-1) !== undefined;
  }
  return false;
}

/** Reads a text as JSON with one reading; undefined for anything else. */
export function parseJson(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isAmbiguous(text) ? undefined : value;
  } catch {
    return undefined;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Narrows to an array, which `Array.isArray` does not do for readonly ones. */
export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** A member that the object itself has. */
export function member(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function parseObject(bytes: Uint8Array | undefined): JsonObject | undefined {
  const text = bytes && fromUtf8(bytes);
  const value = text === undefined ? undefined : parseJson(text);
  return isObject(value) ? value : undefined;
}

/** Reads base64url without padding (RFC 7515 §2), only as it is written. */
export function decodeBase64url(text: string): Uint8Array | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return decodeBase64(standard.padEnd(Math.ceil(text.length / 4) * 4, "="));
}

export function encodeBase64url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Bytes of a text as it travels. */
export function bytesOf(text: string): Uint8Array {
  return toUtf8(text);
}
