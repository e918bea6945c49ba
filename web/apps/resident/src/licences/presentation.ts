// What a holder shows of a licence: the choice is made here, on the phone, and nobody is told of it.
import type { Licence, Text } from "@dipper/api";
import { parseSdJwt, present, type Json } from "@dipper/ledger/licence";
import { MOST_BYTES } from "@dipper/verify/draw";

/** A fact that may be shown or withheld. */
export interface Fact {
  readonly claim: string;
  readonly title: Text;
  readonly value: Json;
}

/** The facts of a licence, in the order of its form. */
export function factsOf({ facts }: Pick<Licence, "facts">): Fact[] {
  return facts.map(({ claim, title, value }) => ({ claim, title, value: value as Json }));
}

/** Bytes that the signature of the device adds to a code. */
const SIGNATURE_BYTES = 400;

/** The text that shows these facts, and the correction with which it fits one code: M for paper, L at the most. */
export interface Presentation {
  readonly text: string;
  readonly ecc: "M" | "L" | undefined;
  /** Whether it still fits with the signature of the device. */
  readonly fits: boolean;
}

export function presentationOf(sd_jwt: string, facts: readonly string[]): Presentation {
  const text = present(parseSdJwt(sd_jwt), new Set(facts));
  return { text, ecc: correctionFor(text.length), fits: correctionFor(text.length + SIGNATURE_BYTES) !== undefined };
}

/** The most correction with which so many bytes fit one code. */
export function correctionFor(bytes: number): "M" | "L" | undefined {
  if (bytes <= MOST_BYTES.M) return "M";
  return bytes <= MOST_BYTES.L ? "L" : undefined;
}

/** The facts named in an address, and no others. */
export function namedFacts(query: unknown, facts: readonly Fact[]): string[] {
  const named = new Set(typeof query === "string" ? query.split(",") : []);
  return facts.map(({ claim }) => claim).filter((claim) => named.has(claim));
}
