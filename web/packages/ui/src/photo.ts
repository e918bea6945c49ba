// Photos are made smaller on the phone: a street scene needs no 12 megapixels, and mobile data costs money.
import { newKey } from "@dipper/api";
import { readExif, withExif } from "./exif.ts";
import type { Photo } from "./forms.ts";

/** Longest edge kept, pixels: a licence plate across the street stays legible. */
const EDGE_PX = 2048;

/** JPEG quality: about 400 kB for a street scene at 2 048 pixels. */
const QUALITY = 0.82;

/** The server's limit for one photo. */
const MAX_BYTES = 12 * 1024 * 1024;

export type PhotoFault = "not_a_picture" | "too_large";

/** Size that fits `edge`, never larger than the original. */
export function fitted(width: number, height: number, edge = EDGE_PX): [width: number, height: number] {
  const scale = Math.min(1, edge / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/** Makes a photo ready to be kept and sent. */
export async function preparePhoto(file: Blob): Promise<Photo | PhotoFault> {
  const exif = file.type === "image/jpeg" ? readExif(new Uint8Array(await file.arrayBuffer())) : undefined;
  let blob: Blob;
  try {
    blob = await shrink(file, exif?.segment);
  } catch {
    return "not_a_picture";
  }
  if (blob.size > MAX_BYTES) return "too_large";
  const place = exif?.lon !== undefined && exif.lat !== undefined ? { lon: exif.lon, lat: exif.lat } : {};
  return { key: newKey(), blob, url: URL.createObjectURL(blob), ...place };
}

async function shrink(file: Blob, exif: Uint8Array | undefined): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const [width, height] = fitted(picture.width, picture.height);
  const small = width === picture.width && height === picture.height;
  // Already small and of a kind the server takes: redrawing would only blur it.
  if (small && file.size < 1_500_000 && /^image\/(jpeg|png|webp)$/.test(file.type)) {
    picture.close();
    return file;
  }
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, width, height);
  picture.close();
  const drawn = await new Promise<Blob>((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY);
  });
  if (!exif) return drawn;
  return new Blob([withExif(new Uint8Array(await drawn.arrayBuffer()), exif) as BlobPart], { type: "image/jpeg" });
}
