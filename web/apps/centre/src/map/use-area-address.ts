/** The drawn area in the page's address, so that it can be reloaded, sent and gone back to. */
import { type Area, AREA_PARAMETERS, readArea, writeArea } from "@dipper/map";
import { computed, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import type { AreaTool } from "./use-area";

/** One text for one area; empty for none. */
function textOf(area: Area | null): string {
  return area ? new URLSearchParams(writeArea(area)).toString() : "";
}

/**
 * Shows the area the address names, now and whenever another address is opened, and keeps the address at what is
 * drawn. What the address says wrongly is left alone until something is drawn. `onShown` is told of areas that came from the address.
 */
export function useAreaAddress(tool: AreaTool, onShown: (area: Area) => void): void {
  const route = useRoute();
  const router = useRouter();
  const addressed = computed(() => readArea(route.query));

  function show(): void {
    const area = addressed.value;
    if (textOf(area) === textOf(tool.finished.value)) return;
    if (!area) {
      tool.clear();
      return;
    }
    tool.show(area);
    onShown(area);
  }

  function write(area: Area | null): void {
    if (textOf(area) === textOf(addressed.value)) return;
    const others = Object.entries(route.query).filter(([name]) => !AREA_PARAMETERS.some((one) => one === name));
    void router.replace({ query: { ...Object.fromEntries(others), ...(area ? writeArea(area) : {}) }, hash: route.hash });
  }

  show();
  // At once: an address that was already left behind by the next stroke must not come back as if it were a new one.
  watch(addressed, show, { flush: "sync" });
  watch(tool.finished, write);
}
