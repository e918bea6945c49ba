/** A strict verifier of C2SP receipts for browsers: the rules of core/ledger, one for one. It sends nothing anywhere. */
export { openCheckpoint, parseCheckpoint, type Checkpoint } from "./checkpoint.ts";
export { parseLeaf, parseOpening, type EventLeaf, type Opening } from "./commitment.ts";
export { isSameKey, parseKey, writeKey, type KeyKind, type VerifierKey } from "./key.ts";
export { EMPTY_ROOT, leafHash, nodeHash, sha256, verifyConsistency, verifyInclusion } from "./merkle.ts";
export { findSigned, parseNote, verifyNote, type Note, type SignatureLine, type Signed } from "./note.ts";
export { Collector, isPart, MAX_PART_BYTES, splitFile } from "./parts.ts";
export { isQuorum, listCosigners, parsePolicy, policyOf, type Cosigner, type LogEntry, type Policy, type Witness } from "./policy.ts";
export { claimedOrigin, MAX_PROOF_BYTES, openReceipt, parseProof, verifyProof, verifyReceipt, type Proof, type Receipt, type Verified } from "./proof.ts";
export { LedgerError, RULES, type Found, type Rule } from "./rules.ts";
export { concat, decodeBase64, decodeHex, encodeBase64, encodeHex, fromUtf8, toUtf8 } from "./text.ts";
