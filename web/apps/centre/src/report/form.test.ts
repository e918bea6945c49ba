import { describe, expect, it } from "vitest";
import { blankCall, callBody, missing } from "./form";

describe("a call written down", () => {
  it("needs a category, what was said, and a place or an address", () => {
    expect(Object.keys(missing(blankCall()))).toEqual(["category", "description", "place"]);
    expect(missing({ ...blankCall(), category: "c", description: "d", address: "Lane 3" })).toEqual({});
  });

  it("sends a contact only when one was given", () => {
    const draft = { ...blankCall(), category: "c", description: " d ", place: { lon: 112.9, lat: 32.5 } };
    expect(callBody(draft)).toEqual({ category: "c", description: "d", channel: "phone", lon: 112.9, lat: 32.5 });
    expect(callBody({ ...draft, phone: " 139 " }).contact).toEqual({ phone: "139" });
  });
});
