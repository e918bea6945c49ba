/** Conditions of scenes that follow what is measured, as people read them. */

/** A span as rules spell it, such as `1h30m`, in milliseconds; nothing for what is none. */
export function spanMs(text: string): number | null {
  const [, days, hours, minutes, seconds] = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  const all = [days, hours, minutes, seconds];
  if (all.every((one) => one === undefined)) return null;
  const [d = 0, h = 0, m = 0, s = 0] = all.map((one) => Number(one ?? 0));
  return (((d * 24 + h) * 60 + m) * 60 + s) * 1_000;
}

/** Words for what a condition is made of. */
export interface ConditionWords {
  readonly and: string;
  readonly or: string;
  /** The name of a property, with its unit; nothing for what is none. */
  readonly name: (id: string) => string | undefined;
}

/** A condition with names in place of ids: `passed > 12.0` as "People in five minutes > 12". */
export function conditionText(when: string, { and, or, name }: ConditionWords): string {
  return when
    .replace(/[A-Za-z_][A-Za-z_0-9]*(?![A-Za-z_0-9(])/g, (id) => name(id) ?? id)
    .replace(/(\d+)\.0(?!\d)/g, "$1")
    .replace(/\s*&&\s*/g, ` ${and} `)
    .replace(/\s*\|\|\s*/g, ` ${or} `)
    .replaceAll(">=", "≥")
    .replaceAll("<=", "≤")
    .replaceAll("==", "=");
}

/** The value behind which a condition over one number ends; nothing where it is not one number against a constant. */
export function endsAt(when: string, hysteresis: number | undefined): { readonly side: "below" | "above"; readonly value: number } | null {
  const [, sign, limit] = /^\s*[A-Za-z_][A-Za-z_0-9]*\s*(>=?|<=?)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(when) ?? [];
  if (sign === undefined || limit === undefined) return null;
  const falls = sign.startsWith(">");
  return { side: falls ? "below" : "above", value: Number(limit) + (falls ? -1 : 1) * (hysteresis ?? 0) };
}
