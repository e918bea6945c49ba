// The city and its categories: asked once a day, kept for opening offline.
import { api, ask } from "./client.ts";
import { queries, type Query } from "./query.ts";
import type { Category, City } from "./types.ts";

const DAY_MS = 86_400_000;

export function useCity(): Query<City> {
  return queries.use("city", () => ask(api.GET("/api/v1/city")), { keep: true, stale_ms: DAY_MS });
}

export function useCategories(): Query<Category[]> {
  return queries.use("categories", () => ask(api.GET("/api/v1/categories")), { keep: true, stale_ms: DAY_MS });
}
