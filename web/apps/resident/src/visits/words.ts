// Booked times in words, in the reader's language and the city's time zone.
import { useCity } from "@dipper/api";
import { useI18n } from "vue-i18n";

export interface VisitWords {
  day: (at: string) => string;
  weekday: (at: string) => string;
  date: (at: string) => string;
  clock: (at: string) => string;
  span: (visit: { starts_at: string; ends_at: string }) => string;
  zone: () => string | undefined;
}

export function useVisitWords(): VisitWords {
  const { t, locale } = useI18n({ useScope: "global" });
  const city = useCity();
  const zone = () => city.data.value?.timezone;
  const part = (at: string, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale.value, { timeZone: zone(), ...options }).format(new Date(at));
  const clock = (at: string) => part(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return {
    day: (at) => part(at, { month: "long", day: "numeric", weekday: "long" }),
    weekday: (at) => part(at, { weekday: "short" }),
    date: (at) => part(at, { month: "numeric", day: "numeric" }),
    clock,
    span: ({ starts_at, ends_at }) => t("visit.span", { from: clock(starts_at), to: clock(ends_at) }),
    zone,
  };
}
