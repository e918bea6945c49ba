import { describe, expect, it } from "vitest";
import { rectOf, spoke, withDrawn } from "./marks";

const picture = { id: "ab", width: 640, height: 480 };
const none = { dials: [], switches: [], ignored: [] };

describe("marks of a baseline", () => {
  it("are drawn from any corner and stay in the picture", () => {
    expect(rectOf({ x: 100, y: 90 }, { x: 20, y: -30 }, 640, 480)).toEqual({ x: 20, y: 0, width: 80, height: 90 });
    expect(rectOf({ x: 600, y: 470 }, { x: 900, y: 900 }, 640, 480)).toEqual({ x: 600, y: 470, width: 40, height: 10 });
  });

  it("make a dial from its axis outwards", () => {
    const { dials } = withDrawn(none, "dial", { x: 300, y: 200 }, { x: 330, y: 240 }, picture, "压力");
    expect(dials).toMatchObject([{ title: "压力", x: 300, y: 200, radius: 50, zero_angle: -135, full_angle: 135 }]);
  });

  it("make a switch whose first position is the baseline", () => {
    const { switches } = withDrawn(none, "switch", { x: 10, y: 10 }, { x: 60, y: 90 }, picture, "总闸");
    expect(switches?.[0]).toMatchObject({ area: { x: 10, y: 10, width: 50, height: 80 }, positions: [{ picture: "ab" }, { picture: "" }] });
  });

  it("are not made by a slip of the hand", () => {
    for (const tool of ["dial", "switch", "ignored"] as const) expect(withDrawn(none, tool, { x: 5, y: 5 }, { x: 8, y: 9 }, picture, "")).toEqual(none);
  });

  it("turn clockwise from up", () => {
    const [up, right] = [spoke(10, 10, 5, 0), spoke(10, 10, 5, 90)];
    expect([up.x, up.y, right.x, right.y].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([10, 5, 15, 10]);
  });
});
