// @vitest-environment jsdom
import { mount, type VueWrapper } from "@vue/test-utils";
import { api, queries, type Catalogue, type ServiceGuide, type ServiceList } from "@dipper/api";
import { createDictionary, setLocale } from "@dipper/ui";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMemoryHistory, createRouter, type Router } from "vue-router";
import zhCN from "../locales/zh-CN.ts";
import ServiceGuidePage from "../pages/ServiceGuidePage.vue";
import ServicesPage from "../pages/ServicesPage.vue";
import { place, refusal } from "./place.ts";

const CATALOGUE: Catalogue = {
  groups: [{ id: "social", title: { "zh-CN": "社保", en: "Social insurance" }, icon: "id-card", services: 3 }],
  life_events: [{ id: "birth", title: { "zh-CN": "孩子出生" }, services: 1 }],
  offices: [{ id: "hr", title: { "zh-CN": "人社局" }, services: 3 }],
  promise: { compared: 2, kept: 2, immediate: 1, no_visit: 0 },
  services: 3,
};
const CARD = { id: "card", title: { "zh-CN": "社会保障卡申领" }, office: { id: "hr", title: { "zh-CN": "人社局" } }, task_type: "public_service", audience: ["person"], has_fee: false, online: true, apply: false } as const;
const LIST: ServiceList = { items: [{ ...CARD, audience: ["person"] }], total: 41 };
const GUIDE: ServiceGuide = {
  ...CARD,
  audience: ["person"],
  handling: "promised",
  promised_limit: "5 working_day",
  legal_limit: "20 working_day",
  visits: 0,
  booking_places: [],
  basis: [{ title: { "zh-CN": "社会保险法" }, number: "主席令第 35 号", article: { "zh-CN": "第五十八条" } }],
  channels: [{ kind: "window", title: { "zh-CN": "政务大厅" }, address: { "zh-CN": "文昌路 1 号" }, phone: "0379-123 456", lon: 112.9, lat: 32.5 }],
  code: "11410300MB1234567X4000114001000",
  conditions: [{ "zh-CN": "本市户籍" }],
  fees: [{ title: { "zh-CN": "工本费" }, amount: 1650 }],
  groups: [{ id: "social", title: { "zh-CN": "社保" } }],
  level: "city",
  life_events: [],
  materials: [{ id: "id", title: { "zh-CN": "居民身份证" }, necessity: "required", source: "government", form: "either", copies: 1 }],
  questions: [{ question: { "zh-CN": "丢了怎么办" }, answer: { "zh-CN": "先挂失" } }],
  special_procedures: [{ title: { "zh-CN": "公示" }, limit: "7 calendar_day" }],
  steps: [{ stage: "accept", title: { "zh-CN": "窗口受理" }, limit: "1 working_day" }],
};

let router: Router;
let page: VueWrapper;
const asked: unknown[] = [];

async function open(component: object, address: string, props: Record<string, string> = {}): Promise<void> {
  const empty = { template: "<i />" };
  router = createRouter({ history: createMemoryHistory(), routes: ["/", "/services", "/services/:id", "/grid", "/report/what"].map((path) => ({ path, component: empty })) });
  await router.push(address);
  page = mount(component, { props, attachTo: document.body, global: { plugins: [createDictionary(zhCN, async () => (await import("../locales/en.ts")).default), router] } });
  await settle();
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(300);
}

beforeEach(async () => {
  vi.useFakeTimers();
  asked.length = 0;
  place.value = undefined;
  refusal.value = undefined;
  await queries.forget();
  const answers: Record<string, unknown> = { "/api/v1/catalogue": CATALOGUE, "/api/v1/services": LIST, "/api/v1/services/{id}": GUIDE };
  vi.spyOn(api, "GET").mockImplementation((async (path: string, init?: { params?: { query?: unknown } }) => {
    if (path === "/api/v1/services") asked.push(init?.params?.query);
    return { data: answers[path], response: new Response() };
  }) as unknown as typeof api.GET);
});

