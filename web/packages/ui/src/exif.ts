// Camera data of a JPEG (Exif 2.3, in the APP1 segment): kept when a photo is made smaller, because the
// server reads the place and time from it before removing it. Reads bytes from strangers: every offset is checked.

/** The APP1 segment of a JPEG with its marker, and what it says. */
export interface Exif {
  segment: Uint8Array;
  lon?: number;
  lat?: number;
}

const SOI = 0xffd8;
const APP1 = 0xffe1;
const SOS = 0xffda;
const TAG_ORIENTATION = 0x0112;
const TAG_GPS = 0x8825;

/** Finds the Exif segment of a JPEG. */
export function readExif(bytes: Uint8Array): Exif | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== SOI) return undefined;
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (marker === SOS || marker < 0xff00 || length < 2 || at + 2 + length > bytes.length) return undefined;
    if (marker === APP1 && isExif(bytes, at + 4)) {
      const segment = bytes.slice(at, at + 2 + length);
      return { segment, ...readTiff(segment) };
    }
    at += 2 + length;
  }
  return undefined;
}

function isExif(bytes: Uint8Array, at: number): boolean {
  return [0x45, 0x78, 0x69, 0x66, 0, 0].every((byte, i) => bytes[at + i] === byte);
}

/** Reads the place, and sets the orientation to upright: a redrawn photo is already turned. */
function readTiff(segment: Uint8Array): { lon?: number; lat?: number } {
  const view = new DataView(segment.buffer, segment.byteOffset + 10, segment.byteLength - 10);
  try {
    const little = view.getUint16(0) === 0x4949;
    let gps: number | undefined;
    for (const at of entries(view, view.getUint32(4, little), little)) {
      const tag = view.getUint16(at, little);
      if (tag === TAG_ORIENTATION) view.setUint16(at + 8, 1, little);
      if (tag === TAG_GPS) gps = view.getUint32(at + 8, little);
    }
    return gps === undefined ? {} : readGps(view, gps, little);
  } catch {
    // RangeError: an offset points outside the segment. The photo is good without its place.
    return {};
  }
}

/** Offsets of the 12-byte entries of one directory. */
function entries(view: DataView, at: number, little: boolean): number[] {
  const count = view.getUint16(at, little);
  return Array.from({ length: count }, (_, i) => at + 2 + 12 * i);
}

function readGps(view: DataView, directory: number, little: boolean): { lon?: number; lat?: number } {
  const found: Record<number, number> = {};
  for (const at of entries(view, directory, little)) {
    const tag = view.getUint16(at, little);
    // 1 and 3: N/S and E/W as a letter; 2 and 4: degrees, minutes, seconds as fractions.
    if (tag === 1 || tag === 3) found[tag] = view.getUint8(at + 8);
    if (tag === 2 || tag === 4) found[tag] = degrees(view, view.getUint32(at + 8, little), little);
  }
  const lat = (found[2] ?? Number.NaN) * (found[1] === 0x53 ? -1 : 1);
  const lon = (found[4] ?? Number.NaN) * (found[3] === 0x57 ? -1 : 1);
  const sound = Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat !== 0 || lon !== 0);
  return sound ? { lon, lat } : {};
}

function degrees(view: DataView, at: number, little: boolean): number {
  const fraction = (i: number) => view.getUint32(at + 8 * i, little) / view.getUint32(at + 8 * i + 4, little);
  return fraction(0) + fraction(1) / 60 + fraction(2) / 3600;
}

/** Puts an Exif segment into a JPEG that has none, straight after its start. */
export function withExif(jpeg: Uint8Array, segment: Uint8Array): Uint8Array {
  const joined = new Uint8Array(jpeg.length + segment.length);
  joined.set(jpeg.subarray(0, 2));
  joined.set(segment, 2);
  joined.set(jpeg.subarray(2), 2 + segment.length);
  return joined;
}
