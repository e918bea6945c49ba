// Notes, checkpoints and signatures against the vectors of the specifications.
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { verifyStrict } from "./ed25519.ts";
import { decodeHex, LedgerError, openCheckpoint, parseKey, parseNote, toUtf8, verifyNote, type VerifierKey } from "./index.ts";
import { keyId } from "./key.ts";
import { concat, encodeBase64 } from "./text.ts";

const VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const LINE = "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";
const NOTE = `This is an example message.\n\n${LINE}\n`;

function rule(attempt: () => unknown): string {
  try {
    attempt();
    return "ok";
  } catch (cause) {
    return cause instanceof LedgerError ? cause.rule : String(cause);
  }
}

describe("a signed note", () => {
  it("verifies the vector of the specification", () => {
    const [signed] = verifyNote(parseNote(toUtf8(NOTE)), [parseKey(VKEY)]);
    expect(signed?.key.name).toBe("example.com/foo");
    expect(signed?.time_s).toBeNull();
  });

  it("is refused with one bit changed anywhere", { timeout: 60_000 }, () => {
    const [bytes, keys] = [toUtf8(NOTE), [parseKey(VKEY)]];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Uint8Array.from(bytes, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(rule(() => verifyNote(parseNote(flipped), keys)), `bit ${bit}`).not.toBe("ok");
    }
  });

  it("is not believed when nobody known has signed, or two known keys share a name and an id", () => {
    const note = parseNote(toUtf8(NOTE));
    const key = parseKey(VKEY);
    const other: VerifierKey = { ...key, key: key.key.map((byte) => byte ^ 1) };
    expect(rule(() => verifyNote(note, []))).toBe("note.no_known_key");
    expect(rule(() => verifyNote(note, [key, key]))).toBe("ok");
    expect(rule(() => verifyNote(note, [key, other]))).toBe("note.ambiguous");
  });

  it("has limits", () => {
    expect(rule(() => parseNote(new Uint8Array(1_000_001)))).toBe("note.too_large");
    const lines = Array.from({ length: 101 }, (_, at) => `\u2014 k${at} AAAAAAA=\n`);
    expect(rule(() => parseNote(toUtf8(`a\n\n${lines.slice(1).join("")}`)))).toBe("ok");
    expect(rule(() => parseNote(toUtf8(`a\n\n${lines.join("")}`)))).toBe("note.too_many_signatures");
  });
});

describe("a checkpoint", () => {
  const origin = "sigsum.org/v1/tree/e796172b92befd62d9dc67e41c2f5bc9d3100a3023b20b1ca40288dd1c679e69";
  const bare = decodeHex("66e0b858e462a609e66fe71370c816d8846ff103d5499a22a7fec37fdbc424a7")!;
  const key: VerifierKey = { name: origin, kind: 1, key: bare, id: keyId(origin, 1, bare) };
  const sig = "gJ2ho0n8F8olcerUF1FFdv235A/5as/coWrpLrtE7ovMeP5whgwouYExowG/lTznxu6OUGjjt5yJQ6bXtTcf718MqAQ=";
  const note = toUtf8(`${origin}\n10\nHA5HAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 ${origin} ${sig}\n`);

  it("of Sigsum opens (C2SP issue 99)", () => {
    const { checkpoint } = openCheckpoint(note, origin, [key]);
    expect(checkpoint.size).toBe(10n);
    expect(encodeBase64(checkpoint.root)).toBe("HA5HAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    expect(rule(() => openCheckpoint(note, "sigsum.org/v1/tree/e7", [key]))).toBe("checkpoint.other_origin");
  });
});

describe("a signature", () => {
  const secret = new Uint8Array(32).fill(7);
  const { Point } = ed25519;
  const message = toUtf8("a text\n");
  const good = ed25519.sign(message, secret);
  const key = ed25519.getPublicKey(secret);

  it("has one form: s above the group's order, another length and another message are refused", () => {
    expect(verifyStrict(key, message, good)).toBe(true);
    let carry = 0;
    let order = Point.Fn.ORDER;
    const above = good.slice();
    for (let at = 32; at < 64; at++, order >>= 8n) {
      const sum = above[at]! + Number(order & 255n) + carry;
      above[at] = sum & 255;
      carry = sum >> 8;
    }
    expect(verifyStrict(key, message, above)).toBe(false);
    expect(verifyStrict(key, message, good.subarray(1))).toBe(false);
    expect(verifyStrict(key, toUtf8("another\n"), good)).toBe(false);
  });

  it("passes under no key or point of small order, and not with the cofactor's help", () => {
    // The key that is the neutral element: R = sB would pass under any message.
    const neutral = Point.ZERO.toBytes();
    const s = new Uint8Array(32);
    s[0] = 1;
    expect(verifyStrict(neutral, message, concat(Point.BASE.toBytes(), s))).toBe(false);
    // R with a part of order eight: 8R is right, R is not.
    const torsion = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    const a = 5n;
    const A = Point.BASE.multiply(a).toBytes();
    const R = Point.BASE.multiply(9n).add(torsion).toBytes();
    const le = (bytes: Uint8Array) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    let rest = (9n + (le(sha512(concat(R, A, message))) % Point.Fn.ORDER) * a) % Point.Fn.ORDER;
    const scalar = Uint8Array.from({ length: 32 }, () => {
      const byte = Number(rest & 255n);
      rest >>= 8n;
      return byte;
    });
    const crafted = concat(R, scalar);
    expect(ed25519.verify(crafted, message, A, { zip215: true })).toBe(true);
    expect(verifyStrict(A, message, crafted)).toBe(false);
  });
});
