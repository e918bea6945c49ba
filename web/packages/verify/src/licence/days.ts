// Days in words, in the reader's language: licences count by days.
import { useI18n } from "vue-i18n";

export function useDays(): { day: (at_s: number) => string } {
  const { locale } = useI18n({ useScope: "global" });
  return {
    // A licence may name any number; what no calendar has is shown as it is.
    day: (at_s) => (Math.abs(at_s) <= 8.64e12 ? new Intl.DateTimeFormat(locale.value, { dateStyle: "long" }).format(new Date(at_s * 1000)) : String(at_s)),
  };
}
