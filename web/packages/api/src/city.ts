// The city, its categories and the headings of its services: asked once a day, kept for opening offline.
import { api, ask } from "./client.ts";
import { queries, type Query } from "./query.ts";
import type { Catalogue, Category, City } from "./types.ts";

const DAY_MS = 86_400_000;

export function useCity(): Query<City> {
  return queries.use("city", () => ask(api.GET("/api/v1/city")), { keep: true, stale_ms: DAY_MS });
}

export function useCategories(): Query<Category[]> {
  return queries.use("categories", () => ask(api.GET("/api/v1/categories")), { keep: true, stale_ms: DAY_MS });
}

export function useCatalogue(): Query<Catalogue> {
  return queries.use("catalogue", () => ask(api.GET("/api/v1/catalogue")), { keep: true, stale_ms: DAY_MS });
}
