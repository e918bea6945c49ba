// The fields of a sealed event as lines to read: known ones first and named, the rest as they are.
import { isObject, type SealedEvent } from "./check.ts";

/** A line of an event. `value` is text already, or a time for the page to format. */
export interface FactLine {
  /** Its name in the event; the page has words for the known ones. */
  readonly field: string;
  readonly value: string | readonly string[] | { readonly at_ms: number } | boolean;
}

/** The order in which people ask. */
const ORDER = [
  "no", "category", "condition", "description", "address", "point", "cell", "region", "action", "from", "to", "state", "stage", "note", "reason",
  "outcome", "stars", "handler", "office", "role", "assignee", "clock", "limit", "by", "due_at", "next_at", "level", "channel",
  "amount", "reference", "ticket", "licence", "expires_at", "data", "purpose", "evidence",
] as const;

/** Times in microseconds since 1970. */
const TIMES = new Set(["due_at", "next_at", "expires_at"]);

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function toLine(field: string, value: unknown): FactLine {
  if (TIMES.has(field) && typeof value === "number") return { field, value: { at_ms: value / 1000 } };
  if (typeof value === "boolean") return { field, value };
  if (Array.isArray(value) && field !== "point") return { field, value: value.map(plain) };
  if (field === "evidence" && isObject(value)) return { field, value: Object.values(value).flat().map(plain) };
  if (field === "point" && Array.isArray(value)) return { field, value: value.map(plain).join(", ") };
  return { field, value: plain(value) };
}

/** The lines of the body, the nested place and task drawn in. */
export function bodyLines({ body }: SealedEvent): FactLine[] {
  const flat = new Map<string, unknown>();
  for (const [field, value] of Object.entries(body)) {
    if (field === "kind" || value === null) continue;
    if ((field === "place" || field === "task") && isObject(value)) {
      // A task's office does not hide one of the event's own.
      for (const [inner, held] of Object.entries(value)) if (held !== null) flat.set(flat.has(inner) || inner in body ? `${field}.${inner}` : inner, held);
    } else if (!(isObject(value) && Object.keys(value).length === 0) && !(Array.isArray(value) && value.length === 0)) {
      flat.set(field, value);
    }
  }
  const rank = (field: string) => {
    const at = ORDER.findIndex((known) => known === field);
    return at < 0 ? ORDER.length : at;
  };
  return [...flat].sort(([a], [b]) => rank(a) - rank(b)).map(([field, value]) => toLine(field, value));
}

/** Whether it is a record: a fact in the log that is no step of a case. */
export function isRecord({ fields }: SealedEvent): boolean {
  return "id" in fields && !("case" in fields);
}

/** The number of the case, where the event has it. */
export function caseNoOf({ body }: SealedEvent): string | undefined {
  return typeof body["no"] === "string" ? body["no"] : undefined;
}

/** The number of the case in the name the platform gives to a receipt's file: `YG20261123-000042-3.tlog-proof`. */
export function caseNoInName(name: string | undefined): string | undefined {
  return /^([A-Z0-9]{1,8}\d{8}-\d{4,9})-\d+(?: ?\(\d+\))?\.tlog-proof$/.exec(name ?? "")?.[1];
}
