import { expect, it } from "vitest";
import { labelPoint } from "./regions";

const square = (x: number, y: number, side: number) => [
  [
    [x, y],
    [x + side, y],
    [x + side, y + side],
    [x, y + side],
    [x, y],
  ],
];

it("a region is named at the centre of its largest part", () => {
  expect(labelPoint({ type: "MultiPolygon", coordinates: [square(0, 0, 1), square(10, 10, 4)] })).toEqual([12, 12]);
});
