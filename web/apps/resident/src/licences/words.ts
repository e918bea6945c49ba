// Licences in words: days, facts, states.
import { useCity } from "@dipper/api";
import { claimWords, type Json } from "@dipper/ledger/licence";
import { useText, type IconName } from "@dipper/ui";
import { useI18n } from "vue-i18n";

/** A mark beside the words of a state, so that colour is never the only cue. */
export const STATE_ICONS: Record<"valid" | "expired" | "revoked", IconName> = { valid: "done", expired: "clock", revoked: "exempt" };

export function useLicenceWords(): { day: (at: string) => string; value: (value: Json) => string } {
  const { locale } = useI18n({ useScope: "global" });
  const text = useText();
  const city = useCity();
  return {
    day: (at) => new Intl.DateTimeFormat(locale.value, { timeZone: city.data.value?.timezone, dateStyle: "medium" }).format(new Date(at)),
    value: (value) => claimWords(value, { text, list: (items) => new Intl.ListFormat(locale.value, { type: "conjunction", style: "narrow" }).format(items) }),
  };
}