afterEach(() => {
  page.unmount();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("the catalogue page", () => {
  it("shows headings, and what is promised, until something is looked for", async () => {
    await open(ServicesPage, "/services");
    expect(page.findAll("h2").map((one) => one.text())).toEqual(["全部分类", "按主题", "按人生事件", "按部门1 个部门"]);
    expect(page.text()).toContain("承诺时限都不超过法定时限：2 项可比，2 项达标。1 项立等可取。");
    expect(page.find("a[href='/services?group=social']").text()).toBe("社保");
    expect(asked).toEqual([]);
  });

  it("searches when typing pauses, in the address too, and announces how many there are", async () => {
    await open(ServicesPage, "/services");
    await page.find("input").setValue("s");
    await page.find("input").setValue("sbk");
    await settle();
    await settle();
    expect(router.currentRoute.value.fullPath).toBe("/services?q=sbk");
    expect(asked).toEqual([{ q: "sbk", offset: 0, limit: 20 }]);
    expect(page.find("[role=status].visually-hidden").text()).toBe("共 41 项，已显示 1 项");
    await page.find("input").setValue("sbkh");
    await settle();
    router.back();
    await settle();
    expect(router.currentRoute.value.fullPath).toBe("/services");
    expect((page.find("input").element as HTMLInputElement).value).toBe("");
  });

  it("shows more, narrows, and takes a heading away", async () => {
    await open(ServicesPage, "/services?group=social");
    await page.findAll("button").find((one) => one.text() === "再看一些")?.trigger("click");
    await settle();
    expect(asked.at(-1)).toEqual({ group: "social", offset: 0, limit: 40 });
    await page.findAll("button").find((one) => one.text() === "法人")?.trigger("click");
    await settle();
    expect(router.currentRoute.value.query).toEqual({ group: "social", audience: "enterprise" });
    const away = page.find<HTMLButtonElement>("[aria-label='去掉“社保”']");
    away.element.focus();
    await away.trigger("click");
    await settle();
    expect(router.currentRoute.value.query).toEqual({ audience: "enterprise" });
    expect(document.activeElement?.textContent).toBe("找到的事项");
  });

  it("asks where the phone is only when pressed, and says what to do when it is refused", async () => {
    const getCurrentPosition = vi.fn((_done: PositionCallback, refuse: PositionErrorCallback) => refuse({ code: 1 } as GeolocationPositionError));
    vi.stubGlobal("navigator", { ...navigator, geolocation: { getCurrentPosition } });
    await open(ServicesPage, "/services?near=1");
    expect(getCurrentPosition).not.toHaveBeenCalled();
    expect(asked).toEqual([{ offset: 0, limit: 20 }]);
    const near = page.findAll("button").find((one) => one.text() === "离我最近");
    expect(near?.attributes("aria-pressed")).toBe("false");
    await near?.trigger("click");
    await settle();
    expect(page.find("[role=alert]").text()).toContain("没有定位权限");
    getCurrentPosition.mockImplementation((done) => done({ coords: { longitude: 112.912345, latitude: 32.512345 } } as GeolocationPosition));
    await near?.trigger("click");
    await settle();
    expect(asked.at(-1)).toEqual({ lon: 112.9123, lat: 32.5123, offset: 0, limit: 20 });
    expect(near?.attributes("aria-pressed")).toBe("true");
    vi.unstubAllGlobals();
  });
});

describe("the guide page", () => {
  it("says how long, how much, where, and what to bring", async () => {
    await open(ServiceGuidePage, "/services/card", { id: "card" });
    for (const words of ["5 个工作日", "20 个工作日", "比法定少 15 个工作日", "不用跑", "政府部门核发", "纸质或电子都行 · 1 份", "16.5 元", "最多 7 个自然日", "第五十八条"]) expect(page.text()).toContain(words);
    expect(page.findAll("h3").map((one) => one.text())).toEqual(["谁可以办", "要准备什么", "怎么办", "收费标准", "在哪里办", "依据", "常见问题", "事项信息", "同类事项"]);
    expect(page.find("a[href^='tel:']").attributes("href")).toBe("tel:0379123456");
    expect(page.find("a[href='/grid?at=112.9,32.5']").attributes("aria-label")).toBe("在地图上看：政务大厅");
  });

  it("unfolds its questions for paper", async () => {
    await open(ServiceGuidePage, "/services/card", { id: "card" });
    const details = page.find("details").element as HTMLDetailsElement;
    window.dispatchEvent(new Event("beforeprint"));
    expect(details.open).toBe(true);
    window.dispatchEvent(new Event("afterprint"));
    expect(details.open).toBe(false);
  });

  it("tells an English reader that the guide is Chinese, and marks it so", async () => {
    await open(ServiceGuidePage, "/services/card", { id: "card" });
    await setLocale("en");
    await settle();
    expect(page.text()).toContain("This guide is in Chinese only.");
    expect(page.find("h2 [lang]").attributes("lang")).toBe("zh-CN");
    expect(page.text()).toContain("15 working days less than the law allows");
    await setLocale("zh-CN");
  });
});
