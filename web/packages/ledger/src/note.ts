// Signed notes: a text and the lines of those who signed it (C2SP signed-note). A note read is not a note believed.
import { isKeyName, isSameKey, verifyPayload, type VerifierKey } from "./key.ts";
import { LedgerError } from "./rules.ts";
import { decodeBase64, encodeHex, fromUtf8, hasControl, splitOnce } from "./text.ts";

/** Largest note read, in bytes; as in Go's x/mod. */
export const MAX_NOTE_BYTES = 1_000_000;

/** Most signature lines read; as in Go's x/mod. */
export const MAX_SIGNATURES = 100;

/** What begins a signature line: em dash and space. */
const LINE_START = "\u2014 ";

/** One signature line, not yet verified. */
export interface SignatureLine {
  readonly name: string;
  /** Eight hexadecimal digits of the key's id. */
  readonly id: string;
  /** The bytes after the id; their form depends on the key. */
  readonly payload: Uint8Array;
}

export interface Note {
  /** The text that is signed, with its last newline. */
  readonly text: string;
  readonly signatures: readonly SignatureLine[];
}

/** A line that verified under a known key; `time_s` is null for a plain signature. */
export interface Signed {
  readonly key: VerifierKey;
  readonly time_s: bigint | null;
}

function parseLine(line: string): SignatureLine {
  const parts = line.startsWith(LINE_START) ? splitOnce(line.slice(LINE_START.length), " ") : undefined;
  if (!parts) throw new LedgerError("note.line");
  const [name, base64] = parts;
  const bytes = decodeBase64(base64);
  if (!bytes || bytes.length < 5) throw new LedgerError("note.line");
  if (!isKeyName(name)) throw new LedgerError("note.name");
  return { name, id: encodeHex(bytes.subarray(0, 4)), payload: bytes.subarray(4) };
}

/** Reads a note; splits at the last blank line. */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > MAX_NOTE_BYTES) throw new LedgerError("note.too_large", { got: bytes.length });
  const all = fromUtf8(bytes);
  if (all === undefined || hasControl(all)) throw new LedgerError("note.characters");
  const blank = all.lastIndexOf("\n\n");
  if (blank < 0) throw new LedgerError("note.form");
  const [text, tail] = [all.slice(0, blank + 1), all.slice(blank + 2)];
  if (tail === "") throw new LedgerError("note.unsigned");
  if (!tail.endsWith("\n")) throw new LedgerError("note.form");
  const signatures: SignatureLine[] = [];
  for (const line of tail.slice(0, -1).split("\n")) {
    if (signatures.length === MAX_SIGNATURES) throw new LedgerError("note.too_many_signatures");
    signatures.push(parseLine(line));
  }
  const seen = new Set<string>();
  for (const { name, id } of signatures) {
    if (seen.has(`${name} ${id}`)) throw new LedgerError("note.duplicate", { name, id });
    seen.add(`${name} ${id}`);
  }
  return { text, signatures };
}

/** Lists the lines by known keys; lines of unknown keys are passed over, a known key's false line spoils the note. */
export function findSigned(note: Note, known: readonly VerifierKey[]): Signed[] {
  const signed: Signed[] = [];
  for (const { name, id, payload } of note.signatures) {
    const [key, ...others] = known.filter((one) => one.name === name && one.id === id);
    if (!key) continue;
    if (others.some((other) => !isSameKey(other, key))) throw new LedgerError("note.ambiguous", { name, id });
    const verified = verifyPayload(key, note.text, payload);
    if (!verified) throw new LedgerError("note.bad_signature", { name });
    signed.push({ key, time_s: verified.time_s });
  }
  return signed;
}

/** {@link findSigned}, and at least one. */
export function verifyNote(note: Note, known: readonly VerifierKey[]): Signed[] {
  const signed = findSigned(note, known);
  if (signed.length === 0) throw new LedgerError("note.no_known_key");
  return signed;
}
