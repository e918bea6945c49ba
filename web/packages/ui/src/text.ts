// Texts of the pack in the reader's language.
import type { Text } from "@dipper/api";
import { useI18n } from "vue-i18n";

/** The text in `locale`, else in a locale of the same language, else in the first there is. */
export function textIn(text: Text | null | undefined, locale: string): string {
  if (!text) return "";
  const language = locale.split("-")[0] ?? locale;
  const near = Object.keys(text).find((tag) => tag.split("-")[0] === language);
  return text[locale] ?? (near === undefined ? undefined : text[near]) ?? Object.values(text)[0] ?? "";
}

/** {@link textIn} with the locale of the page. */
export function useText(): (text: Text | null | undefined) => string {
  const { locale } = useI18n({ useScope: "global" });
  return (text) => textIn(text, locale.value);
}
