// Receipts: a `.tlog-proof`, checked offline (C2SP tlog-proof), and the event one opens.
import { parseCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { parseOpening, type Opening } from "./commitment.ts";
import { parseHash, verifyInclusion } from "./merkle.ts";
import { MAX_NOTE_BYTES, parseNote, verifyNote, type Note, type SignatureLine } from "./note.ts";
import { isQuorum, listCosigners, type Cosigner, type Policy } from "./policy.ts";
import type { VerifierKey } from "./key.ts";
import { LedgerError } from "./rules.ts";
import { decodeBase64, fromUtf8, parseNumber, splitOnce, toUtf8 } from "./text.ts";

const HEADER = "c2sp.org/tlog-proof@v1";

/** Most bytes of extra data: a leaf's opening with a long event fits. */
const MAX_EXTRA_BYTES = 262_144;

/** Most hashes of a path: a log has at most 2^63 - 1 entries. */
const MAX_PATH = 63;

/** Largest proof read: extra data in base64, the path, the checkpoint note, the words. */
export const MAX_PROOF_BYTES = Math.ceil(MAX_EXTRA_BYTES / 3) * 4 + MAX_PATH * 45 + MAX_NOTE_BYTES + 128;

/** A proof file as it reads; nothing in it is believed yet. */
export interface Proof {
  /** Nothing vouches for it until it opens the leaf. */
  readonly extra: Uint8Array | undefined;
  readonly index: bigint;
  readonly path: readonly Uint8Array[];
  readonly checkpoint: Note;
}

/** What a proof has been found to prove. */
export interface Verified {
  readonly index: bigint;
  readonly checkpoint: Checkpoint;
  /** The log's key that signed. */
  readonly key: VerifierKey;
  readonly cosigners: readonly Cosigner[];
  /** Signature lines by keys the policy does not know: they were not checked. */
  readonly unchecked: readonly SignatureLine[];
}

/** Reads a proof file. */
export function parseProof(bytes: Uint8Array): Proof {
  if (bytes.length > MAX_PROOF_BYTES) throw new LedgerError("proof.too_large", { got: bytes.length });
  const text = fromUtf8(bytes);
  if (text === undefined) throw new LedgerError("proof.characters");
  const [header, afterHeader] = splitOnce(text, "\n") ?? [];
  if (header !== HEADER || afterHeader === undefined) throw new LedgerError("proof.header");
  const [extra, afterExtra] = parseExtra(afterHeader);
  const [indexLine, afterIndex] = splitOnce(afterExtra, "\n") ?? [];
  const index = indexLine?.startsWith("index ") ? parseNumber(indexLine.slice(6)) : undefined;
  if (index === undefined || afterIndex === undefined) throw new LedgerError("proof.index");
  const path: Uint8Array[] = [];
  for (let rest = afterIndex; ; ) {
    const [line, tail] = splitOnce(rest, "\n") ?? [];
    if (line === undefined || tail === undefined) throw new LedgerError("proof.form");
    rest = tail;
    if (line === "") return finish(extra, index, path, parseNote(toUtf8(rest)));
    if (path.length === MAX_PATH) throw new LedgerError("proof.long_path");
    const hash = parseHash(line);
    if (!hash) throw new LedgerError("proof.path", { line: path.length + 1 });
    path.push(hash);
  }
}

function parseExtra(text: string): [Uint8Array | undefined, string] {
  if (!text.startsWith("extra ")) return [undefined, text];
  const [base64, tail] = splitOnce(text.slice(6), "\n") ?? [];
  const extra = base64 === undefined ? undefined : decodeBase64(base64);
  if (!extra || tail === undefined) throw new LedgerError("proof.extra");
  return [extra, tail];
}

// Judged last, as in core/ledger: a proof that breaks two rules is refused for the same one on both sides.
function finish(extra: Uint8Array | undefined, index: bigint, path: readonly Uint8Array[], checkpoint: Note): Proof {
  if (extra && (extra.length === 0 || extra.length > MAX_EXTRA_BYTES)) throw new LedgerError("proof.extra");
  return { extra, index, path, checkpoint };
}

/**
 * Checks the proof for a leaf: the log's signature, all known witnesses' lines, the quorum, then the path.
 *
 * Cosigners' times are reported, not judged; the caller knows the present.
 */
export function verifyProof(proof: Proof, leaf: Uint8Array, policy: Policy): Verified {
  const checkpoint = parseCheckpoint(proof.checkpoint.text);
  const { origin, size, root } = checkpoint;
  const logKeys = policy.logs.map(({ key }) => key).filter(({ name }) => name === origin);
  if (logKeys.length === 0) throw new LedgerError("proof.unknown_log", { origin });
  const [first] = verifyNote(proof.checkpoint, logKeys);
  if (!first) throw new LedgerError("note.no_known_key");
  const cosigners = listCosigners(policy, proof.checkpoint);
  if (!isQuorum(policy, cosigners.map(({ name }) => name))) throw new LedgerError("proof.no_quorum", { got: cosigners.length });
  verifyInclusion(proof.index, size, leaf, proof.path, root);
  const known = [...logKeys, ...policy.witnesses.map(({ key }) => key)];
  const unchecked = proof.checkpoint.signatures.filter(({ name, id }) => !known.some((key) => key.name === name && key.id === id));
  return { index: proof.index, checkpoint, key: first.key, cosigners, unchecked };
}

/** A receipt: a proof that carries the event it is about. */
export interface Receipt {
  readonly proof: Proof;
  readonly opening: Opening;
}

/** Reads a receipt and opens the event in it; whose log it is in is not judged yet. */
export function openReceipt(bytes: Uint8Array): Receipt {
  const proof = parseProof(bytes);
  if (!proof.extra) throw new LedgerError("opening.none");
  return { proof, opening: parseOpening(proof.extra) };
}

/** Checks a receipt under a policy. */
export function verifyReceipt({ proof, opening }: Receipt, policy: Policy): Verified {
  return verifyProof(proof, opening.leaf.hash, policy);
}

/** The log a receipt names, before anything is believed; undefined where its checkpoint does not read. */
export function claimedOrigin(proof: Proof): string | undefined {
  try {
    return parseCheckpoint(proof.checkpoint.text).origin;
  } catch {
    return undefined;
  }
}
