// The text rules all C2SP formats share: UTF-8, canonical numbers, base64, hexadecimal. One value has one spelling;
// another spelling is refused, never repaired.

/** Largest size and index: 2^63 - 1. */
export const MAX_SIZE = (1n << 63n) - 1n;

const encoder = new TextEncoder();
// The mark at the beginning is kept, so that a file with one is refused like any other wrong first line.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function toUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text, or undefined where the bytes are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

/** Reads an ASCII decimal: no sign, no leading zero, at most {@link MAX_SIZE}. */
export function parseNumber(text: string): bigint | undefined {
  // 2^63 - 1 has 19 digits; more are refused before they cost anything.
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(text)) return undefined;
  const number = BigInt(text);
  return number <= MAX_SIZE ? number : undefined;
}

/** Whether a text holds a control character below U+0020 other than newline. */
export function hasControl(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /[\u0000-\u0009\u000b-\u001f]/.test(text);
}

/** The two halves around the first `separator`. */
export function splitOnce(text: string, separator: string): [string, string] | undefined {
  const at = text.indexOf(separator);
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + separator.length)];
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SEXTETS = new Map([...ALPHABET].map((letter, value) => [letter.charCodeAt(0), value]));

/** Writes RFC 4648 standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const word = (a << 16) | (b << 8) | c;
    for (let letter = 0; letter < 4; letter++) {
      text += at * 8 + letter * 6 < bytes.length * 8 ? ALPHABET.charAt((word >> (18 - 6 * letter)) & 63) : "=";
    }
  }
  return text;
}

/** Reads RFC 4648 standard base64; only the spelling {@link encodeBase64} writes. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const letters = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let word = 0;
  let bits = 0;
  let to = 0;
  for (let at = 0; at < letters; at++) {
    const sextet = SEXTETS.get(text.charCodeAt(at));
    if (sextet === undefined) return undefined;
    word = ((word << 6) | sextet) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[to++] = (word >> bits) & 255;
    }
  }
  // Bits that belong to no byte are zero in the one true spelling.
  return (word & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}

export function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads lower-case hexadecimal. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Reads eight bytes, big-endian. */
export function readU64(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(at);
}
