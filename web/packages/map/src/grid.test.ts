import { describe, expect, it } from "vitest";
import { drawGrid, levelForZoom } from "./grid";

describe("grid drawing", () => {
  it.each([
    [8, 3],
    [12, 4],
    [14, 5],
    [16, 6],
    [17.5, 6],
    [18, 7],
  ])("zoom %d shows level %d", (zoom, level) => {
    expect(levelForZoom(zoom)).toBe(level);
  });

  it("a level too fine for the box gives way to a coarser one", () => {
    expect(drawGrid([112.7, 32.3, 113.1, 32.7], 11, 6).level).toBe(4);
  });

  it("marks the lines that are also lines of the level above", () => {
    const { lines } = drawGrid([112.9, 32.5, 112.92, 32.52], 14, 5);
    const major = lines.features.filter(({ properties }) => properties.major);
    expect(major.length).toBeGreaterThan(0);
    expect(major.length).toBeLessThan(lines.features.length);
  });

  it("writes codes only where they fit", () => {
    expect(drawGrid([112.9, 32.5, 112.92, 32.52], 13, 5).labels.features).toHaveLength(0);
    expect(drawGrid([112.9, 32.5, 112.902, 32.502], 17, 5).labels.features.length).toBeGreaterThan(0);
  });
});
