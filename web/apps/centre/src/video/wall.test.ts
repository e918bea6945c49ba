import { expect, test } from "vitest";
import type { Camera } from "../types";
import { isMoving, liveUrl } from "./player";
import { choose, chosenOf, findCameras, sizeOf } from "./wall";
import { unsaid } from "./viewing";

const camera = (id: string, more: Partial<Camera> = {}): Camera => ({
  id,
  title: `摄像机 ${id}`,
  class_title: { en: "Camera" },
  region: "zhonglou",
  place: [{ "zh-CN": "鼓楼街道" }],
  lon: 112.9,
  lat: 32.5,
  state: "off",
  may_view: true,
  ...more,
});
const all = ["a", "b", "c", "d", "e"].map((id) => camera(id));
const ids = (cameras: readonly Camera[]) => cameras.map(({ id }) => id).join("");

test("the address says what stands on the wall, and what it gets wrong is left out", () => {
  expect([sizeOf("1"), sizeOf("9"), sizeOf("16"), sizeOf(undefined), sizeOf(["1"])]).toEqual([1, 9, 4, 4, 4]);
  expect(ids(chosenOf(all, undefined, 4))).toBe("abcd");
  expect(ids(chosenOf(all, "c,a,c,gone", 4))).toBe("ca");
  expect(ids(chosenOf(all, "e,d,c,b,a", 4))).toBe("edcb");
  expect(ids(chosenOf(all, "", 4))).toBe("");
});

test("a camera is taken in and out; where there is no room the last makes way", () => {
  expect(choose(["a", "b"], "c", 4)).toEqual(["a", "b", "c"]);
  expect(choose(["a", "b"], "a", 4)).toEqual(["b"]);
  expect(choose(["a", "b", "c", "d"], "e", 4)).toEqual(["a", "b", "c", "e"]);
  expect(choose(["a"], "b", 1)).toEqual(["b"]);
});

test("cameras are found by all the words of name, number and place", () => {
  const found = (words: string) => ids(findCameras(all, words, () => "鼓楼街道"));
  expect([found(""), found("摄像机 B"), found("鼓楼 c"), found("鼓楼 x")]).toEqual(["abcde", "b", "c", ""]);
});

test("it is asked why for those alone of which it was not said", () => {
  expect(ids(unsaid([camera("a"), camera("b", { viewing_until: "2026-11-28T18:00:00Z" })]))).toBe("a");
});

test("a picture that has stood still for five seconds does not play", () => {
  expect([isMoving(10_000, undefined), isMoving(10_000, 5_001), isMoving(10_000, 5_000)]).toEqual([false, true, false]);
  expect(liveUrl("a/b")).toBe("/api/v1/cameras/a%2Fb/live/index.m3u8");
});
