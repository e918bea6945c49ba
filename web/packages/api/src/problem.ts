// One shape for everything that can go wrong with a call.

/** What a field of a form got wrong. */
export interface FieldProblem {
  field: string;
  message: string;
}

/** Code of a call that never reached the server. */
export const OFFLINE = "offline";

/** A call that failed. `code` is a word of the API, or `offline`, or `unexpected`. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: FieldProblem[] = [],
    readonly allowed: string[] = [],
    /** Seconds after which the server wants to be asked again. */
    readonly retry_after_s?: number,
  ) {
    super(message);
    this.name = "Problem";
  }

  /** Whether the same call may succeed later without change. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Reads a failed answer; anything that is not the API's own shape becomes `unexpected`. */
export function readProblem(response: Response, body: unknown): Problem {
  const wait = Number(response.headers.get("retry-after"));
  const retry = Number.isFinite(wait) && wait > 0 ? wait : undefined;
  const found = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const code = typeof found["code"] === "string" ? found["code"] : "unexpected";
  const message = typeof found["message"] === "string" ? found["message"] : `status ${response.status}`;
  const fields = Array.isArray(found["fields"]) ? (found["fields"] as FieldProblem[]) : [];
  const allowed = Array.isArray(found["allowed"]) ? (found["allowed"] as string[]) : [];
  return new Problem(response.status, code, message, fields, allowed, retry);
}

/** Any thrown value as a problem. */
export function toProblem(cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  // fetch rejects with a TypeError when no answer came.
  if (cause instanceof TypeError) return new Problem(0, OFFLINE, "no connection");
  return new Problem(0, "unexpected", cause instanceof Error ? cause.message : String(cause));
}
