import { expect, it } from "vitest";
import { flatten } from "./cases";

const point = { type: "Point" as const, coordinates: [112.9, 32.5] };

it("takes a public case, known by its number alone, for a case", () => {
  const { features } = flatten({ type: "FeatureCollection", features: [{ type: "Feature", geometry: point, properties: { no: "YG1" } }] });
  expect(features[0]?.properties?.["single"]).toBe(true);
});

it("gives every case the marker of its deadline, and a cluster none of a case's names", () => {
  const { features } = flatten({
    type: "FeatureCollection",
    features: [
      { type: "Feature", geometry: point, properties: { count: 1, late: 1, case_id: "c1", no: "YG1", due_state: "late" } },
      { type: "Feature", geometry: point, properties: { count: 9, late: 2 } },
    ],
  });
  expect(features.map(({ properties }) => [properties?.["single"], properties?.["marker"], properties?.["count"]])).toEqual([
    [true, "due-late", 1],
    [false, "due-none", 9],
  ]);
});
