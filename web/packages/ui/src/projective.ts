// Laying one picture over another in the browser: the map of pixels as a CSS transform.

/** A homography, row by row. */
export type Homography = readonly number[];

/** The other way round; nothing for a map that has no way back. */
export function inverse(m: Homography): Homography | undefined {
  const [a, b, c, d, e, f, g, h, i] = m as [number, number, number, number, number, number, number, number, number];
  const all = [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d];
  const det = a * (all[0] ?? 0) + b * (all[3] ?? 0) + c * (all[6] ?? 0);
  if (!Number.isFinite(det) || Math.abs(det) < 1e-12) return undefined;
  const last = (all[8] ?? 0) / det;
  return all.map((value) => value / det / last);
}

/** Where a point comes to lie. */
export function apply(m: Homography, x: number, y: number): [x: number, y: number] {
  const [a, b, c, d, e, f, g, h, i] = m as [number, number, number, number, number, number, number, number, number];
  const w = g * x + h * y + i;
  return [(a * x + b * y + c) / w, (d * x + e * y + f) / w];
}

/**
 * `matrix3d(…)` that lays the second picture, at its own size, over the first one shown at `scale`; `map` leads from the
 * first picture's pixels to the second's. Nothing where that cannot be done.
 */
export function layOver(map: Homography, scale: number): string | undefined {
  const back = inverse(map);
  if (!back) return undefined;
  const [a, b, c, d, e, f, g, h, i] = back as [number, number, number, number, number, number, number, number, number];
  const s = scale;
  // Columns of a 4 × 4 matrix that leaves depth alone.
  const columns = [s * a, s * d, 0, g, s * b, s * e, 0, h, 0, 0, 1, 0, s * c, s * f, 0, i];
  return `matrix3d(${columns.map((value) => Number(value.toPrecision(9))).join(",")})`;
}
