import type { Catalogue, ServiceGuide, ServiceItem } from "@dipper/api";
import { createDictionary, limitWords, setLocale } from "@dipper/ui";
import { beforeAll, describe, expect, it } from "vitest";
import zhCN from "../locales/zh-CN.ts";
import { dialled, distance, factsOf, partsOf, promiseSentences, saved, waysOf } from "./words.ts";

const ITEM: ServiceItem = {
  id: "card",
  title: { "zh-CN": "社会保障卡申领" },
  office: { id: "hr", title: { "zh-CN": "人社局" } },
  task_type: "public_service",
  audience: ["person"],
  has_fee: false,
  online: false, apply: false,
};

const PROMISE: Catalogue["promise"] = { compared: 0, kept: 0, immediate: 0, no_visit: 0 };

let t: (id: string, values?: Record<string, unknown>) => string;
beforeAll(() => {
  (globalThis as { document?: unknown }).document ??= { documentElement: {} };
  const dictionary = createDictionary(zhCN, async () => (await import("../locales/en.ts")).default);
  t = (id, values) => dictionary.global.t(id, values ?? {});
});

function words(service: ServiceItem): string[] {
  return factsOf(service).map(({ id, n, limit }) => t(id, { n, limit: limitWords(limit, t) }));
}

describe("what a list says about a service", () => {
  it.each([
    ["decided at once, nobody comes", { handling: "immediate", promised_limit: "1 working_day", visits: 0, online: true }, ["即办", "网上可办", "不用跑", "免费"]],
    ["promised, one visit, a fee", { handling: "promised", promised_limit: "5 working_day", visits: 1, has_fee: true }, ["承诺 5 个工作日", "到场 1 次", "收费"]],
    ["near by", { distance_m: 352 }, ["约 350 米", "免费"]],
    ["as little as the guide says", {}, ["免费"]],
  ] as const)("%s", (_what, more, expected) => {
    expect(words({ ...ITEM, ...more } as ServiceItem)).toEqual(expected);
  });

  it("says limits in either language, one and many", async () => {
    expect(limitWords("5 working_day", t)).toBe("5 个工作日");
    await setLocale("en");
    expect([limitWords("1 working_day", t), limitWords("5 working_day", t), limitWords("soon", t)]).toEqual(["1 working day", "5 working days", ""]);
    expect(words({ ...ITEM, visits: 1, distance_m: 12_340 })).toEqual(["12 km", "1 visit", "Free"]);
    await setLocale("zh-CN");
  });
});

describe("a distance", () => {
  it.each([
    [3, "services.metres", "10"],
    [994, "services.metres", "990"],
    [996, "services.kilometres", "1.0"],
    [2_449, "services.kilometres", "2.4"],
    [12_600, "services.kilometres", "13"],
  ])("%d m", (metres, id, n) => {
    expect(distance(metres)).toEqual({ id, n });
  });
});

describe("a promise and the law", () => {
  it.each([
    ["5 working_day", "20 working_day", "15 working_day"],
    ["20 working_day", "20 working_day", undefined],
    ["5 working_day", "20 calendar_day", undefined],
    [undefined, "20 working_day", undefined],
  ])("%s within %s", (promised, legal, expected) => {
    expect(saved(promised, legal)).toBe(expected);
  });

  it("claims only what was counted", () => {
    const say = (promise: Catalogue["promise"]) => promiseSentences(promise).map(({ id, values }) => t(id, values));
    expect(say(PROMISE)).toEqual([]);
    expect(say({ ...PROMISE, compared: 40, kept: 40, legal_days: 18.5, promised_days: 4.2, immediate: 12, no_visit: 30 })).toEqual([
      "承诺时限都不超过法定时限：40 项可比，40 项达标。",
      "平均法定 18.5 天，承诺 4.2 天。",
      "12 项立等可取。",
      "30 项不用跑。",
    ]);
    expect(say({ ...PROMISE, compared: 40, kept: 39 })).toEqual(["40 项可比，其中 39 项的承诺不超过法定时限。"]);
  });
});

describe("a guide", () => {
  const guide: ServiceGuide = {
    ...ITEM,
    basis: [],
    booking_places: [],
    channels: [{ kind: "window" }, { kind: "online" }, { kind: "window" }],
    code: "1",
    conditions: [],
    fees: [],
    groups: [],
    level: "city",
    life_events: [],
    materials: [],
    questions: [],
    special_procedures: [{ title: { "zh-CN": "公示" } }],
    steps: [],
  };

  it("has the parts that say something", () => {
    expect(partsOf(guide)).toEqual(["steps", "channels", "item"]);
  });

  it("names each way once", () => {
    expect(waysOf(guide)).toEqual(["window", "online"]);
  });

  it("dials what is written with signs between", () => {
    expect([dialled("0379-1234 5678"), dialled("(+86) 12345")]).toEqual(["tel:037912345678", "tel:+8612345"]);
  });
});
