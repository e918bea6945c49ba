// The entry of an event, and what opens it. Layout of 128 bytes, numbers big-endian: 0 version, 1 kind, 8..16 position,
// 16..24 minute since 1970 UTC, 32..64 SHA-256("dipper/event/v1" || salt || canonical event), all else zero.
import { sha256 } from "@noble/hashes/sha2.js";
import { leafHash } from "./merkle.ts";
import { LedgerError } from "./rules.ts";
import { concat, isEqual, readU64, toUtf8 } from "./text.ts";

const LEAF_BYTES = 128;
const SALT_BYTES = 32;
const VERSION = 1;
const EVENT = 1;
const DOMAIN = toUtf8("dipper/event/v1");

/** The public part of an event's entry. */
export interface EventLeaf {
  /** Position of the event in the event store, from 1. */
  readonly position: bigint;
  /** Minute of recording, from 1970-01-01T00:00Z. */
  readonly minute: bigint;
  readonly commitment: Uint8Array;
  /** The hash of the entry in the tree. */
  readonly hash: Uint8Array;
}

/** What the holder of a receipt needs to see the event behind its leaf. */
export interface Opening {
  readonly leaf: EventLeaf;
  readonly salt: Uint8Array;
  /** The canonical bytes of the event. */
  readonly canonical: Uint8Array;
}

/** Reads an entry. */
export function parseLeaf(bytes: Uint8Array): EventLeaf {
  if (bytes.length !== LEAF_BYTES) throw new LedgerError("leaf.length", { got: bytes.length });
  const [version = 0, kind = 0] = bytes;
  if (version !== VERSION) throw new LedgerError("leaf.version", { got: version });
  if (kind !== EVENT) throw new LedgerError("leaf.kind", { got: kind });
  // All that is not a field must be zero: then one leaf has one spelling.
  const isField = (at: number) => at < 2 || (8 <= at && at < 24) || (32 <= at && at < 64);
  if (bytes.some((byte, at) => byte !== 0 && !isField(at))) throw new LedgerError("leaf.reserved");
  return { position: readU64(bytes, 8), minute: readU64(bytes, 16), commitment: bytes.slice(32, 64), hash: leafHash(bytes) };
}

/** Reads leaf, salt and event, and checks that they belong together. */
export function parseOpening(bytes: Uint8Array): Opening {
  if (bytes.length < LEAF_BYTES + SALT_BYTES) throw new LedgerError("opening.length", { got: bytes.length });
  const leaf = parseLeaf(bytes.subarray(0, LEAF_BYTES));
  const salt = bytes.slice(LEAF_BYTES, LEAF_BYTES + SALT_BYTES);
  const canonical = bytes.slice(LEAF_BYTES + SALT_BYTES);
  if (!isEqual(leaf.commitment, sha256(concat(DOMAIN, salt, canonical)))) throw new LedgerError("opening.mismatch");
  return { leaf, salt, canonical };
}
