// The applications that stand in the way of an erasure.

/** A number of a case as people see it: letters of the city, the day, a count. */
const CASE_NO = /\b[A-Z][A-Z0-9]{0,7}\d{8}-\d{4,9}\b/g;

/** Every case that a refusal names, once, in its order. */
export function casesIn(message: string): string[] {
  return [...new Set(message.match(CASE_NO))];
}
