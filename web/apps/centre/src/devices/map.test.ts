import { expect, it } from "vitest";
import { boxOf } from "./map";

it("the map shows every device of the page, and some streets around a single one", () => {
  expect(boxOf([])).toBeNull();
  expect(
    boxOf([
      { lon: 112.8, lat: 32.5 },
      { lon: 112.9, lat: 32.6 },
    ]),
  ).toEqual([112.8, 32.5, 112.9, 32.6]);
  const [west, south, east, north] = boxOf([{ lon: 112.8, lat: 32.5 }])!;
  expect([west < 112.8, east > 112.8, south < 32.5, north > 32.5]).toEqual([true, true, true, true]);
});
