// The generated client with what every call needs: the CSRF header, the server's time, one kind of error.
import createClient, { type Client, type Middleware } from "openapi-fetch";
import { nameMandate } from "./acting.ts";
import type { paths } from "./generated.ts";
import { readProblem, toProblem } from "./problem.ts";
import { noteServerTime } from "./server-clock.ts";

let csrf: string | undefined;

/** Sets the token of the session; every call that changes something carries it. */
export function setCsrf(token: string | undefined): void {
  csrf = token;
}

/** What a call that is not made by {@link api} carries to change something. */
export function csrfHeaders(): Record<string, string> {
  return csrf ? { "x-csrf-token": csrf } : {};
}

const headers: Middleware = {
  onRequest({ request }) {
    if (csrf && request.method !== "GET") request.headers.set("x-csrf-token", csrf);
    nameMandate(request);
    return request;
  },
  onResponse({ response }) {
    noteServerTime(response.headers.get("date"));
    return undefined;
  },
};

/** A typed client of the API. The faces use {@link api}; tests bring their own `fetch`. */
export function createApi(options: { baseUrl?: string; fetch?: (request: Request) => Promise<Response> } = {}): Client<paths> {
  const client = createClient<paths>({ baseUrl: "", credentials: "same-origin", ...options });
  client.use(headers);
  return client;
}

/** The client of this page. */
export const api = createApi();

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer of a call, or a thrown `Problem`. */
export async function ask<T>(call: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>;
  try {
    outcome = await call;
  } catch (cause) {
    throw toProblem(cause);
  }
  if (!outcome.response.ok) throw readProblem(outcome.response, outcome.error);
  return outcome.data as T;
}


