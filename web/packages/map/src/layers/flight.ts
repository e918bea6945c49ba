/** A flight on the map: where the aircraft flew, where its pictures were taken, and what has changed on the ground. */
import type { Feature, FeatureCollection } from "geojson";
import type { Map as MapLibreMap, MapLayerMouseEvent } from "maplibre-gl";
import { type MaybeRefOrGetter, toValue, watch } from "vue";
import { NOTHING, type PlacedLayer, setFeatures, useLayers, useMapContext } from "../context";
import { accentColour, dueColour, type MapTheme, paletteOf } from "../palette";
import type { LonLat } from "./pin";

/** What comparing a picture came to; `shown` where nothing is compared. */
export type ShotState = "shown" | "waiting" | "same" | "differs" | "unclear";

/** Where a picture was taken. */
export interface Shot extends LonLat {
  readonly number: number;
  readonly state: ShotState;
}

/** A part of the ground that has changed: its corners, and the picture that shows it. */
export interface ChangedArea {
  readonly number: number;
  readonly corners: readonly (readonly number[])[];
}

/** What is drawn and who is told. */
export interface FlightLayerOptions {
  readonly track: MaybeRefOrGetter<readonly (readonly number[])[]>;
  readonly shots: MaybeRefOrGetter<readonly Shot[]>;
  readonly areas: MaybeRefOrGetter<readonly ChangedArea[]>;
  readonly chosen: MaybeRefOrGetter<number | null | undefined>;
  readonly onPick: (number: number) => void;
}

const point = (coordinates: readonly number[]) => [coordinates[0] ?? 0, coordinates[1] ?? 0];

function trackFeatures(track: readonly (readonly number[])[]): FeatureCollection {
  if (track.length < 2) return NOTHING;
  return { type: "FeatureCollection", features: [{ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: track.map(point) } }] };
}

function shotFeatures(shots: readonly Shot[], chosen: number | null | undefined): FeatureCollection {
  const one = ({ lon, lat, number, state }: Shot): Feature => ({ type: "Feature", properties: { number, state, chosen: number === chosen }, geometry: { type: "Point", coordinates: [lon, lat] } });
  return { type: "FeatureCollection", features: shots.map(one) };
}

function areaFeatures(areas: readonly ChangedArea[]): FeatureCollection {
  const one = ({ number, corners }: ChangedArea): Feature => {
    const ring = corners.map(point);
    return { type: "Feature", properties: { number }, geometry: { type: "Polygon", coordinates: [ring[0] ? [...ring, ring[0]] : ring] } };
  };
  return { type: "FeatureCollection", features: areas.map(one) };
}

function layers(theme: MapTheme): PlacedLayer[] {
  const [accent, late, soon, ok, { halo }] = [accentColour(theme), dueColour("late", theme), dueColour("soon", theme), dueColour("ok", theme), paletteOf(theme)];
  // What has changed is larger and filled, what could not be compared is a ring: never colour alone.
  const colour = ["match", ["get", "state"], "differs", late, "unclear", soon, "same", ok, accent];
  return [
    { spec: { id: "flight-track-halo", type: "line", source: "flight-track", paint: { "line-color": halo, "line-width": 5 } } },
    { spec: { id: "flight-track", type: "line", source: "flight-track", paint: { "line-color": accent, "line-width": 2, "line-dasharray": [2, 1.5] } } },
    { spec: { id: "flight-area", type: "fill", source: "flight-areas", paint: { "fill-color": late, "fill-opacity": 0.28 } } },
    { spec: { id: "flight-area-edge", type: "line", source: "flight-areas", paint: { "line-color": late, "line-width": 2 } } },
    {
      spec: {
        id: "flight-shot",
        type: "circle",
        source: "flight-shots",
        paint: {
          "circle-radius": ["case", ["get", "chosen"], 10, ["match", ["get", "state"], "differs", 8, 6]],
          "circle-color": ["match", ["get", "state"], ["unclear", "waiting"], "#ffffff", colour],
          "circle-stroke-color": ["case", ["match", ["get", "state"], ["unclear", "waiting"], true, false], colour, "#ffffff"],
          "circle-stroke-width": ["case", ["get", "chosen"], 4, 2.5],
        },
      },
    },
  ] as unknown as PlacedLayer[];
}

/** Draws a flight and hears which picture is pressed. */
export function useFlightLayer(options: FlightLayerOptions): void {
  const context = useMapContext();
  const { map, theme } = context;

  function fill(target: MapLibreMap): void {
    setFeatures(target, "flight-track", trackFeatures(toValue(options.track)));
    setFeatures(target, "flight-areas", areaFeatures(toValue(options.areas)));
    setFeatures(target, "flight-shots", shotFeatures(toValue(options.shots), toValue(options.chosen)));
  }

  useLayers(
    context,
    (target) => {
      for (const source of ["flight-track", "flight-areas", "flight-shots"]) if (!target.getSource(source)) target.addSource(source, { type: "geojson", data: NOTHING });
      return layers(theme.value);
    },
    (target) => {
      fill(target);
      const pick = ({ features }: MapLayerMouseEvent) => {
        const number: unknown = features?.[0]?.properties["number"];
        if (typeof number === "number") options.onPick(number);
      };
      const over = () => (target.getCanvas().style.cursor = "pointer");
      const out = () => (target.getCanvas().style.cursor = "");
      for (const layer of ["flight-shot", "flight-area"]) {
        target.on("click", layer, pick);
        target.on("mouseenter", layer, over);
        target.on("mouseleave", layer, out);
      }
      return () => {
        for (const layer of ["flight-shot", "flight-area"]) {
          target.off("click", layer, pick);
          target.off("mouseenter", layer, over);
          target.off("mouseleave", layer, out);
        }
      };
    },
  );

  watch([() => toValue(options.track), () => toValue(options.shots), () => toValue(options.areas), () => toValue(options.chosen)], () => map.value && fill(map.value));
}
