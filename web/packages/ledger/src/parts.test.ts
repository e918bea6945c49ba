// A receipt cut over several QR codes, drawn by one library, read by another, and joined again.
import { readFileSync } from "node:fs";
import decodeQR from "qr/decode.js";
import { encode } from "uqr";
import { describe, expect, it } from "vitest";
import { Collector, isPart, LedgerError, MAX_PART_BYTES, openReceipt, parsePolicy, splitFile, toUtf8, verifyReceipt } from "./index.ts";

const golden = JSON.parse(readFileSync(new URL("../../../../core/ledger/tests/golden/browser.json", import.meta.url), "utf8")) as {
  policies: { two: string };
  receipts: { receipt: string; policy: string; verdict: string }[];
};
const receipts = golden.receipts.filter(({ verdict }) => verdict === "ok").map(({ receipt }) => receipt);

function rule(attempt: () => unknown): string {
  try {
    attempt();
    return "ok";
  } catch (cause) {
    return cause instanceof LedgerError ? cause.rule : String(cause);
  }
}

/** Draws a code and reads it from the picture. */
function throughPicture(text: string): { text: string; version: number } {
  const scale = 4;
  const { data, version } = encode(text, { ecc: "M", border: 4 });
  const side = data.length * scale;
  const pixels = new Uint8ClampedArray(side * side * 4);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) pixels.set(data[Math.floor(y / scale)]?.[Math.floor(x / scale)] ? [0, 0, 0, 255] : [255, 255, 255, 255], (y * side + x) * 4);
  }
  return { text: decodeQR({ width: side, height: side, data: pixels }), version };
}

describe("a receipt as QR codes", () => {
  it("comes back byte for byte from pictures, in any order, and verifies", { timeout: 60_000 }, () => {
    for (const receipt of receipts) {
      const parts = splitFile(toUtf8(receipt));
      const collector = new Collector();
      let file: Uint8Array | undefined;
      for (const part of parts.toReversed()) {
        const read = throughPicture(part);
        expect(read.text).toBe(part);
        expect(read.version).toBeLessThanOrEqual(22);
        file = isPart(read.text) ? collector.add(read.text) : toUtf8(read.text);
      }
      expect(file).toEqual(toUtf8(receipt));
    }
    const [cosigned] = golden.receipts.filter(({ policy, verdict }) => policy === "two" && verdict === "ok");
    expect(verifyReceipt(openReceipt(toUtf8(cosigned?.receipt ?? "")), parsePolicy(golden.policies.two)).cosigners).toHaveLength(2);
  });

  it("is cut evenly, within the limit, and never through a character", () => {
    const text = `${"瑶光市存证凭证".repeat(400)}\n`;
    const parts = splitFile(toUtf8(text));
    expect(parts.length).toBeGreaterThan(10);
    for (const part of parts) expect(toUtf8(part).length).toBeLessThanOrEqual(MAX_PART_BYTES);
    const collector = new Collector();
    const files = parts.map((part) => collector.add(part));
    expect(files.at(-1)).toEqual(toUtf8(text));
    expect(files.slice(0, -1).every((file) => file === undefined)).toBe(true);
  });

  it("is one code without a head where it fits", () => {
    expect(splitFile(toUtf8("short\n"))).toEqual(["short\n"]);
  });

  it("is too long for paper at some length, and says so", () => {
    expect(splitFile(toUtf8("x".repeat(100_000)))).toEqual([]);
  });

  it("survives readers that drop or add a last newline", () => {
    const file = toUtf8(receipts[0] ?? "");
    const collector = new Collector();
    const files = splitFile(file).map((part, at) => collector.add(at % 2 === 0 ? `${part}\n` : part));
    expect(files.at(-1)).toEqual(file);
  });

  it("counts what is missing and refuses parts of another receipt, torn heads and damaged texts", () => {
    const [one, two] = [splitFile(toUtf8(receipts[4] ?? "")), splitFile(toUtf8(receipts[5] ?? ""))];
    const collector = new Collector();
    collector.add(one[1] ?? "");
    expect([collector.of, collector.have, collector.missing]).toEqual([one.length, [2], Array.from(one, (_, at) => at + 1).filter((n) => n !== 2)]);
    expect(rule(() => collector.add(two[0] ?? ""))).toBe("parts.other");
    expect(rule(() => collector.add(`${one[1] ?? ""}x`))).toBe("parts.conflict");
    for (const bad of ["", "dipper.tlog-proof 0/2 0123456789abcdef\nx", "dipper.tlog-proof 3/2 0123456789abcdef\nx", "dipper.tlog-proof 1/1 0123456789abcdef\nx", "dipper.tlog-proof 1/2 0123\nx"]) {
      expect(rule(() => new Collector().add(bad)), bad).toBe("parts.header");
    }
    const spoilt = new Collector();
    const damaged = one.map((part) => part.replace(/.$/s, "~"));
    expect(rule(() => damaged.forEach((part) => spoilt.add(part)))).toBe("parts.damaged");
  });
});
