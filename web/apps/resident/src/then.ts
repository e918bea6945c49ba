// Where to go after signing in: back to where one was.
import type { LocationQuery, RouteLocationRaw } from "vue-router";

/** The address in `then`, when it is one of this face. */
export function thenOf(query: LocationQuery): string | undefined {
  const then = query["then"];
  return typeof then === "string" && /^\/(?![/\\])/.test(then) ? then : undefined;
}

/** A page for signing in or registering that leads back to an address. */
export function signInAt(page: "/sign-in" | "/register", then: string | undefined): RouteLocationRaw {
  return then ? { path: page, query: { then } } : page;
}
