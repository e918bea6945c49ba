/** Numbers, limits and deadlines in the words of the page. */
import { useServerNow } from "@dipper/api";
import { leftMs, span, spanForm, toneNow, type DueTone } from "@dipper/ui";
import { useI18n } from "vue-i18n";
import type { IndicatorDefinition } from "./types";

/** Parts of a limit such as `4 working_hour`. */
export function splitLimit(limit: string): { amount: number; unit: string } | null {
  const [, amount, unit] = /^(\d+) ([a-z_]+)$/.exec(limit) ?? [];
  return amount && unit ? { amount: Number(amount), unit } : null;
}

/** A deadline as one line: its tone and its words. */
export interface DueLine {
  readonly tone: DueTone;
  readonly words: string;
}

/** Formatters bound to the language of the page and the server's time. */
export function useFormat() {
  const { t, n, locale } = useI18n({ useScope: "global" });
  const now = useServerNow();
  const duration = (ms: number): string => {
    const parts = span(ms);
    return t(`span.${spanForm(parts)}`, { ...parts });
  };
  return {
    now,
    duration,
    /** `4 working_hour` in words. */
    limit(limit: string | null | undefined): string {
      const parts = limit ? splitLimit(limit) : null;
      return parts ? t(`unit.${parts.unit}`, { n: parts.amount }) : (limit ?? "");
    },
    /** How a deadline stands now. */
    due(due_at: string | null | undefined, state: DueTone | undefined): DueLine {
      const tone = toneNow(due_at, state, now.value);
      if (!due_at || tone === "none") return { tone, words: t("due.none") };
      if (tone === "paused" || tone === "exempt") return { tone, words: t(`due.${tone}`) };
      const left = leftMs(due_at, now.value);
      return { tone, words: t(left < 0 ? "due.over" : "due.left", { span: duration(left) }) };
    },
    /** Several things in one line, with the comma of the language. */
    list: (parts: readonly string[]): string => parts.filter(Boolean).join(locale.value.startsWith("zh") ? "\u3001" : ", "),
    count: (value: number): string => new Intl.NumberFormat(locale.value).format(value),
    /** The value of an indicator in its unit; a dash where nothing was to be counted. */
    indicator(value: number | null | undefined, unit: IndicatorDefinition["unit"]): string {
      if (value === null || value === undefined) return "–";
      if (unit === "ratio") return new Intl.NumberFormat(locale.value, { style: "percent", maximumFractionDigits: 1 }).format(value);
      if (unit === "stars") return new Intl.NumberFormat(locale.value, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
      return n(value);
    },
  };
}

/** Rates of faults: their target is the most a city wants, not the least. The API does not say so itself. */
const FAULT_RATES: readonly string[] = ["rework_rate", "return_rate", "reopen_rate"];

/** Whether more of it is worse. */
export function isFaultRate({ id }: Pick<IndicatorDefinition, "id">): boolean {
  return FAULT_RATES.includes(id);
}

/** Whether a value misses its target. */
export function missesTarget(value: number | null | undefined, definition: IndicatorDefinition): boolean {
  const { target } = definition;
  if (value === null || value === undefined || target === undefined || target === null) return false;
  return isFaultRate(definition) ? value > target : value < target;
}

/** `2026-11-23` of a day `days` before now, in a time zone. */
export function dayBefore(now_ms: number, days: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return parts.format(new Date(now_ms - days * 86_400_000));
}
