/** The area a person draws on the live map: begun, drawn, finished, cleared. */
import { type Area, CORNERS_LEAST, CORNERS_MOST, crossesItself, isWhole, type LonLat } from "@dipper/map";
import { computed, ref, shallowRef } from "vue";

/** How far around a place one asks most often, metres. */
export const RADII_M = [200, 500, 1_000] as const;

/** State of the tool. */
export function useArea() {
  const kind = ref<Area["kind"] | null>(null);
  const drawing = ref(false);
  const corners = shallowRef<readonly LonLat[]>([]);
  const centre = shallowRef<LonLat | null>(null);
  const radius_m = ref<number>(RADII_M[1]);

  /** What is on the map, whole or not. */
  const area = computed<Area | null>(() => {
    if (kind.value === "circle") return centre.value ? { kind: "circle", centre: centre.value, radius_m: radius_m.value } : null;
    return kind.value === "polygon" && corners.value.length > 0 ? { kind: "polygon", corners: corners.value } : null;
  });

  function clear(): void {
    kind.value = null;
    drawing.value = false;
    corners.value = [];
    centre.value = null;
  }

  return {
    kind,
    drawing,
    radius_m,
    area,
    corners,
    /** What the server may be asked about. */
    finished: computed(() => (!drawing.value && area.value && isWhole(area.value) ? area.value : null)),
    tangled: computed(() => crossesItself(corners.value)),
    canFinish: computed(() => drawing.value && corners.value.length >= CORNERS_LEAST),
    clear,
    begin(wanted: Area["kind"]): void {
      clear();
      kind.value = wanted;
      drawing.value = true;
    },
    /** The next corner, or the circle's middle. */
    point(place: LonLat): void {
      if (!drawing.value) return;
      if (kind.value === "polygon") {
        if (corners.value.length < CORNERS_MOST) corners.value = [...corners.value, place];
        return;
      }
      centre.value = place;
      drawing.value = false;
    },
    undo(): void {
      corners.value = corners.value.slice(0, -1);
    },
    finish(): void {
      if (corners.value.length >= CORNERS_LEAST) drawing.value = false;
    },
    /** A whole area that was drawn before: from an address. */
    show(whole: Area): void {
      clear();
      kind.value = whole.kind;
      if (whole.kind === "polygon") {
        corners.value = whole.corners;
        return;
      }
      centre.value = whole.centre;
      radius_m.value = whole.radius_m;
    },
    /** Draws on: corners stay, a circle's middle is asked for anew. */
    again(): void {
      drawing.value = kind.value !== null;
    },
  };
}

/** The tool as its components take it. */
export type AreaTool = ReturnType<typeof useArea>;
