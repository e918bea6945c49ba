// Proofs against the published vectors, and every prefix of small trees against the definition of RFC 6962.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EMPTY_ROOT, LedgerError, leafHash, nodeHash, toUtf8, verifyConsistency, verifyInclusion } from "./index.ts";
import { parseHash } from "./merkle.ts";
import { decodeBase64, encodeBase64 } from "./text.ts";

const shared = new URL("../../../../../shared/vectors/ledger/rfc6962-merkle/testdata/", import.meta.url);
const isShared = existsSync(shared);
if (!isShared) console.info("skipped: no shared data");

interface Vector {
  leafIdx: number;
  treeSize: number;
  leafHash: string;
  size1: number;
  size2: number;
  root: string;
  root1: string;
  root2: string;
  proof: string[] | null;
  wantErr: boolean;
}

function vectors(folder: string): [string, Vector][] {
  const at = new URL(`${folder}/`, shared);
  const names = readdirSync(at, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
  return names.sort().map((name) => [name, JSON.parse(readFileSync(new URL(name, at), "utf8")) as Vector]);
}

/** Whether the check passes; undefined where a hash of the vector has not 32 bytes, which is refused when it is read. */
function decide(texts: readonly (string | undefined)[], check: (hashes: Uint8Array[]) => void): boolean | undefined {
  const hashes = texts.map((text) => parseHash(text ?? ""));
  if (!hashes.every((hash) => hash !== undefined)) return undefined;
  return holds(() => check(hashes));
}

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (cause) {
    if (cause instanceof LedgerError) return false;
    throw cause;
  }
}

describe.runIf(isShared)("vectors of transparency-dev/merkle", () => {
  it("decides every inclusion vector as wanted", () => {
    const all = vectors("inclusion");
    expect(all).toHaveLength(98);
    for (const [name, { leafIdx, treeSize, leafHash: leaf, root, proof, wantErr }] of all) {
      const verdict = decide([leaf, root, ...(proof ?? [])], ([l, r, ...path]) => verifyInclusion(BigInt(leafIdx), BigInt(treeSize), l!, path, r!));
      expect(verdict ?? false, name).toBe(!wantErr);
    }
  });

  it("decides every consistency vector as wanted", () => {
    const all = vectors("consistency");
    expect(all).toHaveLength(98);
    // Two equal roots of 12 bytes, which a hash of ours cannot be.
    const untyped = "additional/sizes-are-equal-one-and-proof-is-empty.json";
    for (const [name, { size1, size2, root1, root2, proof, wantErr }] of all) {
      const verdict = decide([root1, root2, ...(proof ?? [])], ([a, b, ...path]) => verifyConsistency(BigInt(size1), BigInt(size2), a!, b!, path));
      if (name === untyped) expect(verdict).toBeUndefined();
      else expect(verdict ?? false, name).toBe(!wantErr);
    }
  });
});

const LEAVES = Array.from({ length: 70 }, (_, at) => leafHash(toUtf8(`entry ${at}`)));

/** Largest power of two below a size above 1. */
function half(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

function root(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (!only) return EMPTY_ROOT;
  if (leaves.length === 1) return only;
  const k = half(leaves.length);
  return nodeHash(root(leaves.slice(0, k)), root(leaves.slice(k)));
}

/** PATH(m, D[n]) of RFC 6962 §2.1.1. */
function inclusion(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = half(leaves.length);
  return m < k ? [...inclusion(m, leaves.slice(0, k)), root(leaves.slice(k))] : [...inclusion(m - k, leaves.slice(k)), root(leaves.slice(0, k))];
}

/** SUBPROOF(m, D[n], b) of RFC 6962 §2.1.2. */
function consistency(m: number, leaves: readonly Uint8Array[], isWhole = true): Uint8Array[] {
  if (m === leaves.length) return isWhole ? [] : [root(leaves)];
  const k = half(leaves.length);
  return m <= k ? [...consistency(m, leaves.slice(0, k), isWhole), root(leaves.slice(k))] : [...consistency(m - k, leaves.slice(k), false), root(leaves.slice(0, k))];
}

describe("every prefix of a small tree, against naive recursion", { timeout: 60_000 }, () => {
  it("proves each entry, and no other place, size or leaf", () => {
    for (let size = 1; size <= LEAVES.length; size++) {
      const leaves = LEAVES.slice(0, size);
      const top = root(leaves);
      for (let index = 0; index < size; index++) {
        const [path, leaf] = [inclusion(index, leaves), leaves[index]!];
        verifyInclusion(BigInt(index), BigInt(size), leaf, path, top);
        expect(holds(() => verifyInclusion(BigInt(index + 1), BigInt(size), leaf, path, top)), `${index} of ${size}`).toBe(false);
        expect(holds(() => verifyInclusion(BigInt(index), BigInt(size), nodeHash(leaf, leaf), path, top))).toBe(false);
        expect(holds(() => verifyInclusion(BigInt(index), BigInt(size), leaf, [...path, top], top))).toBe(false);
        if (path.length > 0) expect(holds(() => verifyInclusion(BigInt(index), BigInt(size), leaf, path.slice(1), top))).toBe(false);
      }
    }
  });

  it("proves each earlier size, and refuses a longer or shorter path and other roots", () => {
    for (let to = 1; to <= LEAVES.length; to++) {
      const [leaves, newer] = [LEAVES.slice(0, to), root(LEAVES.slice(0, to))];
      for (let from = 1; from <= to; from++) {
        const [older, path] = [root(leaves.slice(0, from)), consistency(from, leaves)];
        const [a, b] = [BigInt(from), BigInt(to)];
        verifyConsistency(a, b, older, newer, path);
        expect(holds(() => verifyConsistency(a, b, older, newer, [...path, newer]))).toBe(false);
        if (path.length > 0) expect(holds(() => verifyConsistency(a, b, older, newer, path.slice(0, -1)))).toBe(false);
        expect(holds(() => verifyConsistency(a, b, nodeHash(older, older), newer, path))).toBe(false);
        expect(holds(() => verifyConsistency(a, b, older, nodeHash(newer, newer), path))).toBe(false);
      }
    }
  });

  it("refuses sizes out of order and the empty tree", () => {
    expect(holds(() => verifyConsistency(0n, 1n, EMPTY_ROOT, LEAVES[0]!, []))).toBe(false);
    expect(holds(() => verifyConsistency(2n, 1n, LEAVES[0]!, LEAVES[0]!, []))).toBe(false);
    expect(holds(() => verifyInclusion(0n, 0n, LEAVES[0]!, [], EMPTY_ROOT))).toBe(false);
    expect(encodeBase64(EMPTY_ROOT)).toBe("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  });

  it("notices one bit changed anywhere in a proof", () => {
    const [leaves, size, index] = [LEAVES.slice(0, 13), 13n, 6];
    const [path, top, leaf] = [inclusion(index, leaves), root(leaves), leaves[index]!];
    const parts = [leaf, top, ...path];
    parts.forEach((part, which) => {
      for (let bit = 0; bit < 256; bit++) {
        const [l, r, ...p] = parts.with(which, Uint8Array.from(part, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)));
        expect(holds(() => verifyInclusion(BigInt(index), size, l!, p, r!))).toBe(false);
      }
    });
  });
});

it("base64 has one spelling", () => {
  for (let length = 0; length < 12; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 67 + 13) % 256);
    expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
  }
  for (const bad of ["AA", "AA=", "AB==", "AA==\n", "A A=", "AA-_", "====", "AAA=A", "AAB=", "=AAA", "A===", "AA=A"]) expect(decodeBase64(bad), bad).toBeUndefined();
});
