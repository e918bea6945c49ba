// What a person chose about how pages look: language, size, contrast. Kept on the phone only.
import { reactive, watch } from "vue";
import { LOCALES, preferredLocale, setLocale, type Locale } from "./i18n.ts";

export interface Preferences {
  locale: Locale;
  /** `elder`: larger type and targets, fewer choices at a time. */
  size: "normal" | "elder";
  contrast: "normal" | "high";
  /** Whether pages offer to be read aloud. */
  aloud: boolean;
}

const KEY = "dipper.preferences";

function read(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
  } catch {
    return {};
  }
}

export const preferences = reactive<Preferences>({ locale: "zh-CN", size: "normal", contrast: "normal", aloud: false });

/** Applies what was chosen before, and every later choice, to the document. Returns when the language is ready. */
export async function startPreferences(): Promise<void> {
  const kept = read();
  preferences.locale = preferredLocale(kept.locale ?? null, navigator.languages);
  preferences.size = kept.size === "elder" ? "elder" : "normal";
  const more = window.matchMedia?.("(prefers-contrast: more)").matches ?? false;
  preferences.contrast = (kept.contrast ?? (more ? "high" : "normal")) === "high" ? "high" : "normal";
  preferences.aloud = kept.aloud === true;
  watch(preferences, apply, { immediate: true });
  await setLocale(preferences.locale);
}

function apply(chosen: Preferences): void {
  const root = document.documentElement;
  root.dataset["size"] = chosen.size;
  root.dataset["contrast"] = chosen.contrast;
  if (LOCALES.includes(chosen.locale)) void setLocale(chosen.locale);
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // Storage refused: the choice lasts as long as the page.
  }
}
