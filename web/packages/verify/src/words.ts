// Words that both pages use: moments, rules, kinds of events.
import type { Found, Rule } from "@dipper/ledger";
import { useI18n } from "vue-i18n";
import type { Failed, SealedEvent } from "./check.ts";
import { caseNoOf, isRecord } from "./event-words.ts";

export interface Words {
  /** A moment to the second, with its time zone: a receipt is read far from where it was made. */
  when: (at_ms: number) => string;
  /** A moment to the minute. */
  minute: (at_ms: number) => string;
  number: (value: bigint | number) => string;
  kind: (event: SealedEvent) => string;
  /** What the receipt proves of the event: which case it is of, or that it is a record beside the cases. */
  proved: (event: SealedEvent) => string;
  field: (field: string) => string;
  actor: (event: SealedEvent) => string;
  rule: (rule: Rule, found: Found) => string;
  fault: (failed: Failed) => { title: string; where: string; what_to_do: string };
}

export function useWords(): Words {
  const { t, te, locale } = useI18n({ useScope: "global" });
  const part = (at: Date, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale.value, options).format(at);
  const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  // A receipt may name any number; what no calendar has is shown as it is.
  const moment = (at_ms: number, time: Intl.DateTimeFormatOptions) => {
    if (!(Math.abs(at_ms) <= 8.64e15)) return String(at_ms);
    const at = new Date(at_ms);
    const zone = new Intl.DateTimeFormat(locale.value, { timeZoneName: "short" }).formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
    return t("verify.moment", { date: part(at, { year: "numeric", month: "long", day: "numeric" }), time: part(at, time), zone });
  };
  const kind = ({ kind }: SealedEvent) => (te(`verify.kind.${kind}`) ? t(`verify.kind.${kind}`) : t("verify.kind.other"));
  const rule = (id: Rule, found: Found) => t(`verify.rule.${id}`, found);
  return {
    when: (at_ms) => moment(at_ms, { ...clock, second: "2-digit" }),
    minute: (at_ms) => moment(at_ms, clock),
    number: (value) => new Intl.NumberFormat(locale.value, { useGrouping: value >= 100_000 }).format(value),
    kind,
    proved: (event) =>
      isRecord(event)
        ? t("verify.proved_record_text", { title: kind(event) })
        : t("verify.proved_event_text", { title: kind(event), case: caseNoOf(event) ?? String(event.fields["case"] ?? "—") }),
    field: (field) => (te(`verify.field.${field}`) ? t(`verify.field.${field}`) : field),
    actor: ({ fields }) => {
      const actor = fields["actor"];
      const held = typeof actor === "object" && actor !== null ? (actor as Record<string, unknown>) : {};
      const as = String(held["as"] ?? "");
      const text = (name: string) => String(held[name] ?? "—");
      if (!te(`verify.actor.${as}`)) return JSON.stringify(actor ?? "—");
      return t(`verify.actor.${as}`, { party: text("party"), office: text("office"), role: text("role"), client: text("client"), part: text("part") });
    },
    rule,
    fault: ({ family, rule: broken, found }) => ({
      title: t(`verify.family.${family}.title`),
      where: broken ? rule(broken, found) : "",
      what_to_do: t(`verify.family.${family}.do`),
    }),
  };
}
