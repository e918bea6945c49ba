// Ed25519 with the strictness of ed25519-dalek's `verify_strict`: one signature has one accepted form, no point of
// small order passes, and the equation is checked without the cofactor. Not the browser's own Ed25519: browsers differ
// in these corners, and have none at all on pages without HTTPS.
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, isEqual } from "./text.ts";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;

/** The point, or undefined; every encoding that has one, as dalek reads them. */
function readPoint(bytes: Uint8Array): InstanceType<typeof Point> | undefined {
  try {
    return Point.fromBytes(bytes, true);
  } catch {
    return undefined;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Whether 32 bytes are a public key under which a signature means something. */
export function isUsableKey(key: Uint8Array): boolean {
  const point = key.length === 32 ? readPoint(key) : undefined;
  return point !== undefined && !point.isSmallOrder();
}

/** Whether the signature is the key's over the message. */
export function verifyStrict(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false;
  const [r, s] = [signature.subarray(0, 32), littleEndian(signature.subarray(32))];
  if (s >= ORDER) return false;
  const [A, R] = [readPoint(key), readPoint(r)];
  if (!A || !R || A.isSmallOrder() || R.isSmallOrder()) return false;
  const k = littleEndian(sha512(concat(r, key, message))) % ORDER;
  // R' = sB - kA must have the very bytes of R. Nothing here is secret, so the quicker multiplication serves.
  const expected = Point.BASE.multiplyUnsafe(s).subtract(A.multiplyUnsafe(k));
  return isEqual(expected.toBytes(), r);
}
