/**
 * Colours of the map, light and dark. MapLibre paints on a canvas and cannot read CSS variables, so the base map's
 * colours live here; the colours that carry meaning (deadlines, accent) are read from the design tokens at run time.
 */

/** Light for work, dark for the wall. */
export type MapTheme = "light" | "dark";

/** What a case's deadline says. */
export type DueState = "none" | "ok" | "soon" | "late" | "paused" | "exempt";

/** Every due state, most pressing last, so that pressing ones are drawn on top. */
export const DUE_STATES: readonly DueState[] = ["none", "exempt", "paused", "ok", "soon", "late"];

/** Colours of the base map. */
export interface Palette {
  readonly land: string;
  readonly water: string;
  readonly waterEdge: string;
  readonly waterText: string;
  readonly green: string;
  readonly greenText: string;
  readonly building: string;
  readonly buildingEdge: string;
  readonly road: string;
  readonly roadMajor: string;
  readonly roadCasing: string;
  readonly roadText: string;
  readonly placeText: string;
  readonly regionText: string;
  readonly halo: string;
  readonly region: string;
  readonly grid: string;
  readonly gridText: string;
}

const LIGHT: Palette = {
  land: "#f4f3ee",
  water: "#bfd6e2",
  waterEdge: "#a4c2d2",
  waterText: "#3f6b84",
  green: "#d9e5cf",
  greenText: "#4d6b45",
  building: "#e6e3da",
  buildingEdge: "#d6d2c6",
  road: "#ffffff",
  roadMajor: "#fbe9c1",
  roadCasing: "#d3cec0",
  roadText: "#5c5a52",
  placeText: "#4b4a45",
  regionText: "#2e3a46",
  halo: "rgba(255,255,255,0.9)",
  region: "#5b6b7a",
  grid: "#2f5f8f",
  gridText: "#2b5580",
};

const DARK: Palette = {
  land: "#0f161d",
  water: "#14283a",
  waterEdge: "#1c3850",
  waterText: "#6f9dbd",
  green: "#13211c",
  greenText: "#6d8f78",
  building: "#17212b",
  buildingEdge: "#202d3a",
  road: "#273543",
  roadMajor: "#3a4a58",
  roadCasing: "#0b1117",
  roadText: "#8fa2b3",
  placeText: "#a9b8c6",
  regionText: "#d3dee8",
  halo: "rgba(10,16,22,0.85)",
  region: "#6d8296",
  grid: "#4d86b8",
  gridText: "#86b4dc",
};

/** The base map's colours in a theme. */
export function paletteOf(theme: MapTheme): Palette {
  return theme === "dark" ? DARK : LIGHT;
}

/** Fallbacks for the tokens `--ok-mark` and so on: used in tests and where a page loads no tokens. */
const DUE_FALLBACK: Record<MapTheme, Record<DueState, string>> = {
  light: { none: "#52606c", ok: "#0a6e7d", soon: "#e0920c", late: "#c2263a", paused: "#87929c", exempt: "#87929c" },
  dark: { none: "#8b9bab", ok: "#3fb0bf", soon: "#ffb92e", late: "#ff6b75", paused: "#9aa7b3", exempt: "#9aa7b3" },
};

/** The token a due state's mark is painted in. */
const DUE_TOKEN: Record<DueState, string> = {
  none: "--paused",
  ok: "--ok-mark",
  soon: "--soon-mark",
  late: "--late-mark",
  paused: "--paused-mark",
  exempt: "--paused-mark",
};

function token(name: string): string {
  if (typeof document === "undefined") return "";
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The colour of a due state: the token on light maps, a brighter one on dark maps. */
export function dueColour(state: DueState, theme: MapTheme): string {
  const fallback = DUE_FALLBACK[theme][state];
  return theme === "dark" ? fallback : token(DUE_TOKEN[state]) || fallback;
}

/** The colour of what is selected or picked. */
export function accentColour(theme: MapTheme): string {
  return theme === "dark" ? "#7cc4ff" : token("--accent") || "#0e5584";
}
