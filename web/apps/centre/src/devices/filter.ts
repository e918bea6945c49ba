/** Which devices are listed, kept in the address, so that a list can be shared, reloaded and gone back to. */
import type { DevicesQuery, DeviceStanding } from "../types";

/** How devices stand, those that speak first. */
export const STANDINGS = ["active", "silent", "quarantined", "retired"] as const satisfies readonly DeviceStanding[];

/** What may be asked of the list. */
export interface DeviceFilter {
  q: string;
  class: string;
  region: string;
  label: string;
  state: DeviceStanding | "";
}

/** Rows of one page. */
export const PAGE_SIZE = 50;

/** Reads a filter from an address's query; what is missing or unknown is left open. */
export function readFilter(query: Readonly<Record<string, unknown>>): DeviceFilter {
  const word = (key: string) => (typeof query[key] === "string" ? (query[key] as string) : "");
  return { q: word("q"), class: word("class"), region: word("region"), label: word("label"), state: STANDINGS.find((one) => one === query["state"]) ?? "" };
}

/** The filter as an address's query, without what is left open. */
export function writeFilter(filter: DeviceFilter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
}

/** The query of `GET /devices` for a page of the list. */
export function devicesQuery(filter: DeviceFilter, after: string | undefined): DevicesQuery {
  return { ...writeFilter(filter), limit: PAGE_SIZE, ...(after ? { after } : {}) };
}

/** The query that counts devices of a standing under the same filter; an empty standing counts them all. */
export function countQuery(filter: DeviceFilter, state: DeviceStanding | ""): DevicesQuery {
  return { ...writeFilter({ ...filter, state }), limit: 1 };
}
