import { describe, expect, it } from "vitest";
import { readExif, withExif } from "./exif.ts";

/** A JPEG with an Exif segment that says: turned by 90°, taken at 32°30'18" N, 112°54'36" W or E. */
function jpeg(little: boolean, east: boolean): Uint8Array {
  const tiff = new DataView(new ArrayBuffer(180));
  const u16 = (at: number, value: number) => tiff.setUint16(at, value, little);
  const u32 = (at: number, value: number) => tiff.setUint32(at, value, little);
  const entry = (at: number, tag: number, type: number, count: number, value: number, short = false) => {
    u16(at, tag);
    u16(at + 2, type);
    u32(at + 4, count);
    if (short) u16(at + 8, value);
    else u32(at + 8, value);
  };
  tiff.setUint16(0, little ? 0x4949 : 0x4d4d);
  u16(2, 42);
  u32(4, 8);
  u16(8, 2);
  entry(10, 0x0112, 3, 1, 6, true);
  entry(22, 0x8825, 4, 1, 40);
  u16(40, 4);
  entry(42, 1, 2, 2, 0);
  tiff.setUint8(50, "N".charCodeAt(0));
  entry(54, 2, 5, 3, 100);
  entry(66, 3, 2, 2, 0);
  tiff.setUint8(74, (east ? "E" : "W").charCodeAt(0));
  entry(78, 4, 5, 3, 124);
  [32, 1, 30, 1, 180, 10, 112, 1, 54, 1, 3600, 100].forEach((value, i) => u32(100 + 4 * i, value));
  const body = new Uint8Array(tiff.buffer);
  const length = body.length + 8;
  return new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xe1, length >> 8, length & 255, 0x45, 0x78, 0x69, 0x66, 0, 0, ...body, 0xff, 0xda, 0, 2]);
}

describe("camera data of a photo", () => {
  it.each([
    ["little-endian", true, true, 112.91],
    ["big-endian", false, true, 112.91],
    ["west", true, false, -112.91],
  ])("tells the place (%s)", (_what, little, east, lon) => {
    const exif = readExif(jpeg(little, east));
    expect(exif?.lat).toBeCloseTo(32.505, 9);
    expect(exif?.lon).toBeCloseTo(lon, 9);
  });

  it("is carried over to the smaller photo, upright", () => {
    const exif = readExif(jpeg(true, true));
    const small = new Uint8Array([0xff, 0xd8, 0xff, 0xda, 0, 2, 9, 9, 0xff, 0xd9]);
    const joined = withExif(small, exif?.segment ?? new Uint8Array());
    const again = readExif(joined);
    expect(again?.lat).toBeCloseTo(32.505, 9);
    const orientation = (again?.segment ?? new Uint8Array())[10 + 10 + 8];
    expect(orientation).toBe(1);
    expect([...joined.slice(-8)]).toEqual([...small.slice(-8)]);
  });

  it.each([
    ["nothing", []],
    ["a PNG", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]],
    ["a JPEG without it", [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xda]],
    ["a segment longer than the file", [0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 0x45, 0x78, 0x69, 0x66, 0, 0]],
    ["a segment of length zero", [0xff, 0xd8, 0xff, 0xe1, 0, 0, 0, 0]],
  ])("is absent from %s", (_what, bytes) => {
    expect(readExif(new Uint8Array(bytes))).toBeUndefined();
  });

  it("never reads outside its bytes, wherever it is cut or changed", () => {
    const whole = jpeg(true, true);
    for (let cut = 0; cut < whole.length; cut += 1) expect(() => readExif(whole.slice(0, cut))).not.toThrow();
    for (let at = 18; at < whole.length - 4; at += 1) {
      const damaged = whole.slice();
      damaged[at] = 0xff;
      expect(() => readExif(damaged)).not.toThrow();
    }
  });
});
