import { expect, test } from "vitest";
import { useCursors } from "./cursors";

test("pages are turned as far as there are some, and back to the first", () => {
  let next: string | undefined = "b";
  const pages = useCursors(() => next);
  pages.turn(-1);
  expect([pages.at.value, pages.before.value]).toEqual([undefined, 0]);
  pages.turn(1);
  next = undefined;
  pages.turn(1);
  expect([pages.at.value, pages.before.value]).toEqual(["b", 1]);
  pages.turn(-1);
  expect(pages.at.value).toBe(undefined);
  next = "c";
  pages.turn(1);
  pages.reset();
  expect(pages.before.value).toBe(0);
});
