// The shapes of texts and days, as the server's schema says them (core/pack/src/form_schema.rs). Both must change together.
import type { Field } from "@dipper/api";

type TextFormat = NonNullable<Extract<Field, { type: "text" }>["format"]>;

/** White space that may stand in a text: Unicode `White_Space` without control characters but tab and line feed. */
const SPACE = String.raw`[ \t\n\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;

const FORMATS: Record<TextFormat, string> = {
  phone: String.raw`[0-9+(][0-9 ()+-]{3,18}[0-9)]`,
  email: String.raw`[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}`,
  id_card: String.raw`[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]`,
  credit_code: String.raw`[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}`,
  postcode: String.raw`[0-9]{6}`,
  money: String.raw`(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,2})?`,
};

/** No control characters but tab and line feed. */
const PLAIN = /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$/u;

/** A day of the proleptic Gregorian calendar, leap years and all. */
const DAY = new RegExp(
  String.raw`^(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))` +
    String.raw`|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)$`,
  "u",
);

/** The address of an uploaded picture. */
const FILE = /^[0-9a-f]{64}$/u;

const BLANK = new RegExp(`^${SPACE}*$`, "u");
const AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, "gu");
const WHOLE = Object.fromEntries(Object.entries(FORMATS).map(([format, shape]) => [format, new RegExp(`^${SPACE}*(?:${shape})${SPACE}*$`, "u")])) as Record<TextFormat, RegExp>;

export const isBlank = (text: string): boolean => BLANK.test(text);
export const isPlain = (text: string): boolean => PLAIN.test(text);
export const isDay = (text: string): boolean => DAY.test(text);
export const isFile = (text: string): boolean => FILE.test(text);
export const trimmed = (text: string): string => text.replace(AROUND, "");
export const hasFormat = (format: TextFormat, text: string): boolean => WHOLE[format].test(text);

/** What a person surely meant: no space around, no full-width digits, capital letters where a code has only those. */
export function tidyText(text: string, format?: TextFormat): string {
  if (format === undefined) return trimmed(text);
  const plain = trimmed(text.normalize("NFKC"));
  return format === "credit_code" || format === "id_card" ? plain.toUpperCase() : plain;
}
