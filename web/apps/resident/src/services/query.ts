// What is looked for in the catalogue, as the address of the page says it: a search can be shared, and "back" works.
import type { ServiceSearch } from "@dipper/api";
import type { LocationQuery, LocationQueryValue } from "vue-router";

/** Headings a service may stand under; the words of the address and of the API. */
export const HEADINGS = ["group", "life_event", "office"] as const;
export type Heading = (typeof HEADINGS)[number];

export const AUDIENCES = ["person", "enterprise"] as const;
export type Audience = (typeof AUDIENCES)[number];

/** Where a person stands, degrees. */
export interface Place {
  lon: number;
  lat: number;
}

export interface ServiceQuery extends Partial<Record<Heading, string>> {
  /** Words, pinyin or its first letters; empty for everything. */
  q: string;
  audience?: Audience;
  /** The nearest window first. The place itself never stands in the address. */
  near: boolean;
  /** How many are shown, a multiple of {@link PAGE}. */
  shown: number;
}

export const PAGE = 20;

/** Most shown in one list: beyond that, other words find faster than scrolling. */
const SHOWN_MOST = 500;

/** Most the API gives in one answer. */
const ANSWER_MOST = 100;

/** Longest words the API looks for, characters. */
const WORDS_MOST = 100;

export const NOTHING: ServiceQuery = { q: "", near: false, shown: PAGE };

function first(value: LocationQueryValue | LocationQueryValue[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value) ?? undefined;
}

function tidy(words: string | undefined): string {
  return [...(words ?? "").trim()].slice(0, WORDS_MOST).join("");
}

/** Reads an address; what makes no sense is left out. */
export function readQuery(address: LocationQuery): ServiceQuery {
  const query: ServiceQuery = { ...NOTHING, q: tidy(first(address["q"])), near: first(address["near"]) === "1" };
  for (const heading of HEADINGS) {
    const id = first(address[heading]);
    if (id) query[heading] = id;
  }
  const audience = AUDIENCES.find((one) => one === first(address["audience"]));
  if (audience) query.audience = audience;
  const pages = Math.ceil(Number(first(address["shown"]) ?? PAGE) / PAGE);
  query.shown = pages >= 1 ? Math.min(pages * PAGE, SHOWN_MOST) : PAGE;
  return query;
}

/** Writes an address that {@link readQuery} reads back the same; what is absent or usual is left out. */
export function writeQuery(query: ServiceQuery): Record<string, string> {
  const address: Record<string, string> = {};
  const q = tidy(query.q);
  if (q) address["q"] = q;
  for (const heading of HEADINGS) if (query[heading]) address[heading] = query[heading];
  if (query.audience) address["audience"] = query.audience;
  if (query.near) address["near"] = "1";
  if (query.shown > PAGE) address["shown"] = String(query.shown);
  return address;
}

/** The query without one of its headings; the list begins anew. */
export function without(query: ServiceQuery, heading: Heading): ServiceQuery {
  const rest: ServiceQuery = { ...query, shown: PAGE };
  delete rest[heading];
  return rest;
}

/** The query with one audience, or with none when it was chosen already. */
export function withAudience(query: ServiceQuery, audience: Audience): ServiceQuery {
  const next: ServiceQuery = { ...query, shown: PAGE };
  if (query.audience === audience) delete next.audience;
  else next.audience = audience;
  return next;
}

/** Whether anything is looked for; otherwise the page shows the headings. */
export function isAsking(query: ServiceQuery): boolean {
  return query.q !== "" || query.near || query.audience !== undefined || HEADINGS.some((heading) => query[heading] !== undefined);
}

export function canShowMore(query: ServiceQuery, total: number): boolean {
  return query.shown < total && query.shown < SHOWN_MOST;
}

/** The calls that answer a query: one, or more when more is shown than one answer holds. */
export function callsOf(query: ServiceQuery, place: Place | undefined): ServiceSearch[] {
  const asked: ServiceSearch = {};
  if (query.q) asked.q = query.q;
  for (const heading of HEADINGS) if (query[heading]) asked[heading] = query[heading];
  if (query.audience) asked.audience = query.audience;
  if (query.near && place) Object.assign(asked, place);
  const calls: ServiceSearch[] = [];
  for (let offset = 0; offset < query.shown; offset += ANSWER_MOST) {
    calls.push({ ...asked, offset, limit: Math.min(ANSWER_MOST, query.shown - offset) });
  }
  return calls;
}
