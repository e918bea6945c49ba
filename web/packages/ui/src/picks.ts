// Who can be named in a question that asks for an office or a person.
import type { Field, Text } from "@dipper/api";

/** One office or person to choose. */
export interface Pick {
  readonly id: string;
  readonly title: string;
  /** Whether the system would choose it. */
  readonly suggested: boolean;
}

/** A question that is answered with an office or a person. */
export type PickQuestion = Extract<Field, { type: "office" | "person" }>;

/** Whether a question is answered with an office or a person. */
export function isPickQuestion(field: Field): field is PickQuestion {
  return field.type === "office" || field.type === "person";
}

/** What a question lets one choose, in the order of the pack; `text` says names in the reader's language. */
export function picksOf(field: PickQuestion, text: (title: Text) => string): Pick[] {
  if (field.type === "person") return field.people.map(({ id, title }) => ({ id, title: text(title), suggested: false }));
  return field.offices.map(({ id, title }) => ({ id, title: text(title), suggested: id === field.suggested }));
}
