import { expect, it } from "vitest";
import { newUlid } from "./ulid.ts";

it("is the text of the specification", () => {
  expect(newUlid(0, new Uint8Array(10))).toBe("00000000000000000000000000");
  expect(newUlid(1_469_918_176_385, new Uint8Array(10))).toBe("01ARYZ6S410000000000000000");
  expect(newUlid(281_474_976_710_655, new Uint8Array(10).fill(255))).toBe("7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
});

it("sorts by time and is not given twice", () => {
  const made = [1, 2, 3].map((ms) => newUlid(1_700_000_000_000 + ms));
  expect([...made].sort()).toEqual(made);
  expect(new Set([newUlid(5), newUlid(5), newUlid(5)]).size).toBe(3);
});
