/** The state of the grid page: the place, its cell computed here at once, and what the server knows of it a moment later. */
import { type Answer, api, ask, type Problem, queries, toProblem } from "@dipper/api";
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import { boundsOf, cellOf, type GridLevel } from "../beidou";
import type { LonLat } from "../layers/pin";
import type { Column } from "../layers/spot";
import { splitCode, tidyCode } from "./code";
import type { Spot } from "./spot";
import { drawnFrom, siblings } from "./stack";

/** A cell or a voxel as the server describes it. */
export type GridPlace = Answer<"find_grid_cell">;

/** How long a place must stand still before the server is asked about it. */
const SETTLE_MS = 180;

/** The grid of the standard does not change: an answer stays true. */
const FRESH = { stale_ms: 3_600_000, retries: 1 };

/** What the server says of a place; asked only once it has stood still. */
function useDetail(spot: () => Spot) {
  const settled = shallowRef(spot());
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(spot, (next) => {
    clearTimeout(timer);
    timer = setTimeout(() => (settled.value = next), SETTLE_MS);
  });
  onScopeDispose(() => clearTimeout(timer));
  /** All points of a cell have one answer; where cells are not numbered here, each point has its own. */
  const key = computed(() => {
    const { level, lon, lat, height_m } = settled.value;
    return `grid/${level}/${cellOf(lon, lat, level)?.code ?? `${lon},${lat}`}/${height_m ?? ""}`;
  });
  return queries.use(
    key,
    () => {
      const { level, lon, lat, height_m } = settled.value;
      return ask(api.GET("/api/v1/grid/cell", { params: { query: { level, lon, lat, ...(height_m === null ? {} : { height_m }) } } }));
    },
    FRESH,
  );
}

/** Decodes what somebody typed; the last press wins. */
function useDecoding(found: (place: GridPlace) => void) {
  const typed = ref("");
  const refusal = shallowRef<{ code: string; problem: Problem } | null>(null);
  const busy = ref(false);
  let asked = 0;
  async function decode(code = typed.value): Promise<boolean> {
    const tidy = tidyCode(code);
    if (!tidy) return false;
    const mine = (asked += 1);
    busy.value = true;
    try {
      const place = await ask(api.GET("/api/v1/grid/codes/{code}", { params: { path: { code: tidy } } }));
      if (mine !== asked) return false;
      refusal.value = null;
      found(place);
      return true;
    } catch (cause) {
      if (mine === asked) refusal.value = { code: tidy, problem: toProblem(cause) };
      return false;
    } finally {
      if (mine === asked) busy.value = false;
    }
  }
  return { typed, refusal, busy, decode };
}

/** Everything the grid page shows, from one spot. `onFound` is told where a decoded code lies. */
export function useGridSpot(start: Spot, onFound: (place: LonLat, level: GridLevel) => void) {
  const spot = shallowRef<Spot>(start);
  const hover = shallowRef<LonLat | null>(null);
  const shown = computed<Spot>(() => (hover.value ? { ...spot.value, ...hover.value } : spot.value));
  const detail = useDetail(() => shown.value);

  /** The server's answer, while it is about what is shown. */
  const known = computed(() => {
    const place = detail.data.value;
    if (!place || place.level !== shown.value.level || (place.heights !== undefined) !== (shown.value.height_m !== null)) return null;
    const { lon, lat } = shown.value;
    const [west, south, east, north] = boundsOf(place.bounds);
    return west <= lon && lon <= east && south <= lat && lat <= north ? place : null;
  });
  const local = (place: LonLat | null, level: GridLevel) => (place ? cellOf(place.lon, place.lat, level) : null);
  const cell = computed(() => local(shown.value, shown.value.level));
  /** The cell that was chosen, while another one is under the pointer. */
  const cellOfSpot = computed(() => local(spot.value, spot.value.level)?.bounds ?? null);
  const bounds = computed(() => cell.value?.bounds ?? (known.value ? boundsOf(known.value.bounds) : null));
  /** In three dimensions the code has heights, which only the server writes: until it has, the code of the plane stands. */
  const code = computed(() => known.value?.code ?? (shown.value.height_m === null ? cell.value?.code : undefined));
  const parts = computed(() => splitCode(code.value ?? cell.value?.code ?? ""));
  const parent = computed(() => (shown.value.level > 1 ? (local(shown.value, (shown.value.level - 1) as GridLevel)?.bounds ?? null) : null));
  const column = computed<Column | null>(() => {
    const [heights, last] = [known.value?.heights, parts.value.at(-1)];
    if (!heights || !last) return null;
    const layers = siblings(last, heights.low_m, heights.high_m);
    return { layers, from_m: drawnFrom(layers) };
  });

  const decoding = useDecoding((place) => {
    const [lon = 0, lat = 0] = place.centre;
    const level = place.level as GridLevel;
    const height_m = place.heights ? (place.heights.low_m + place.heights.high_m) / 2 : null;
    hover.value = null;
    spot.value = { level, lon, lat, height_m };
    onFound({ lon, lat }, level);
  });

  function choose(place: Partial<Spot>): void {
    hover.value = null;
    spot.value = { ...spot.value, ...place };
  }

  return { spot, hover, shown, detail, known, cell, cellOfSpot, bounds, code, parts, parent, column, decoding, choose };
}
