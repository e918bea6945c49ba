// Revocation: the token of a status list (draft-ietf-oauth-status-list §5, §8.3). It is read, never fetched here.
import { decodeBase64url, isObject, member, type Json, type JsonObject } from "./json.ts";
import { checkHeader, checkSignature, parseJws } from "./jws.ts";
import type { TrustedKey } from "./keys.ts";
import { LicenceError } from "./rules.ts";

/** Largest list, decompressed; bounds what a compressed one can make us hold. */
export const MAX_LIST_BYTES = 1024 * 1024;

/** Longest token: base64url is applied twice, so a list that does not compress has 16/9 of a list. */
const MAX_LIST_CHARS = 2 * 1024 * 1024;

/** Where the status of a licence stands. */
export interface StatusRef {
  readonly uri: string;
  readonly index: number;
}

/** A status list whose token was verified. */
export interface StatusList {
  readonly issuer: string;
  readonly uri: string;
  readonly issued_at_s: number;
  readonly expires_at_s: number | undefined;
  readonly bits: number;
  readonly bytes: Uint8Array;
}

/** A count or a time in whole seconds. */
export function isWhole(value: Json | undefined): value is number {
  return Number.isSafeInteger(value);
}

/** Reads the claim `status` of a licence; undefined when it refers to no status list. */
export function readStatusRef(claim: Json): StatusRef | undefined {
  const list = isObject(claim) ? member(claim, "status_list") : undefined;
  if (!isObject(list)) return undefined;
  const [uri, index] = [member(list, "uri"), member(list, "idx")];
  return typeof uri === "string" && uri !== "" && isWhole(index) && index >= 0 ? { uri, index } : undefined;
}

function optional(payload: JsonObject, name: string): number | undefined {
  const value = member(payload, name);
  if (value !== undefined && !isWhole(value)) throw new LicenceError("list.claim", name);
  return value;
}

/** Verifies a status list token that `issuer` must have signed: another issuer's list is not believed. */
export async function verifyStatusList(text: string, keys: readonly TrustedKey[], issuer: string, now_s: number): Promise<StatusList> {
  if (text.length > MAX_LIST_CHARS) throw new LicenceError("list.too_large");
  const jws = parseJws(text.trim());
  if (!jws) throw new LicenceError("list.token");
  checkHeader(jws, "list", "statuslist+jwt");
  checkSignature(jws, "list", issuer, keys);
  const { payload } = jws;
  if ((member(payload, "iss") ?? issuer) !== issuer) throw new LicenceError("list.claim", "iss");
  const [uri, issued_at_s, expires_at_s, ttl_s] = [member(payload, "sub"), optional(payload, "iat"), optional(payload, "exp"), optional(payload, "ttl")];
  if (typeof uri !== "string" || uri === "") throw new LicenceError("list.claim", "sub");
  if (issued_at_s === undefined) throw new LicenceError("list.claim", "iat");
  if (ttl_s !== undefined && ttl_s <= 0) throw new LicenceError("list.claim", "ttl");
  if (expires_at_s !== undefined && expires_at_s <= now_s) throw new LicenceError("list.expired", expires_at_s);
  const list = member(payload, "status_list");
  const [bits, lst] = isObject(list) ? [member(list, "bits"), member(list, "lst")] : [];
  if (typeof bits !== "number" || ![1, 2, 4, 8].includes(bits)) throw new LicenceError("list.claim", "bits");
  const compressed = typeof lst === "string" ? decodeBase64url(lst) : undefined;
  if (!compressed) throw new LicenceError("list.claim", "lst");
  return { issuer, uri, issued_at_s, expires_at_s, bits, bytes: await inflate(compressed) };
}

/** Decompresses zlib data (RFC 1950) of at most {@link MAX_LIST_BYTES}; nothing may follow its end. */
async function inflate(compressed: Uint8Array): Promise<Uint8Array> {
  const bytes = new Uint8Array(MAX_LIST_BYTES);
  let length = 0;
  try {
    const stream = new Blob([compressed.slice()]).stream().pipeThrough(new DecompressionStream("deflate"));
    const reader = stream.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (length + part.value.length > MAX_LIST_BYTES) {
        await reader.cancel();
        throw new LicenceError("list.compression");
      }
      bytes.set(part.value, length);
      length += part.value.length;
    }
  } catch {
    throw new LicenceError("list.compression");
  }
  // Some browsers pass over what follows the end: the sum that ends zlib data must be the last that there is.
  const sum = compressed.length < 4 ? undefined : new DataView(compressed.buffer, compressed.byteOffset).getUint32(compressed.length - 4);
  if (length === 0 || sum !== adler32(bytes.subarray(0, length))) throw new LicenceError("list.compression");
  return bytes.slice(0, length);
}

/** The checksum of RFC 1950 §8.2. */
function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

/** The status at an index: the first in the least significant bits (§4.1). Undefined outside of the list. */
export function findStatus({ bits, bytes }: Pick<StatusList, "bits" | "bytes">, index: number): number | undefined {
  const perByte = 8 / bits;
  const byte = bytes[Math.floor(index / perByte)];
  return byte === undefined ? undefined : (byte >> ((index % perByte) * bits)) & (2 ** bits - 1);
}
