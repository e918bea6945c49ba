// Reads QR codes from pictures and the camera: with the browser's own detector where it has one, else with a small
// decoder that is fetched when it is first needed.
import { Unreadable } from "./check.ts";

interface Detector {
  detect(source: ImageBitmapSource): Promise<{ rawValue: string }[]>;
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

async function ownDetector(): Promise<Detector | undefined> {
  const found = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  try {
    return found && (await found.getSupportedFormats()).includes("qr_code") ? new found({ formats: ["qr_code"] }) : undefined;
  } catch {
    return undefined;
  }
}

/** Longest side a picture is looked at with: enough for the densest code we print, small enough for an old phone. */
const LOOK_PX = 2_400;

/** How a picture is divided, by columns and rows: our sheets stand two or three codes beside each other. */
const TILES: readonly [number, number][] = [[1, 1], [2, 2], [3, 3], [2, 1], [1, 2], [3, 1], [1, 3], [2, 4], [3, 5], [4, 6]];

/** Codes are looked for a little beyond each tile, so that one on a border is whole in one of them. */
const OVERLAP = 0.35;

interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

function regions(width: number, height: number): Region[] {
  return TILES.flatMap(([columns, rows]) =>
    Array.from({ length: columns * rows }, (_, n) => {
      const [w, h] = [width / columns, height / rows];
      const [left, top] = [Math.max(0, ((n % columns) - OVERLAP) * w), Math.max(0, (Math.floor(n / columns) - OVERLAP) * h)];
      return { x: Math.round(left), y: Math.round(top), width: Math.floor(Math.min(width - left, w * (1 + 2 * OVERLAP))), height: Math.floor(Math.min(height - top, h * (1 + 2 * OVERLAP))) };
    }),
  );
}

/** All different codes of a picture; `enough` ends the search early. */
export async function readPicture(picture: Blob, enough: (texts: readonly string[]) => boolean): Promise<string[]> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(picture);
  } catch {
    throw new Unreadable("no_code");
  }
  try {
    const own = await (await ownDetector())?.detect(bitmap).catch(() => []);
    const texts = new Set(own?.map(({ rawValue }) => rawValue));
    if (!enough([...texts])) for (const text of await readTiles(bitmap, texts, enough)) texts.add(text);
    if (texts.size === 0) throw new Unreadable("no_code");
    return [...texts];
  } finally {
    bitmap.close();
  }
}

async function readTiles(bitmap: ImageBitmap, before: ReadonlySet<string>, enough: (texts: readonly string[]) => boolean): Promise<Set<string>> {
  const { default: decode } = await import("qr/decode.js");
  const scale = Math.min(1, LOOK_PX / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Unreadable("failed");
  context.drawImage(bitmap, 0, 0, width, height);
  const texts = new Set(before);
  for (const { x, y, width: w, height: h } of regions(width, height)) {
    try {
      texts.add(decode(context.getImageData(x, y, w, h)));
    } catch {
      // No code in this part of the picture.
    }
    if (enough([...texts])) break;
    // The page stays alive between two looks.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return texts;
}

/** Reads what a video shows now; none when it shows no code. */
export async function videoReader(): Promise<(video: HTMLVideoElement) => Promise<string[]>> {
  const own = await ownDetector();
  if (own) return async (video) => (await own.detect(video).catch(() => [])).map(({ rawValue }) => rawValue);
  const { default: decode } = await import("qr/decode.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const { videoWidth, videoHeight } = video;
    if (!context || videoWidth === 0) return [];
    // The square in the middle is what the frame on the page shows.
    const side = Math.min(videoWidth, videoHeight);
    canvas.width = canvas.height = side;
    context.drawImage(video, (videoWidth - side) / 2, (videoHeight - side) / 2, side, side, 0, 0, side, side);
    try {
      return [decode(context.getImageData(0, 0, side, side))];
    } catch {
      return [];
    }
  };
}
