import { describe, expect, it } from "vitest";
import { callsOf, canShowMore, isAsking, NOTHING, PAGE, readQuery, type ServiceQuery, withAudience, without, writeQuery } from "./query.ts";

const FULL: ServiceQuery = { q: "社保卡", group: "social", life_event: "birth", office: "hr", audience: "enterprise", near: true, shown: 60 };

describe("a search for services in the address", () => {
  it.each([NOTHING, FULL, { ...NOTHING, q: "sbk" }, { ...NOTHING, near: true }, { ...NOTHING, office: "tax", shown: 500 }])("is read back as it was written: %o", (query) => {
    expect(readQuery(writeQuery(query))).toEqual(query);
  });

  it("says nothing of what is usual", () => {
    expect(writeQuery(NOTHING)).toEqual({});
    expect(writeQuery({ ...NOTHING, q: "  社保 " })).toEqual({ q: "社保" });
  });

  it("leaves out what makes no sense", () => {
    expect(readQuery({ q: null, audience: "cats", near: "yes", shown: "many", group: "" })).toEqual(NOTHING);
    expect(readQuery({ q: ["a", "b"], shown: "-5", colour: "red" })).toEqual({ ...NOTHING, q: "a" });
  });

  it("shows whole pages, and an end of them", () => {
    expect(readQuery({ shown: "21" }).shown).toBe(2 * PAGE);
    expect(readQuery({ shown: "1000000" }).shown).toBe(500);
    expect(canShowMore({ ...NOTHING, shown: 500 }, 1000)).toBe(false);
    expect(canShowMore(NOTHING, 21)).toBe(true);
    expect(canShowMore(NOTHING, 20)).toBe(false);
  });

  it("never asks for more words than the API takes", () => {
    expect([...readQuery({ q: "𠮷".repeat(150) }).q]).toHaveLength(100);
  });
});

describe("what is looked for", () => {
  it("begins with anything that is chosen", () => {
    expect(isAsking(NOTHING)).toBe(false);
    for (const one of [{ q: "水" }, { group: "water" }, { life_event: "car" }, { office: "tax" }, { audience: "person" as const }, { near: true }]) {
      expect(isAsking({ ...NOTHING, ...one })).toBe(true);
    }
  });

  it("begins anew when a heading goes or the audience changes", () => {
    expect(without(FULL, "group")).toEqual({ q: "社保卡", life_event: "birth", office: "hr", audience: "enterprise", near: true, shown: PAGE });
    expect(withAudience(FULL, "person")).toEqual({ ...FULL, audience: "person", shown: PAGE });
    expect(withAudience(FULL, "enterprise")).not.toHaveProperty("audience");
  });

  it("names a place only when it is known and asked for", () => {
    const place = { lon: 112.9, lat: 32.5 };
    expect(callsOf({ ...NOTHING, near: true }, place)).toEqual([{ ...place, offset: 0, limit: PAGE }]);
    expect(callsOf({ ...NOTHING, near: true }, undefined)).toEqual([{ offset: 0, limit: PAGE }]);
    expect(callsOf({ ...NOTHING, q: "水" }, place)).toEqual([{ q: "水", offset: 0, limit: PAGE }]);
  });

  it("takes as many answers as it needs", () => {
    expect(callsOf({ ...NOTHING, shown: 240 }, undefined)).toEqual([
      { offset: 0, limit: 100 },
      { offset: 100, limit: 100 },
      { offset: 200, limit: 40 },
    ]);
  });
});
