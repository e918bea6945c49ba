/** The map shared by the three faces. MapLibre itself is fetched when a `<CityMap>` is mounted, not before. */
export {
  type Area,
  AREA_PARAMETERS,
  areaBounds,
  areaM2,
  areaQuery,
  CORNERS_LEAST,
  CORNERS_MOST,
  crossesItself,
  isWhole,
  RADIUS_MOST_M,
  readArea,
  writeArea,
} from "./area";
export { type Bounds, boundsOf, type Cell, cellOf, type GridLevel } from "./beidou";
export { default as CityMap, type MapView } from "./CityMap.vue";
export { useMapContext } from "./context";
export { loadEngine } from "./engine";
export { default as GridExplorer } from "./explorer/GridExplorer.vue";
export { readSpot, type SpotAddress } from "./explorer/spot";
export { cellWidthM, levelForZoom } from "./grid";
export { default as AreaLayer } from "./layers/AreaLayer.vue";
export { default as CaseLayer } from "./layers/CaseLayer.vue";
export { type CasePoint, type CasePoints, useCaseLayer } from "./layers/cases";
export { type ChangedArea, type Shot, type ShotState, useFlightLayer } from "./layers/flight";
export { default as FlightLayer } from "./layers/FlightLayer.vue";
export { useGridLayer } from "./layers/grid";
export { default as GridLayer } from "./layers/GridLayer.vue";
export { type LonLat, usePin } from "./layers/pin";
export { default as PinLayer } from "./layers/PinLayer.vue";
export { usePulse } from "./layers/pulse";
export { default as PulseLayer } from "./layers/PulseLayer.vue";
export { default as RegionLayer } from "./layers/RegionLayer.vue";
export { labelPoint, type RegionProperties, type Regions, useRegionLayer } from "./layers/regions";
export { mapZhCN } from "./locales/zh-CN";
export { dueColour, type DueState, type MapTheme } from "./palette";
export type { BasemapLayer } from "./style";
