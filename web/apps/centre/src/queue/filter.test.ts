import { describe, expect, it } from "vitest";
import { casesQuery, EVERY, PAGE_SIZE, readFilter, writeFilter } from "./filter";

describe("a queue's filter", () => {
  it("survives the way through the address", () => {
    const filter = { q: "井盖", category: "", region: "tianquan", stage: "", late: true, sort: "opened" as const };
    expect(readFilter(writeFilter(filter))).toEqual(filter);
  });

  it("leaves open what is missing or unknown", () => {
    expect(readFilter({ sort: "sideways", late: "yes", q: ["a", "b"] })).toEqual({ q: "", category: "", region: "", stage: "", late: false, sort: "due" });
  });

  it("asks for no queue when every case is wanted", () => {
    expect(casesQuery(EVERY, readFilter({ sort: "opened" }), undefined)).toEqual({ sort: "opened", limit: PAGE_SIZE });
  });

  it("asks only for what is set", () => {
    expect(casesQuery("late", readFilter({}), undefined)).toEqual({ queue: "late", sort: "due", limit: PAGE_SIZE });
    expect(casesQuery("all", readFilter({ q: "x", late: "1" }), "c2")).toEqual({
      queue: "all",
      sort: "due",
      limit: PAGE_SIZE,
      q: "x",
      late: true,
      cursor: "c2",
    });
  });
});
