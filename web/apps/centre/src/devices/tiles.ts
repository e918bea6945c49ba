/** Tiles of devices: what is held of them, how they stand, and which come first. */
import type { AlarmSeverity, DeviceTile, DeviceTiles, DeviceTrend } from "../types";
import { SEVERITIES } from "../alarms/order";

/** How a tile stands, as a wall needs it: speaking in time, late, in alarm, shut out. */
export const TILE_STATES = ["alarm", "quarantined", "late", "fresh"] as const;
export type TileState = (typeof TILE_STATES)[number];

/** Open alarms of a device. */
export interface TileAlarms {
  readonly severity: AlarmSeverity;
  readonly count: number;
}

/** How the first value of a device has gone. */
export type Trend = DeviceTrend & { readonly step_seconds: number };

/** A tile with all that its order and its look rest on. */
export interface Shown {
  readonly tile: DeviceTile;
  readonly state: TileState;
  readonly alarms: TileAlarms | undefined;
}

/** What has been answered so far, put together. */
export interface Held {
  readonly at: string;
  readonly total: number;
  readonly tiles: ReadonlyMap<string, DeviceTile>;
  readonly alarms: ReadonlyMap<string, TileAlarms>;
}

/** An answer put together with what was held: a whole one takes its place, a later one changes it. */
export function merge(held: Held | undefined, answer: DeviceTiles): Held {
  const tiles = new Map(answer.is_whole ? [] : held?.tiles);
  for (const tile of answer.tiles) tiles.set(tile.id, tile);
  for (const id of answer.gone ?? []) tiles.delete(id);
  const alarms = new Map(answer.alarms.map(({ device, severity, count }) => [device, { severity, count }]));
  return { at: answer.at, total: answer.total, tiles, alarms };
}

/** How a tile stands. Who is shut out is shut out, whatever else. */
export function stateOf(tile: Pick<DeviceTile, "standing">, alarms: TileAlarms | undefined): TileState {
  if (tile.standing === "quarantined") return "quarantined";
  if (alarms) return "alarm";
  return tile.standing === "silent" ? "late" : "fresh";
}

/** The worst first: grave alarms, those shut out, lesser alarms, late ones. */
function rank({ state, alarms }: Shown): number {
  const severity = alarms ? SEVERITIES.indexOf(alarms.severity) : 0;
  if (state === "alarm") return severity < 2 ? severity : 3 + severity;
  return state === "quarantined" ? 3 : state === "late" ? 8 : 9;
}

/** Every tile with its state, the worst first; equals by name, so that a wall does not dance. */
export function worstFirst(held: Held): Shown[] {
  const all = [...held.tiles.values()].map((tile) => {
    const alarms = held.alarms.get(tile.id);
    return { tile, alarms, state: stateOf(tile, alarms) };
  });
  return all.sort((one, other) => rank(one) - rank(other) || (other.alarms?.count ?? 0) - (one.alarms?.count ?? 0) || (one.tile.id < other.tile.id ? -1 : 1));
}

/** How many stand how. */
export function countStates(all: readonly Shown[]): Record<TileState, number> {
  const counts = { alarm: 0, quarantined: 0, late: 0, fresh: 0 };
  for (const { state } of all) counts[state] += 1;
  return counts;
}

/** The part of a grid that is in sight, with some rows to either side. */
export interface Window {
  readonly first: number;
  readonly end: number;
}

/** Rows kept ready above and below what is in sight. */
const ROWS_AROUND = 2;

/** Which of `count` tiles are in sight of a box of a height that is scrolled so far. */
export function inSight(count: number, columns: number, row_px: number, scrolled_px: number, height_px: number): Window {
  const first = Math.max(0, Math.floor(scrolled_px / row_px) - ROWS_AROUND) * columns;
  const end = (Math.ceil((scrolled_px + height_px) / row_px) + ROWS_AROUND) * columns;
  return { first: Math.min(first, count), end: Math.min(end, count) };
}

/** Where a key leads from a tile; nothing for keys that lead nowhere. */
export function step(key: string, at: number, count: number, columns: number, rows: number): number | undefined {
  const to: Record<string, number> = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    ArrowDown: at + columns,
    ArrowUp: at - columns,
    PageDown: at + columns * rows,
    PageUp: at - columns * rows,
    Home: 0,
    End: count - 1,
  };
  const next = to[key];
  if (next === undefined || count === 0) return undefined;
  return Math.max(0, Math.min(count - 1, next));
}

/** Steps without a reading that a line crosses: a device may miss two of its intervals before it counts as silent. */
export function bridged(interval_s: number, step_s: number): number {
  return Math.ceil((3 * interval_s) / step_s);
}

/** A line through steps as the path of a drawing of 100 by 28, broken where more than `bridge` steps hold nothing; empty without two points. */
export function sparkPath(means: readonly (number | null)[], is_truth: boolean, bridge: number): string {
  const known = means.filter((one): one is number => one !== null);
  if (known.length < 2) return "";
  const [low, high] = is_truth ? [0, 1] : [Math.min(...known), Math.max(...known)];
  const y = (value: number) => (high === low ? 14 : 26 - ((value - low) / (high - low)) * 24);
  const x = (at: number) => (at / Math.max(1, means.length - 1)) * 100;
  const points = means.flatMap((value, at) => (value === null ? [] : [{ value, at }]));
  const joined = (one: number) => points[one] !== undefined && points[one - 1] !== undefined && (points[one]?.at ?? 0) - (points[one - 1]?.at ?? 0) <= bridge + 1;
  return points.map(({ value, at }, n) => `${joined(n) ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}${joined(n) || joined(n + 1) ? "" : "h0.1"}`).join("");
}
