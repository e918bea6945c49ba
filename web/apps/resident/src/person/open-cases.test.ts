import { expect, it } from "vitest";
import { casesIn } from "./open-cases.ts";

it.each([
  ["1 applications are still open; withdraw them first, or wait for the decision: YG20261126-000003", ["YG20261126-000003"]],
  ["2 applications are still open: YG20261126-000003, YG20261126-000001, YG20261126-000003", ["YG20261126-000003", "YG20261126-000001"]],
  ["no number at all", []],
])("%s", (message, expected) => {
  expect(casesIn(message)).toEqual(expected);
});
