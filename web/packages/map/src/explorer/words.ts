/** Lengths, areas and levels in the words of the page. */
import { useI18n } from "vue-i18n";
import { cellHeightDeg, cellWidthDeg, type GridLevel } from "../beidou";
import { cellHeightM, cellWidthM, pxPerDegree } from "../grid";

/** Sizes of cells in degrees, minutes and seconds, as the standard names them; index 0 is unused. */
export const ANGLES = ["", "6° × 4°", "30′ × 30′", "15′ × 10′", "1′ × 1′", "4″ × 4″", "2″ × 2″", "1/4″", "1/32″", "1/256″", "1/2048″"] as const;

/** How wide a chosen cell should stand on the map. */
const SHOWN_PX = 110;

/** Where the map must stop: further in, numbers of the graphics card are too coarse. */
export const ZOOM_MOST = 24;

/** In three dimensions a column of five layers must fit above its foot. */
const SHOWN_TALL_PX = 44;

/** The zoom at which a cell of a level is wide enough to see and what stands around or on it still fits. */
export function zoomOf(level: GridLevel, tall = false): number {
  const zoom = Math.log2((tall ? SHOWN_TALL_PX : SHOWN_PX) / (pxPerDegree(0) * cellWidthDeg(level)));
  return Math.min(Math.max(zoom, 3), ZOOM_MOST);
}

/** Decimals a coordinate needs to tell cells of a level apart. */
export function decimalsOf(level: GridLevel): number {
  return Math.min(9, Math.max(2, Math.ceil(-Math.log10(cellHeightDeg(level))) + 2));
}

/** Formatters bound to the language of the page. */
export function useGridWords() {
  const { t, locale } = useI18n({ useScope: "global" });
  const digits = (value: number, most: number) => new Intl.NumberFormat(locale.value, { maximumSignificantDigits: most }).format(value);
  const length = (metres: number): string => {
    const size = Math.abs(metres);
    if (size >= 1_000) return t("map.kilometres", { n: digits(metres / 1_000, 4) });
    return size < 0.995 && size > 0 ? t("grid.centimetres", { n: digits(metres * 100, 3) }) : t("map.metres", { n: digits(metres, 3) });
  };
  return {
    length,
    /** An area in the unit that needs no row of zeros. */
    area(m2: number): string {
      if (m2 >= 1e6) return t("grid.square_kilometres", { n: digits(m2 / 1e6, 4) });
      return m2 < 0.1 ? t("grid.square_centimetres", { n: digits(m2 * 1e4, 4) }) : t("grid.square_metres", { n: digits(m2, 4) });
    },
    /** A height to the centimetre, or to the millimetre where layers are that thin. */
    height(metres: number, level: GridLevel): string {
      const places = level >= 9 ? 3 : level >= 7 ? 2 : 1;
      return t("map.metres", { n: new Intl.NumberFormat(locale.value, { minimumFractionDigits: places, maximumFractionDigits: places }).format(metres) });
    },
    /** A coordinate with as many decimals as the level needs. */
    degrees: (value: number, level: GridLevel): string => `${value.toFixed(decimalsOf(level))}°`,
    /** How large a level's cells are at a latitude. */
    size: (level: GridLevel, lat: number): string => t("grid.by", { width: length(cellWidthM(level, lat)), height: length(cellHeightM(level)) }),
    count: (value: number): string => new Intl.NumberFormat(locale.value).format(value),
  };
}
