// A receipt as QR codes: the bytes of the file as they are, so that any reader gives the text back. What does not fit
// one code is cut at characters, and every part begins with a line that says which it is:
//
//     dipper.tlog-proof 2/3 9f86d081884c7d65
//
// The last word begins the SHA-256 of the whole file. Parts joined in order, and a newline, are the file.
import { sha256 } from "@noble/hashes/sha2.js";
import { LedgerError } from "./rules.ts";
import { concat, encodeHex, fromUtf8, toUtf8 } from "./text.ts";

/**
 * Most bytes of one code: version 22 with error correction M holds 779 (ISO/IEC 18004 table 7).
 *
 * One code of version 40 would hold most receipts whole, but telephones read its 177 modules badly: see decision 0010.
 */
export const MAX_PART_BYTES = 779;

/** More parts than this are no receipt anybody prints. */
const MAX_PARTS = 99;

const HEAD = /^dipper\.tlog-proof ([1-9][0-9]?)\/([1-9][0-9]?) ([0-9a-f]{16})\n/;

/** Whether a text is one part of several. */
export function isPart(text: string): boolean {
  return HEAD.test(text);
}

function digest(file: Uint8Array): string {
  return encodeHex(sha256(file).subarray(0, 8));
}

/** The texts of the codes, in order; none where the file is too long for paper. */
export function splitFile(file: Uint8Array, most = MAX_PART_BYTES): string[] {
  const text = fromUtf8(file);
  if (text === undefined) return [];
  if (file.length <= most) return [text];
  const word = digest(file);
  // Without its last newline, which some readers cut off.
  const letters = [...text.replace(/\n$/, "")];
  for (let of = 2; of <= MAX_PARTS; of++) {
    const head = (n: number) => `dipper.tlog-proof ${n}/${of} ${word}\n`;
    const room = most - toUtf8(head(of)).length;
    const parts = cut(letters, of, room);
    if (parts) return parts.map((part, at) => head(at + 1) + part);
  }
  return [];
}

/** Cuts into parts of about one length, none above `room` bytes and none with a space or newline at its ends. */
function cut(letters: readonly string[], of: number, room: number): string[] | undefined {
  const parts: string[] = [];
  let from = 0;
  for (let n = 1; n <= of; n++) {
    let to = n === of ? letters.length : Math.round((letters.length * n) / of);
    while (n < of && to > from && /\s/.test(`${letters[to - 1]}${letters[to]}`)) to--;
    const part = letters.slice(from, to).join("");
    if (to <= from || toUtf8(part).length > room) return undefined;
    parts.push(part);
    from = to;
  }
  return parts;
}

/** The codes read so far, of one receipt. */
export class Collector {
  #of = 0;
  #word = "";
  readonly #parts = new Map<number, string>();

  /** How many codes there are; 0 until the first is read. */
  get of(): number {
    return this.#of;
  }

  /** Which are read, in order. */
  get have(): number[] {
    return [...this.#parts.keys()].sort((a, b) => a - b);
  }

  get missing(): number[] {
    return Array.from({ length: this.#of }, (_, at) => at + 1).filter((n) => !this.#parts.has(n));
  }

  /** Takes the text of a code; gives the file when it is whole. */
  add(text: string): Uint8Array | undefined {
    const [head, n, of, word = ""] = HEAD.exec(text) ?? [];
    if (head === undefined) throw new LedgerError("parts.header");
    const [number, count] = [Number(n), Number(of)];
    if (count < 2 || number > count) throw new LedgerError("parts.header");
    if (this.#of > 0 && (this.#of !== count || this.#word !== word)) throw new LedgerError("parts.other", { have: this.#parts.size, of: this.#of });
    const part = text.slice(head.length).replace(/\n$/, "");
    const before = this.#parts.get(number);
    if (before !== undefined && before !== part) throw new LedgerError("parts.conflict", { number });
    [this.#of, this.#word] = [count, word];
    this.#parts.set(number, part);
    return this.#parts.size === count ? this.#join() : undefined;
  }

  clear(): void {
    [this.#of, this.#word] = [0, ""];
    this.#parts.clear();
  }

  #join(): Uint8Array {
    const file = concat(...this.have.map((n) => toUtf8(this.#parts.get(n) ?? "")), toUtf8("\n"));
    if (digest(file) !== this.#word) throw new LedgerError("parts.damaged");
    return file;
  }
}
