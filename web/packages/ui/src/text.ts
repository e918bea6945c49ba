// Texts of the pack in the reader's language.
import type { Text } from "@dipper/api";
import { useI18n } from "vue-i18n";

/** The language tag a text is read in: `locale`, else a locale of the same language, else the first there is. */
export function textTag(text: Text | null | undefined, locale: string): string | undefined {
  if (!text) return undefined;
  if (text[locale] !== undefined) return locale;
  const tags = Object.keys(text);
  return tags.find((tag) => isLanguage(tag, locale)) ?? tags[0];
}

/** Whether a tag and a locale are the same language, whatever the region or script. */
export function isLanguage(tag: string, locale: string): boolean {
  return tag.split("-")[0] === locale.split("-")[0];
}

/** The text in `locale`, else in a locale of the same language, else in the first there is. */
export function textIn(text: Text | null | undefined, locale: string): string {
  const tag = textTag(text, locale);
  return tag === undefined ? "" : (text?.[tag] ?? "");
}

/** {@link textIn} with the locale of the page. */
export function useText(): (text: Text | null | undefined) => string {
  const { locale } = useI18n({ useScope: "global" });
  return (text) => textIn(text, locale.value);
}
