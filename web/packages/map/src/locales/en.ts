import { gridEn } from "./grid.en";
import type { mapZhCN } from "./zh-CN";

/** Texts of the map in English. */
export const mapEn: typeof mapZhCN = {
  ...gridEn,
  map: {
    label: "Map",
    hint: "Arrow keys move the map, plus and minus zoom.",
    loading: "Loading the map…",
    failed: "The map cannot be opened just now",
    failed_hint: "Check the connection and try again, or use the list.",
    unsupported: "This device cannot draw the map",
    unsupported_hint: "The browser lacks WebGL 2. Please use the list.",
    retry: "Try again",
    zoom_in: "Zoom in",
    zoom_out: "Zoom out",
    locate: "Go to my position",
    locating: "Finding your position…",
    locate_denied: "No permission for your position: allow it in the browser settings.",
    locate_failed: "Your position could not be found.",
    home: "Whole city",
    as_list: "Show as a list",
    as_map: "Back to the map",
    list_label: "What is on the map",
    pick_centre: "Pick the centre of the map",
    attribution: "Base map: {city} · coordinates CGCS2000",
    grid_level: "BeiDou grid level {level} · about {width}",
    metres: "{n} m",
    kilometres: "{n} km",
  },
};
