// Draws a QR code as one path, so that it prints sharp at any size.

/** A drawn code. */
export interface Drawn {
  /** Modules on a side, quiet zone included. */
  readonly side: number;
  readonly path: string;
  readonly version: number;
}

/** The quiet zone of the standard. */
const QUIET = 4;

/** Most bytes of one code, byte mode of version 40 (ISO/IEC 18004 table 7): correction L, and M. */
export const MOST_BYTES = { L: 2_953, M: 2_331 } as const;

/** Draws a text; error correction M, for paper that is folded and copied. A screen is neither: L has larger modules. */
export async function drawCode(text: string, ecc: "L" | "M" = "M"): Promise<Drawn> {
  const { encode } = await import("uqr");
  const { data, version } = encode(text, { ecc, border: QUIET });
  let path = "";
  data.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      let end = x;
      while (row[end]) end++;
      path += `M${x} ${y}h${end - x}v1h-${end - x}z`;
      x = end;
    }
  });
  return { side: data.length, path, version };
}
