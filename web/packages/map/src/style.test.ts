import { validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import { describe, expect, it } from "vitest";
import { cityStyle } from "./style";

const KINDS = ["place", "road", "building", "green", "water", "bridge"];
const basemap = KINDS.map((kind) => ({ id: kind, kind, url: `/api/v1/basemap/${kind}` }));

describe("the base map's style", () => {
  it.each(["light", "dark"] as const)("is valid in the %s theme", (theme) => {
    const faults = validateStyleMin(cityStyle({ basemap, theme, locale: "zh-CN" }));
    expect(faults.map(({ message }) => message)).toEqual([]);
  });

  it("asks no other host for anything", () => {
    const style = cityStyle({ basemap, theme: "light", locale: "en" });
    expect(style.glyphs).toBeUndefined();
    expect(style.sprite).toBeUndefined();
    expect(JSON.stringify(style)).not.toMatch(/https?:/);
  });

  it("draws ground before streets before names", () => {
    const ids = cityStyle({ basemap, theme: "light", locale: "zh-CN" }).layers.map(({ id }) => id);
    expect(ids.indexOf("base-water-fill")).toBeLessThan(ids.indexOf("base-road-major"));
    expect(ids.indexOf("base-road-major")).toBeLessThan(ids.indexOf("base-place-name"));
  });

  it("a city without a base map still has ground and places for overlays", () => {
    const ids = cityStyle({ basemap: [], theme: "light", locale: "en" }).layers.map(({ id }) => id);
    expect(ids).toEqual(["land", "overlays-begin", "labels-begin"]);
  });
});
