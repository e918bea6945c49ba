/** Planned moments of scenes as the pack spells them: `23:30`, `dusk`, `dusk-10m`. */

/** Where the sun stands. */
export const SUNS = ["dawn", "sunrise", "sunset", "dusk"] as const;

/** A moment of every day: by the clock of the city, or so many minutes after an event of the sun, before it when negative. */
export type Moment = { readonly clock: string } | { readonly sun: (typeof SUNS)[number]; readonly minutes: number };

/** Reads a moment; nothing for what is none. */
export function parseMoment(text: string): Moment | null {
  if (/^([01]\d|2[0-3]):[0-5]\d$/.test(text)) return { clock: text };
  const [, word, offset] = /^([a-z]+)(?:([+-]\d+)m)?$/.exec(text) ?? [];
  const sun = SUNS.find((one) => one === word);
  return sun ? { sun, minutes: Number(offset ?? 0) } : null;
}

/** Whether a moment is before, after or at its event. */
export function sideOf(minutes: number): "before" | "after" | "at" {
  return minutes < 0 ? "before" : minutes > 0 ? "after" : "at";
}

/** A day of the week in words, 1 for Monday to 7. */
export function weekday(day: number, locale: string): string {
  // The first of January 2024 was a Monday.
  return new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" }).format(Date.UTC(2024, 0, day));
}
