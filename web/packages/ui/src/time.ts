// Instants in words, in the reader's language and the city's time zone.
import { computed, ref } from "vue";
import { useI18n } from "vue-i18n";
import { useServerNow } from "@dipper/api";

const zone = ref<string>();

/** Sets the time zone of the city: an instant is the same clock time for everybody who looks at it. */
export function setTimeZone(name: string): void {
  zone.value = name;
}

/** The civil day of an instant in a time zone, `2026-11-23`. */
export function dayOf(at: number | string, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
}

/** Formats that say no more than is needed: today's times without a date, this year's without the year. */
export function formatInstant(at: number | string, now_ms: number, locale: string, timeZone?: string): string {
  const day = dayOf(at, timeZone);
  const today = dayOf(now_ms, timeZone);
  const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const date: Intl.DateTimeFormatOptions = day === today ? {} : { month: locale.startsWith("zh") ? "numeric" : "short", day: "numeric" };
  const year: Intl.DateTimeFormatOptions = day.slice(0, 4) === today.slice(0, 4) ? {} : { year: "numeric" };
  return new Intl.DateTimeFormat(locale, { timeZone, ...year, ...date, ...clock }).format(new Date(at));
}

/** {@link formatInstant} bound to the page. */
export function useInstant(): { instant: (at: number | string) => string; full: (at: number | string) => string; day: (day: string) => string } {
  const { locale } = useI18n({ useScope: "global" });
  const now = useServerNow();
  const language = computed(() => locale.value);
  return {
    instant: (at) => formatInstant(at, now.value, language.value, zone.value),
    full: (at) => new Intl.DateTimeFormat(language.value, { timeZone: zone.value, dateStyle: "long", timeStyle: "medium" }).format(new Date(at)),
    // A day has no time zone: it is read and written in the same one.
    day: (day) => new Intl.DateTimeFormat(language.value, { timeZone: "UTC", dateStyle: "long" }).format(new Date(`${day}T00:00:00Z`)),
  };
}

/** An instant as an input for date and time wants it: the clock of this device, to the minute. Empty for anything else. */
export function clockText(instant: unknown): string {
  if (typeof instant !== "string") return "";
  const at = new Date(instant);
  return Number.isNaN(at.getTime()) ? "" : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The instant of what such an input holds; undefined while it holds no whole date and time. */
export function clockInstant(text: string): string | undefined {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
