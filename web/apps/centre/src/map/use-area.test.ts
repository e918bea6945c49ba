import { describe, expect, it } from "vitest";
import { withinQuery } from "./filter";
import { useArea } from "./use-area";

const A = { lon: 112.89, lat: 32.51 };
const B = { lon: 112.9, lat: 32.51 };
const C = { lon: 112.9, lat: 32.52 };

describe("the area tool", () => {
  it("asks nothing before a polygon of three corners is finished", () => {
    const tool = useArea();
    tool.begin("polygon");
    [A, B].forEach(tool.point);
    tool.finish();
    expect(tool.drawing.value).toBe(true);
    tool.point(C);
    expect(tool.finished.value).toBeNull();
    tool.finish();
    expect(tool.finished.value).toEqual({ kind: "polygon", corners: [A, B, C] });
  });

  it("takes corners back one by one", () => {
    const tool = useArea();
    tool.begin("polygon");
    [A, B, C].forEach(tool.point);
    tool.undo();
    expect(tool.corners.value).toEqual([A, B]);
    expect(tool.canFinish.value).toBe(false);
  });

  it("is finished with a circle's middle, and follows its radius", () => {
    const tool = useArea();
    tool.begin("circle");
    tool.point(A);
    tool.radius_m.value = 1_000;
    expect(tool.finished.value).toEqual({ kind: "circle", centre: A, radius_m: 1_000 });
    tool.radius_m.value = 0;
    expect(tool.finished.value).toBeNull();
  });

  it("shows a whole area that was drawn before, in place of what is being drawn", () => {
    const tool = useArea();
    tool.begin("polygon");
    tool.point(A);
    tool.show({ kind: "circle", centre: B, radius_m: 750 });
    expect([tool.drawing.value, tool.corners.value]).toEqual([false, []]);
    expect(tool.finished.value).toEqual({ kind: "circle", centre: B, radius_m: 750 });
    tool.show({ kind: "polygon", corners: [A, B, C] });
    expect(tool.finished.value).toEqual({ kind: "polygon", corners: [A, B, C] });
  });

  it("leaves presses alone once finished, and forgets everything when cleared", () => {
    const tool = useArea();
    tool.begin("circle");
    tool.point(A);
    tool.point(B);
    expect(tool.area.value).toMatchObject({ centre: A });
    tool.clear();
    expect([tool.kind.value, tool.area.value, tool.drawing.value]).toEqual([null, null, false]);
  });
});

it("an area is asked about with the filters of the page", () => {
  const query = withinQuery({ kind: "circle", centre: A, radius_m: 500 }, { which: "late", category: "b0137", stage: "" });
  expect(query).toEqual({ lon: 112.89, lat: 32.51, radius_m: 500, open: true, late: true, category: "b0137", limit: 200 });
});
