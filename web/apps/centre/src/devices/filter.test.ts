import { expect, it } from "vitest";
import { countQuery, devicesQuery, readFilter, writeFilter } from "./filter";

it("a filter survives the address", () => {
  const filter = { q: "cover", class: "manhole_cover", region: "gulou", label: "", state: "silent" as const };
  expect(readFilter(writeFilter(filter))).toEqual(filter);
});

it("what an address says wrongly is left open", () => {
  expect(readFilter({ state: "broken", q: ["a", "b"] })).toEqual({ q: "", class: "", region: "", label: "", state: "" });
});

it("a page goes on after the one before", () => {
  expect(devicesQuery(readFilter({ q: "lamp" }), "lamp-50")).toEqual({ q: "lamp", limit: 50, after: "lamp-50" });
});

it("counts ask under the same filter, each for its own standing", () => {
  const filter = readFilter({ q: "lamp", state: "active" });
  expect(countQuery(filter, "retired")).toEqual({ q: "lamp", state: "retired", limit: 1 });
  expect(countQuery(filter, "")).toEqual({ q: "lamp", limit: 1 });
});
