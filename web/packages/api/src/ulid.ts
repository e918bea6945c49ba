// Ids that sort by time: 48 bits of milliseconds and 80 random ones, in Crockford's Base32 (the ULID specification).

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A new ULID of an instant; the random bytes are given by tests alone. */
export function newUlid(at_ms: number, random: Uint8Array = crypto.getRandomValues(new Uint8Array(10))): string {
  let bits = BigInt(Math.max(0, Math.trunc(at_ms)));
  for (const byte of random) bits = (bits << 8n) | BigInt(byte);
  let text = "";
  for (let at = 0; at < 26; at += 1) {
    text = DIGITS.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text;
}
