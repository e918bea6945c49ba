// Names, ids and public keys of those who sign notes (C2SP signed-note), and a witness's timestamped line (C2SP
// tlog-cosignature, v1).
import { sha256 } from "@noble/hashes/sha2.js";
import { isUsableKey, verifyStrict } from "./ed25519.ts";
import { LedgerError } from "./rules.ts";
import { concat, decodeBase64, decodeHex, encodeBase64, encodeHex, hasControl, MAX_SIZE, readU64, toUtf8, utf8Length } from "./text.ts";

/** Longest name in bytes of UTF-8. */
const MAX_NAME_BYTES = 255;

const MAX_VKEY_BYTES = 512;

/** Plain Ed25519, as a log signs; and timestamped Ed25519, as a witness does. The numbers are the type bytes of C2SP. */
export type KeyKind = 0x01 | 0x04;

/** A public key one trusts for something, with the name it signs under. */
export interface VerifierKey {
  readonly name: string;
  readonly kind: KeyKind;
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** Eight lower-case hexadecimal digits: a hint, not an identity. */
  readonly id: string;
}

/** Takes a name: not empty, no Unicode space, no `+`, no control character. */
export function isKeyName(name: string): boolean {
  // eslint-disable-next-line no-control-regex
  return name !== "" && utf8Length(name) <= MAX_NAME_BYTES && !/[\p{White_Space}\u0000-\u001f+]/u.test(name);
}

/** SHA-256(name || 0x0A || type || key), first four bytes. */
export function keyId(name: string, kind: KeyKind, key: Uint8Array): string {
  return encodeHex(sha256(concat(toUtf8(name), Uint8Array.of(0x0a, kind), key)).subarray(0, 4));
}

/** Reads a vkey, only as {@link writeKey} writes it. */
export function parseKey(text: string): VerifierKey {
  if (hasControl(text) || utf8Length(text) > MAX_VKEY_BYTES) throw new LedgerError("key.form");
  // Base64 has plus signs too, so only the first two separate.
  const [, name, idText, base64] = /^([^+]*)\+([^+]*)\+(.*)$/su.exec(text) ?? [];
  if (name === undefined || idText === undefined || base64 === undefined) throw new LedgerError("key.form");
  if (!isKeyName(name)) throw new LedgerError("key.name");
  if (decodeHex(idText)?.length !== 4) throw new LedgerError("key.form");
  const bytes = decodeBase64(base64);
  const kind = bytes?.[0];
  if (!bytes || kind === undefined) throw new LedgerError("key.form");
  if (kind !== 0x01 && kind !== 0x04) throw new LedgerError("key.kind", { kind });
  const key = bytes.subarray(1);
  if (!isUsableKey(key)) throw new LedgerError("key.key");
  const expected = keyId(name, kind, key);
  if (expected !== idText) throw new LedgerError("key.id", { expected, got: idText });
  return { name, kind, key, id: expected };
}

/** Writes a vkey: `name+id+key`. */
export function writeKey({ name, kind, key, id }: VerifierKey): string {
  return `${name}+${id}+${encodeBase64(concat(Uint8Array.of(kind), key))}`;
}

export function isSameKey(a: VerifierKey, b: VerifierKey): boolean {
  return writeKey(a) === writeKey(b);
}

/** Checks a signature payload over a note's text: its time where a cosigner made it, null for a log's; undefined when false. */
export function verifyPayload(key: VerifierKey, text: string, payload: Uint8Array): { time_s: bigint | null } | undefined {
  if (key.kind === 0x01) return verifyStrict(key.key, toUtf8(text), payload) ? { time_s: null } : undefined;
  if (payload.length !== 72) return undefined;
  const time_s = readU64(payload, 0);
  if (time_s < 1n || time_s > MAX_SIZE) return undefined;
  // All lines of the note are signed, extensions too.
  const message = toUtf8(`cosignature/v1\ntime ${time_s}\n${text}`);
  return verifyStrict(key.key, message, payload.subarray(8)) ? { time_s } : undefined;
}
