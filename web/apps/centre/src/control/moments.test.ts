import { expect, it } from "vitest";
import { parseMoment, sideOf, weekday } from "./moments";

it("moments are times of the clock or of the sun", () => {
  const table: [string, unknown][] = [
    ["23:30", { clock: "23:30" }],
    ["00:00", { clock: "00:00" }],
    ["dusk", { sun: "dusk", minutes: 0 }],
    ["dusk-10m", { sun: "dusk", minutes: -10 }],
    ["dawn+10m", { sun: "dawn", minutes: 10 }],
    ["sunset+180m", { sun: "sunset", minutes: 180 }],
    ["sunrise", { sun: "sunrise", minutes: 0 }],
  ];
  for (const [text, moment] of table) expect(parseMoment(text), text).toEqual(moment);
});

it("anything else is none", () => {
  for (const text of ["", "24:00", "7:30", "noon", "dusk-10", "dusk 10m", "dusk--5m"]) expect(parseMoment(text), text).toBeNull();
});

it("stands before, after or at its event", () => {
  expect([-10, 0, 5].map(sideOf)).toEqual(["before", "at", "after"]);
});

it("days of the week have their names", () => {
  expect([1, 7].map((day) => weekday(day, "zh-CN"))).toEqual(["周一", "周日"]);
  expect([1, 6].map((day) => weekday(day, "en"))).toEqual(["Mon", "Sat"]);
});
