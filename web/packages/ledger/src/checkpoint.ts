// Checkpoints: a log's signed statement of its size and root (C2SP tlog-checkpoint).
import type { VerifierKey } from "./key.ts";
import { parseHash } from "./merkle.ts";
import { parseNote, verifyNote, type Note } from "./note.ts";
import { LedgerError } from "./rules.ts";
import { hasControl, parseNumber, utf8Length } from "./text.ts";

const MAX_ORIGIN_BYTES = 255;

/** Which log, how many entries, which root: the three that belong together. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Uint8Array;
  /** Lines of another's log; ours never has any. */
  readonly extensions: readonly string[];
}

/** Reads the text of a checkpoint. Any root is read for size 0: a witness answers that itself. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith("\n")) throw new LedgerError("checkpoint.form");
  const [origin, sizeText, rootText, ...extensions] = text.slice(0, -1).split("\n");
  if (origin === undefined || sizeText === undefined || rootText === undefined) throw new LedgerError("checkpoint.form");
  if (extensions.some((line) => line === "" || hasControl(line))) throw new LedgerError("checkpoint.form");
  const size = parseNumber(sizeText);
  if (size === undefined) throw new LedgerError("checkpoint.size");
  const root = parseHash(rootText);
  if (!root) throw new LedgerError("checkpoint.root");
  if (origin === "" || utf8Length(origin) > MAX_ORIGIN_BYTES || hasControl(origin)) throw new LedgerError("checkpoint.origin");
  return { origin, size, root, extensions };
}

/** Opens a checkpoint note: the log's signature first, then the text, then the origin. */
export function openCheckpoint(bytes: Uint8Array, origin: string, logKeys: readonly VerifierKey[]): { checkpoint: Checkpoint; note: Note } {
  const note = parseNote(bytes);
  verifyNote(note, logKeys);
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== origin) throw new LedgerError("checkpoint.other_origin", { expected: origin, got: checkpoint.origin });
  return { checkpoint, note };
}
