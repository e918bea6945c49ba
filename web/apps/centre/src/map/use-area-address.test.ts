// @vitest-environment jsdom
import type { Area } from "@dipper/map";
import { flushPromises, mount } from "@vue/test-utils";
import { describe, expect, it } from "vitest";
import { defineComponent, h } from "vue";
import { createMemoryHistory, createRouter, type Router } from "vue-router";
import { type AreaTool, useArea } from "./use-area";
import { useAreaAddress } from "./use-area-address";

const A = { lon: 112.89, lat: 32.51 };
const CIRCLE = "lon=112.89&lat=32.51&radius_m=500";

/** The map's page without its map, opened at an address. */
async function open(address: string): Promise<{ tool: AreaTool; router: Router; shown: Area[] }> {
  const tool = useArea();
  const shown: Area[] = [];
  const page = defineComponent(() => {
    useAreaAddress(tool, (area) => shown.push(area));
    return () => h("div");
  });
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/map", component: page }] });
  await router.push(address);
  mount(page, { global: { plugins: [router] } });
  await flushPromises();
  return { tool, router, shown };
}

describe("the area in the map's address", () => {
  it("is shown when the page opens", async () => {
    const { tool, router, shown } = await open(`/map?${CIRCLE}`);
    expect(tool.finished.value).toEqual({ kind: "circle", centre: A, radius_m: 500 });
    expect(shown).toHaveLength(1);
    expect(router.currentRoute.value.fullPath).toBe(`/map?${CIRCLE}`);
  });

  it("follows what is drawn, beside what else the address says, and goes with it", async () => {
    const { tool, router, shown } = await open("/map?from=mail");
    tool.begin("circle");
    tool.point(A);
    await flushPromises();
    expect(router.currentRoute.value.query).toEqual({ from: "mail", lon: "112.89", lat: "32.51", radius_m: "500" });
    tool.radius_m.value = 1_000;
    await flushPromises();
    expect(router.currentRoute.value.query["radius_m"]).toBe("1000");
    tool.clear();
    await flushPromises();
    expect(router.currentRoute.value.query).toEqual({ from: "mail" });
    expect(shown).toEqual([]);
  });

  it("keeps to the last stroke when strokes come faster than addresses change", async () => {
    const { tool, router } = await open("/map");
    tool.begin("circle");
    tool.point(A);
    for (const radius_m of [200, 500, 1_000]) {
      tool.radius_m.value = radius_m;
      await Promise.resolve();
    }
    await flushPromises();
    expect(tool.radius_m.value).toBe(1_000);
    expect(router.currentRoute.value.query["radius_m"]).toBe("1000");
  });

  it("is gone when the page is opened without one", async () => {
    const { tool, router } = await open(`/map?${CIRCLE}`);
    await router.push("/map");
    await flushPromises();
    expect([tool.kind.value, tool.finished.value]).toEqual([null, null]);
  });

  it("is none where the address is malformed", async () => {
    const { tool, shown } = await open("/map?lon=112.89&lat=32.51&radius_m=far");
    expect([tool.kind.value, shown]).toEqual([null, []]);
  });
});
