// Hashes of a log's tree and the proofs about them (RFC 6962 §2.1, RFC 9162 §2.1.3.2 and §2.1.4.2). Sizes must come
// from a signed checkpoint, never from the proof's bearer.
import { sha256 } from "@noble/hashes/sha2.js";
import { LedgerError } from "./rules.ts";
import { concat, decodeBase64, isEqual } from "./text.ts";

export { sha256 };

/** Bytes of a hash. */
const HASH_BYTES = 32;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The root of the tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array());

/** Hashes an entry into its leaf: H(0x00 || entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(concat(LEAF, entry));
}

/** Hashes two siblings into their parent: H(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(NODE, left, right));
}

/** Reads the 44 characters of a hash, or undefined. */
export function parseHash(text: string): Uint8Array | undefined {
  const bytes = text.length === 44 ? decodeBase64(text) : undefined;
  return bytes?.length === HASH_BYTES ? bytes : undefined;
}

/** Walks from a leaf to the root; `step` is told on which side each sibling stands. */
function walk(from: bigint, to: bigint, siblings: readonly Uint8Array[], got: number, step: (sibling: Uint8Array, isLeft: boolean) => void): void {
  let [node, last] = [from, to];
  for (const sibling of siblings) {
    if (last === 0n) throw new LedgerError("merkle.length", { got });
    const isLeft = (node & 1n) === 1n || node === last;
    step(sibling, isLeft);
    while (isLeft && (node & 1n) === 0n && node !== 0n) {
      node >>= 1n;
      last >>= 1n;
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) throw new LedgerError("merkle.length", { got });
}

/** Checks that `leaf` is entry `index` of the tree with `size` leaves and this root. */
export function verifyInclusion(index: bigint, size: bigint, leaf: Uint8Array, path: readonly Uint8Array[], root: Uint8Array): void {
  if (index < 0n || index >= size) throw new LedgerError("merkle.index", { index: String(index), size: String(size) });
  let hash = leaf;
  walk(index, size - 1n, path, path.length, (sibling, isLeft) => {
    hash = isLeft ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  });
  if (!isEqual(hash, root)) throw new LedgerError("merkle.root");
}

/**
 * Checks that the tree of `to` leaves begins with the tree of `from` leaves.
 *
 * The empty tree is a beginning of every tree and needs no proof: `from === 0n` is the caller's case.
 */
export function verifyConsistency(from: bigint, to: bigint, fromRoot: Uint8Array, toRoot: Uint8Array, path: readonly Uint8Array[]): void {
  if (from <= 0n || from > to) throw new LedgerError("merkle.sizes", { from: String(from), to: String(to) });
  const got = path.length;
  if (from === to) {
    if (got > 0) throw new LedgerError("merkle.length", { got });
    if (!isEqual(fromRoot, toRoot)) throw new LedgerError("merkle.root");
    return;
  }
  let [node, last] = [from - 1n, to - 1n];
  while ((node & 1n) === 1n) {
    node >>= 1n;
    last >>= 1n;
  }
  // A perfect old tree is itself the first node of the path.
  const isPerfect = (from & (from - 1n)) === 0n;
  const [first, ...rest] = isPerfect ? [fromRoot, ...path] : path;
  if (!first) throw new LedgerError("merkle.length", { got });
  let [older, newer] = [first, first];
  walk(node, last, rest, got, (sibling, isLeft) => {
    if (isLeft) older = nodeHash(sibling, older);
    newer = isLeft ? nodeHash(sibling, newer) : nodeHash(newer, sibling);
  });
  if (!isEqual(older, fromRoot) || !isEqual(newer, toRoot)) throw new LedgerError("merkle.root");
}
