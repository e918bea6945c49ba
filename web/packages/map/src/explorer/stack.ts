/** The layers around a voxel, as they are drawn: the standing column it is one piece of. */
import type { CodePart } from "./code";

/** How many layers a voxel of the level above is cut into, by level; level 1 has no level above. */
const RADIX = [1, 64, 8, 2, 15, 15, 2, 8, 8, 8, 8] as const;

const HEX = "0123456789ABCDE";

/** Most layers shown below and above; a whole column of fifteen would leave the view. */
const AROUND_MAX = 2;

/** One layer, metres above the ellipsoid. */
export interface Layer {
  readonly low_m: number;
  readonly high_m: number;
  /** How many layers above the voxel's own; negative below it. */
  readonly step: number;
}

/** How many layers are shown below and above the one with this index of `count`. */
function windowOf(index: number, count: number): [below: number, above: number] {
  return [Math.min(index, AROUND_MAX), Math.min(count - 1 - index, AROUND_MAX)];
}

/** The layers of one parent around a voxel, lowest first, its own among them. Its thickness stands for its neighbours'. */
export function siblings(part: CodePart, low_m: number, high_m: number): Layer[] {
  const thickness = high_m - low_m;
  const count = RADIX[part.level];
  const digit = part.level === 1 ? Number(part.height) : HEX.indexOf(part.height);
  // Below ground layers are counted downwards, so the first of a parent is the highest.
  const fromBelow = low_m < 0 ? count - 1 - digit : digit;
  if (!(0 <= fromBelow && fromBelow < count)) return [{ low_m, high_m, step: 0 }];
  const [below, above] = windowOf(fromBelow, count);
  return Array.from({ length: below + above + 1 }, (_, at) => {
    const step = at - below;
    return { low_m: low_m + step * thickness, high_m: high_m + step * thickness, step };
  });
}

/**
 * The height drawn at ground level. Zero where the column stands near the ground; else the foot of the column, as a
 * voxel under the ground cannot be drawn at all and one far above it would be out of sight.
 */
export function drawnFrom(layers: readonly Layer[]): number {
  const [lowest] = layers;
  if (!lowest) return 0;
  const thickness = lowest.high_m - lowest.low_m;
  return 0 <= lowest.low_m && lowest.low_m <= 2 * AROUND_MAX * thickness ? 0 : lowest.low_m;
}
