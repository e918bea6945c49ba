// A licence on paper: the PDF that the server makes (core/paper), with the signed licence and a seal attached as they are.
// Both are found by their place and form alone: whether the file is as it was made is for the seal to say, and the seal
// covers every byte.
import { sha256 } from "@noble/hashes/sha2.js";
import { decodeBase64url, member } from "./json.ts";
import { checkHeader, checkSignature, parseJws } from "./jws.ts";
import type { TrustedKey } from "./keys.ts";
import { LicenceError } from "./rules.ts";
import { isSdJwt } from "./sd-jwt.ts";

/** Largest file looked at. */
const MAX_PAPER_BYTES = 4 * 1024 * 1024;
const SEAL_TYPE = "dipper-seal+jwt";
/** A stream of printable characters after the dictionary of an attachment. */
const ATTACHED = /\/Type\s*\/EmbeddedFile[^\n]{0,400}?>>\s*stream\n([!-~]+)\nendstream/g;

/** What is inside a PDF; nothing of it was checked. */
export interface Paper {
  readonly licence: string;
  readonly seal: string;
  /** SHA-256 of the file, in which the seal counts as spaces. */
  readonly digest: Uint8Array;
}

export function isPdf(bytes: Uint8Array): boolean {
  return [...bytes.subarray(0, 5)].map((byte) => String.fromCharCode(byte)).join("") === "%PDF-";
}

function isSeal(text: string): boolean {
  const header = parseJws(text)?.header;
  return header !== undefined && member(header, "typ") === SEAL_TYPE;
}

/** The licence inside a PDF with its seal; undefined when there are not one of each. */
export function parsePaper(bytes: Uint8Array): Paper | undefined {
  if (bytes.length > MAX_PAPER_BYTES || !isPdf(bytes)) return undefined;
  // One character a byte, whatever the byte: TextDecoder's latin1 is windows-1252, which is one too.
  const text = new TextDecoder("latin1").decode(bytes);
  const found = [...text.matchAll(ATTACHED)].map((match) => ({ text: match[1] ?? "", end: match.index + match[0].length - "\nendstream".length }));
  const [licences, seals] = [found.filter((one) => isSdJwt(one.text)), found.filter((one) => isSeal(one.text))];
  const [licence, seal] = [licences[0], seals[0]];
  if (!licence || !seal || licences.length > 1 || seals.length > 1) return undefined;
  const blank = bytes.slice();
  blank.fill(0x20, seal.end - seal.text.length, seal.end);
  return { licence: licence.text, seal: seal.text, digest: sha256(blank) };
}

/** Checks the seal of a paper, which the issuer of its licence must have made. */
export function checkSeal(paper: Paper, issuer: string, keys: readonly TrustedKey[]): void {
  const jws = parseJws(paper.seal);
  if (!jws) throw new LicenceError("seal.token");
  checkHeader(jws, "seal", SEAL_TYPE);
  if (member(jws.payload, "iss") !== issuer) throw new LicenceError("seal.claim", "iss");
  checkSignature(jws, "seal", issuer, keys);
  const digest = member(jws.payload, "sha256");
  const sealed = typeof digest === "string" ? decodeBase64url(digest) : undefined;
  if (!sealed) throw new LicenceError("seal.claim", "sha256");
  if (sealed.length !== paper.digest.length || sealed.some((byte, at) => byte !== paper.digest[at])) throw new LicenceError("seal.changed");
}
