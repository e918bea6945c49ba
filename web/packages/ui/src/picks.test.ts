import type { Field } from "@dipper/api";
import { describe, expect, it } from "vitest";
import { isPickQuestion, picksOf } from "./picks.ts";

const BASE = { id: "to", title: {}, required: true };
const name = (title: Record<string, string>) => title["en"] ?? "";
const office = (id: string) => ({ id, title: { en: `Office ${id}` } });

describe("who can be chosen", () => {
  it("is the offices in their order, one of them suggested", () => {
    const field = { ...BASE, type: "office", kinds: [], offices: [office("a"), office("b")], suggested: "b" } as Field;
    expect(isPickQuestion(field) && picksOf(field, name)).toEqual([
      { id: "a", title: "Office a", suggested: false },
      { id: "b", title: "Office b", suggested: true },
    ]);
  });

  it("is nobody where no one holds the post", () => {
    const field = { ...BASE, type: "person", people: [] } as Field;
    expect(isPickQuestion(field) && picksOf(field, name)).toEqual([]);
  });

  it("is not asked by other questions", () => {
    expect(isPickQuestion({ ...BASE, type: "stars" } as Field)).toBe(false);
  });
});
