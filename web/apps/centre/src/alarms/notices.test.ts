import { expect, it } from "vitest";
import type { AlarmGroup } from "../types";
import { aboutOf, placesOf } from "./use-notices";

const words = (id: string) => ({ en: id, "zh-CN": id });
const label = (what: AlarmGroup["labels"][number]["what"], id: string) => ({ what, id, title: words(id) });

function group(labels: AlarmGroup["labels"]): AlarmGroup {
  const last = { id: "1", says: "first", role: words("chief"), open: 1, closed: 0, severity: "minor", at: "2026-11-28T00:00:00Z" } as const;
  return { id: "1", route: { id: "lamps", title: words("Lamps") }, labels, severity: "minor", alarms: 1, open: 1, waiting: 1, last, unread: 0, may_acknowledge: false };
}

it.each([
  [[label("rule", "dark"), label("class", "lamp")], "dark"],
  [[label("region", "north"), label("class", "lamp")], "lamp"],
  [[label("rule", "*"), label("region", "*")], "Lamps"],
  [[], "Lamps"],
])("a notice is about its rule, its class, or what its route says: %#", (labels, about) => {
  expect(aboutOf(group(labels))).toEqual(words(about));
});

it("a notice is somewhere from the region down, and nowhere where groups were too many", () => {
  const places = placesOf(group([label("parent", "feeder-1"), label("rule", "dark"), label("region", "north")]));
  expect(places).toEqual([words("north"), words("feeder-1")]);
  expect(placesOf(group([label("region", "*")]))).toEqual([]);
});
