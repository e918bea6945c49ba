import { keptInMemory, OWN_PHOTOS, type Category, type Field } from "@dipper/api";
import { nextTick } from "vue";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { secretInHash, trackLink } from "../tracked.ts";
import { itemOf } from "./deliver.ts";
import { clearDraft, draft, forStorage, fromStorage, isBegun, openDraft } from "./draft.ts";
import { commonest, findCategories } from "./search.ts";

beforeAll(() => {
  URL.createObjectURL = () => "blob:shown";
  URL.revokeObjectURL = () => undefined;
});

const photo = (key: string) => ({ key, blob: new Blob([key]), url: `blob:${key}` });

describe("the draft of a report", () => {
  it("survives a reload with its photos, and is gone after it is thrown away", async () => {
    vi.useFakeTimers();
    const kept = keptInMemory();
    await openDraft(kept);
    expect(isBegun(draft)).toBe(false);
    Object.assign(draft, { category: "s0101", description: "路灯不亮", photos: [photo("a")] });
    await nextTick();
    await vi.advanceTimersByTimeAsync(1_000);
    const stored = await kept.get<typeof draft>("draft");
    expect(stored).toMatchObject({ category: "s0101", description: "路灯不亮", photos: [{ key: "a", url: "" }] });
    await clearDraft();
    expect([isBegun(draft), await kept.get("draft")]).toEqual([false, undefined]);
    vi.useRealTimers();
  });

  it("from an older version of the page still opens", () => {
    const old = { ...forStorage(draft), photos: [photo("a")] } as Record<string, unknown>;
    delete old["contact"];
    const opened = fromStorage(old as unknown as typeof draft, () => "blob:new");
    expect([opened.contact, opened.photos[0]?.url]).toEqual([false, "blob:new"]);
  });
});

describe("what is sent", () => {
  const fields = [
    { id: "lamp", title: {}, required: false, type: "text", max: 20 },
    { id: "close_up", title: {}, required: false, type: "evidence", min: 0, max: 2 },
  ] as Field[];
  const whole = {
    ...forStorage(draft),
    category: "s0101",
    lon: 112.9,
    lat: 32.5,
    address: "  文昌路 18 号 ",
    description: " 不亮 ",
    photos: [photo("a")],
    answers: { lamp: "WC-018", close_up: [photo("b")] },
    name: "陈",
    phone: "13900000000",
    contact: true,
  };

  it("is the report without stray spaces, its own photos and those of its form told apart", () => {
    const { body, photos } = itemOf(whole, fields, { "zh-CN": "路灯" });
    expect(body.report).toEqual({
      category: "s0101",
      description: "不亮",
      lon: 112.9,
      lat: 32.5,
      address: "文昌路 18 号",
      answers: { lamp: "WC-018" },
      contact: { name: "陈", phone: "13900000000" },
    });
    expect(photos.map(({ key, field }) => [key, field])).toEqual([["a", OWN_PHOTOS], ["b", "close_up"]]);
  });

  it("holds no contact when the person chose to leave none, whatever was typed before", () => {
    expect(itemOf({ ...whole, contact: false }, fields, {}).body.report).not.toHaveProperty("contact");
  });

  it("holds no place rather than half a place", () => {
    const { report } = itemOf({ ...whole, lon: undefined }, fields, {}).body;
    expect([report.lon, report.lat]).toEqual([undefined, undefined]);
  });
});

describe("finding a category", () => {
  const category = (id: string, name: string, group: string, keywords: string[] = []) =>
    ({ id, code: id, title: { "zh-CN": name }, group: { "zh-CN": group }, description: { "zh-CN": `${name}的问题` }, keywords }) as unknown as Category;
  const all = [category("1", "路灯", "公用设施", ["灯杆"]), category("2", "景观灯", "公用设施"), category("3", "行道树", "园林绿化"), category("4", "道路破损", "市容环境", ["坑", "路面"])];
  it.each([
    ["路灯", ["1"]],
    ["灯", ["1", "2"]],
    ["灯杆", ["1"]],
    ["路灯坏了", ["1"]],
    ["园林", ["3"]],
    ["路面塌了", ["4"]],
    ["地铁", []],
    ["  ", ["1", "2", "3", "4"]],
  ])("by %s", (words, ids) => {
    expect(findCategories(all, words).map(({ id }) => id)).toEqual(ids);
  });

  it("offers what is reported most, then one of each other heading", () => {
    const cases = ["4", "4", "3", "9"].map((id) => ({ category: id }));
    expect(commonest(all, cases, 3).map(({ id }) => id)).toEqual(["4", "3", "1"]);
  });
});

describe("the link to an anonymous report", () => {
  it("carries the secret after the #, where no server sees it, and gives it back", () => {
    const link = new URL(trackLink("https://city.example", "YG1", "s3cr3t_k8-Fq"));
    expect([link.pathname, link.search, secretInHash(link.hash)]).toEqual(["/reports/YG1", "", "s3cr3t_k8-Fq"]);
  });

  it.each(["", "#", "#short", "#<script>alert(1)</script>", "#%E0%A4%A"])("%s holds none", (hash) => {
    expect(secretInHash(hash)).toBeUndefined();
  });
});
