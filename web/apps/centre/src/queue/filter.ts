/** A queue's filter in the address, so that a list can be shared, reloaded and gone back to. */
import type { CasesQuery } from "../types";

/** What may be asked of a queue beside its name. */
export interface QueueFilter {
  q: string;
  category: string;
  region: string;
  stage: string;
  late: boolean;
  sort: "due" | "opened" | "updated";
}

/** The list that is no queue: every case the caller may read, ended ones too. */
export const EVERY = "every";

/** Rows of one page. */
export const PAGE_SIZE = 50;

const SORTS: readonly string[] = ["due", "opened", "updated"];

/** Reads a filter from an address's query; what is missing or unknown is left open. */
export function readFilter(query: Readonly<Record<string, unknown>>): QueueFilter {
  const word = (key: string) => (typeof query[key] === "string" ? (query[key] as string) : "");
  const sort = word("sort");
  return {
    q: word("q"),
    category: word("category"),
    region: word("region"),
    stage: word("stage"),
    late: word("late") === "1",
    sort: SORTS.includes(sort) ? (sort as QueueFilter["sort"]) : "due",
  };
}

/** The filter as an address's query, without what is left open. */
export function writeFilter(filter: QueueFilter): Record<string, string> {
  const { late, sort, ...words } = filter;
  const given = Object.entries(words).filter(([, value]) => value !== "");
  return { ...Object.fromEntries(given), ...(late ? { late: "1" } : {}), ...(sort === "due" ? {} : { sort }) };
}

/** The query of `GET /cases` for a page of a queue. */
export function casesQuery(queue: string, filter: QueueFilter, cursor: string | undefined): CasesQuery {
  const { q, category, region, stage, late, sort } = filter;
  return {
    ...(queue === EVERY ? {} : { queue }),
    sort,
    limit: PAGE_SIZE,
    ...(q ? { q } : {}),
    ...(category ? { category } : {}),
    ...(region ? { region } : {}),
    ...(stage ? { stage } : {}),
    ...(late ? { late: true } : {}),
    ...(cursor ? { cursor } : {}),
  };
}
