// Answers in the reader's words: choices by their names, days as days. Photos are shown apart.
import type { Field, Text } from "@dipper/api";
import { useI18n } from "vue-i18n";
import { isDay, isFile } from "./form-patterns.ts";
import { askedFields, isLicence, type Answers } from "./forms.ts";
import { useText } from "./text.ts";
import { useInstant } from "./time.ts";

/** A question with its answer, ready to be read. */
export interface Said {
  field: Field;
  /** Empty where nothing was answered. */
  words: string;
  /** Ids of photos. */
  files: string[];
}

interface Words {
  text: (text: Text | undefined) => string;
  list: (words: string[]) => string;
  day: (day: string) => string;
  /** That a licence of this name is shown. */
  licence: (title: string) => string;
}

/** The ids of uploaded photos among an answer. */
export function filesOf(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.filter((one): one is string => typeof one === "string" && isFile(one)) : [];
}

/** One answer in words. */
export function answerWords(field: Field, answer: unknown, { text, list, day, licence }: Words): string {
  if (field.type === "evidence") return field.licence && isLicence(answer) ? licence(text(field.licence.title)) : "";
  const name = (id: unknown) => ("options" in field ? text(field.options.find((option) => option.id === id)?.title) : "") || String(id);
  if (Array.isArray(answer)) return list(answer.map(name));
  if (answer === undefined || answer === null || answer === "") return "";
  return field.type === "date" && isDay(String(answer)) ? day(String(answer)) : name(answer);
}

/** What was answered, in the order asked; fields that were not asked are left out. Where photos are seen small and whole: {@link fileUrl}. */
export function useSaid(): (fields: readonly Field[], answers: Answers) => Said[] {
  const { t } = useI18n({ useScope: "global" });
  const text = useText();
  const { day } = useInstant();
  const words: Words = { text, list: (many) => many.join(t("form.list_comma")), licence: (title) => t("form.licence_chosen", { title }), day };
  return (fields, answers) =>
    askedFields(fields, answers).map((field) => ({ field, words: answerWords(field, answers[field.id], words), files: field.type === "evidence" ? filesOf(answers[field.id]) : [] }));
}

/** The address of an uploaded photo. */
export function fileUrl(id: string, size?: "thumb"): string {
  return `/api/v1/evidence/${id}${size ? `?size=${size}` : ""}`;
}
