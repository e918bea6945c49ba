import { expect, it } from "vitest";
import { conditionText, endsAt, spanMs } from "./conditions";

it("reads spans as rules spell them", () => {
  expect([spanMs("10m"), spanMs("1h30m"), spanMs("90s"), spanMs("2d")]).toEqual([600_000, 5_400_000, 90_000, 172_800_000]);
  expect([spanMs(""), spanMs("soon"), spanMs("10")]).toEqual([null, null, null]);
});

it("puts names in place of ids, and leaves functions alone", () => {
  const words = { and: "and", or: "or", name: (id: string) => ({ passed: "Passers", lit: "Lit" })[id] };
  expect(conditionText("passed > 12.0", words)).toBe("Passers > 12");
  expect(conditionText('passed >= 12.5 && lit == 1.0 || avg("passed", "5m") > 10.0', words)).toBe('Passers ≥ 12.5 and Lit = 1 or avg("Passers", "5m") > 10');
});

it("knows where a condition over one number ends", () => {
  expect(endsAt("passed > 12.0", 6)).toEqual({ side: "below", value: 6 });
  expect(endsAt("lux <= 20", 5)).toEqual({ side: "above", value: 25 });
  expect(endsAt("passed > 12.0", undefined)).toEqual({ side: "below", value: 12 });
  expect(endsAt("passed > 12.0 && lit == 1.0", 6)).toBeNull();
});
