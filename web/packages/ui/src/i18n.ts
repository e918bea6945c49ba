// Languages: zh-CN is in every bundle, others load when they are chosen.
import { createI18n, type I18n } from "vue-i18n";
import zhCN from "./locales/zh-CN.ts";

export const LOCALES = ["zh-CN", "en"] as const;
export type Locale = (typeof LOCALES)[number];

/** Names of languages in themselves, the one text that is never translated. */
export const LOCALE_NAMES: Record<Locale, string> = { "zh-CN": "\u4e2d\u6587", en: "English" };

/** A tree of messages; both locales of a face must have the same shape. */
export interface Messages {
  [id: string]: string | Messages;
}

type Loader = () => Promise<Messages>;
type Dictionary = I18n<Record<string, Messages>, Record<string, unknown>, Record<string, unknown>, string, false>;

let dictionary: Dictionary;
let loadEnglish: Loader;

/** The language to begin with: the one chosen before, else the browser's, else Chinese. */
export function preferredLocale(chosen: string | null, browser: readonly string[]): Locale {
  const known = LOCALES.find((locale) => locale === chosen);
  if (known) return known;
  const first = browser.find((tag) => /^(zh|en)\b/i.test(tag));
  return first?.toLowerCase().startsWith("en") ? "en" : "zh-CN";
}

/** Makes the dictionary of a face from its own messages and the shared ones. */
export function createDictionary(own: Messages, ownEnglish: Loader): Dictionary {
  loadEnglish = async () => {
    const [shared, face] = await Promise.all([import("./locales/en.ts"), ownEnglish()]);
    return { ...(shared.default as Messages), ...face };
  };
  dictionary = createI18n({
    legacy: false,
    locale: "zh-CN",
    fallbackLocale: "zh-CN",
    messages: { "zh-CN": { ...(zhCN as Messages), ...own } },
  }) as unknown as Dictionary;
  return dictionary;
}

const added: Record<Locale, Messages> = { "zh-CN": {}, en: {} };

/** Adds the messages of a part that is loaded later, such as the map, in every language at once. */
export function addMessages(more: Record<Locale, Messages>): void {
  for (const locale of LOCALES) {
    Object.assign(added[locale], more[locale]);
    if (dictionary.global.availableLocales.includes(locale)) dictionary.global.mergeLocaleMessage(locale, more[locale]);
  }
}

/** A message outside components, such as in a router. */
export function say(id: string): string {
  return dictionary.global.t(id);
}

/** Changes the language of the page, loading its messages when they are not here yet. */
export async function setLocale(locale: Locale): Promise<void> {
  if (locale === "en" && !dictionary.global.availableLocales.includes("en")) {
    dictionary.global.setLocaleMessage("en", { ...(await loadEnglish()), ...added.en });
  }
  dictionary.global.locale.value = locale;
  document.documentElement.lang = locale;
}
