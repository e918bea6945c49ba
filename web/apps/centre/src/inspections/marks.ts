/** Marks on a baseline as they are drawn: by dragging over the picture, in its own pixels. */
import type { PanelMarks } from "../types";

export type Tool = "dial" | "switch" | "ignored";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Less than this is a slip of the hand, pixels of the picture. */
export const LEAST_PX = 12;

/** The rectangle between two corners, within a picture. */
export function rectOf(one: Point, other: Point, width: number, height: number): { x: number; y: number; width: number; height: number } {
  const within = (value: number, most: number) => Math.round(Math.min(Math.max(value, 0), most));
  const [left, right] = [within(Math.min(one.x, other.x), width), within(Math.max(one.x, other.x), width)];
  const [top, bottom] = [within(Math.min(one.y, other.y), height), within(Math.max(one.y, other.y), height)];
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The marks with one more, drawn from one point to another: a dial from its axis outwards, the others from corner to corner. */
export function withDrawn(marks: PanelMarks, tool: Tool, from: Point, to: Point, picture: { id: string; width: number; height: number }, title: string): PanelMarks {
  if (tool === "dial") {
    const radius = Math.round(Math.hypot(to.x - from.x, to.y - from.y));
    if (radius < LEAST_PX) return marks;
    const dial = { title, x: Math.round(from.x), y: Math.round(from.y), radius, zero_angle: -135, full_angle: 135, min: 0, max: 10 };
    return { ...marks, dials: [...(marks.dials ?? []), dial] };
  }
  const area = rectOf(from, to, picture.width, picture.height);
  if (area.width < LEAST_PX || area.height < LEAST_PX) return marks;
  if (tool === "ignored") return { ...marks, ignored: [...(marks.ignored ?? []), area] };
  const positions = [{ name: "", picture: picture.id }, { name: "", picture: "" }];
  return { ...marks, switches: [...(marks.switches ?? []), { title, area, expected: "", positions }] };
}

/** The end of a line from an axis at an angle, degrees clockwise from up. */
export function spoke(x: number, y: number, length: number, degrees: number): Point {
  const angle = (degrees * Math.PI) / 180;
  return { x: x + length * Math.sin(angle), y: y - length * Math.cos(angle) };
}
