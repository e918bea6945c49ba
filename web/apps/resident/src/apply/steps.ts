// The way through a form, one question a page. Which questions there are depends on the answers so far.
import type { Field } from "@dipper/api";
import { askedFields, checkAnswers, type Answers } from "@dipper/ui";

/** The page after the last question. No field's id: those begin with a letter. */
export const CHECK = "/check";

/** Its name in addresses. */
export const CHECK_PAGE = "check";

/** Fields that are no questions of their own: departments answer them. */
export type Skipped = ReadonlySet<string>;
const NONE: Skipped = new Set();

function questions(fields: readonly Field[], answers: Answers, skipped: Skipped): Field[] {
  return askedFields(fields, answers).filter(({ id }) => !skipped.has(id));
}

export function at(service: string, field: string, returning = false): string {
  const page = `/services/${encodeURIComponent(service)}/apply/q/${encodeURIComponent(field)}`;
  return returning ? `${page}?then=${CHECK_PAGE}` : page;
}

export function checkAt(service: string): string {
  return `/services/${encodeURIComponent(service)}/apply/${CHECK_PAGE}`;
}

export function startAt(service: string): string {
  return `/services/${encodeURIComponent(service)}/apply`;
}

/** Where a question stands among those asked, counted from 1; absent when it is not asked. */
export function progress(fields: readonly Field[], answers: Answers, id: string, skipped: Skipped = NONE): { n: number; of: number } | undefined {
  const asked = questions(fields, answers, skipped);
  const place = asked.findIndex((field) => field.id === id);
  return place < 0 ? undefined : { n: place + 1, of: asked.length };
}

/** The first question whose answer is missing or wrong. */
export function firstOpen(fields: readonly Field[], answers: Answers, skipped: Skipped = NONE): string | undefined {
  return Object.keys(checkAnswers(fields, answers)).find((id) => !skipped.has(id));
}

/** Whether a question can be opened: it is asked, and nothing before it is open. */
export function isReachable(fields: readonly Field[], answers: Answers, id: string, skipped: Skipped = NONE): boolean {
  const asked = questions(fields, answers, skipped).map((field) => field.id);
  const open = firstOpen(fields, answers, skipped);
  return asked.includes(id) && (open === undefined || asked.indexOf(id) <= asked.indexOf(open));
}

/** Where to go on: the question last looked at, else the first that is open, else the check. */
export function resumeAt(fields: readonly Field[], answers: Answers, last: string | undefined, skipped: Skipped = NONE): string {
  if (last !== undefined && isReachable(fields, answers, last, skipped)) return last;
  return firstOpen(fields, answers, skipped) ?? CHECK;
}

/** After a question: the next one. Back from the check, only what the change has opened up, then the check again. */
export function after(fields: readonly Field[], answers: Answers, id: string, returning: boolean, skipped: Skipped = NONE): string {
  if (returning) return firstOpen(fields, answers, skipped) ?? CHECK;
  const asked = questions(fields, answers, skipped);
  return asked[asked.findIndex((field) => field.id === id) + 1]?.id ?? CHECK;
}

/** Before a question; absent for the first. Before the check stands the last question. */
export function before(fields: readonly Field[], answers: Answers, id: string, skipped: Skipped = NONE): string | undefined {
  const asked = questions(fields, answers, skipped);
  return id === CHECK ? asked.at(-1)?.id : asked[asked.findIndex((field) => field.id === id) - 1]?.id;
}
