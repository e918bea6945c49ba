// @vitest-environment jsdom
import { mount } from "@vue/test-utils";
import { api, type Field } from "@dipper/api";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createMemoryHistory, createRouter } from "vue-router";
import AddressField from "./components/AddressField.vue";
import DueChip from "./components/DueChip.vue";
import FormFields from "./components/FormFields.vue";
import LimitField from "./components/LimitField.vue";
import StarsField from "./components/StarsField.vue";
import TextField from "./components/TextField.vue";
import { createDictionary } from "./i18n.ts";

const global = { plugins: [] as never[] };

beforeAll(() => {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/", component: {} }] });
  global.plugins = [createDictionary({}, async () => ({})), router] as never[];
});

const base = { title: { "zh-CN": "问题" }, required: true };
const FIELDS = [
  { ...base, id: "note", type: "text", max: 500 },
  { ...base, id: "count", type: "number", min: 1, max: 9 },
  { ...base, id: "reason", type: "choice", options: [{ id: "a", title: { "zh-CN": "甲" } }] },
  { ...base, id: "who", type: "choices", options: [{ id: "b", title: { "zh-CN": "乙" } }] },
  { ...base, id: "when", type: "datetime" },
  { ...base, id: "office", type: "office", kinds: [], offices: [{ id: "o1", title: { "zh-CN": "市政" } }], suggested: "o1" },
  { ...base, id: "after", type: "evidence", min: 1, max: 3 },
  { ...base, id: "limit", type: "limit", max: "5 working_day" },
  { ...base, id: "kind", type: "condition" },
  { ...base, id: "stars", type: "stars" },
  { ...base, id: "person", type: "person", people: [{ id: "p1", title: { "zh-CN": "王芳" } }] },
] as Field[];

describe("a form of the pack", () => {
  it("draws every kind of field, and every control has a name", () => {
    const form = mount(FormFields, { global, props: { fields: FIELDS, answers: {} } });
    const controls = [...form.element.querySelectorAll("input, select, textarea")];
    expect(controls.length).toBeGreaterThan(FIELDS.length);
    for (const control of controls) {
      const named = control.getAttribute("aria-label") ?? (control as HTMLInputElement).labels?.[0]?.textContent ?? "";
      expect(named.trim(), control.outerHTML).not.toBe("");
    }
  });

  it("gives back one answer at a time beside the others", async () => {
    const form = mount(FormFields, { global, props: { fields: FIELDS, answers: { count: 3 } } });
    await form.find("textarea").setValue("更换灯头");
    await form.find("input[type=checkbox]").setValue(true);
    expect(form.emitted("update:answers")).toEqual([[{ count: 3, note: "更换灯头" }], [{ count: 3, who: ["b"] }]]);
  });

  it("says what is wrong beside the field, its own words and the server's", () => {
    const form = mount(FormFields, {
      global,
      props: {
        fields: FIELDS,
        answers: {},
        faults: { note: { id: "form.too_long", values: { max: 500 } } },
        refused: [{ field: "answers.count", message: "at most 9" }],
      },
    });
    const area = form.find("textarea");
    expect(area.attributes("aria-invalid")).toBe("true");
    expect(form.find(`#${area.attributes("aria-describedby")}`).text()).toContain("500");
    expect(form.text()).toContain("at most 9");
  });
});

describe("an address", () => {
  const place = (name: string, precision: string) => ({ title: { "zh-CN": name }, precision, lon: 112.9, lat: 32.5, region_chain: [] });

  async function typed(words: string, items: unknown[]) {
    Element.prototype.scrollIntoView ??= () => undefined;
    vi.spyOn(api, "GET").mockResolvedValue({ data: { items }, response: new Response() } as never);
    const field = mount(AddressField, { global, props: { label: "地址", modelValue: "" }, attachTo: document.body });
    await field.find("input").setValue(words);
    await field.setProps({ modelValue: words });
    await vi.waitFor(() => expect(field.findAll("[role=option]").length).toBe(items.length));
    return field;
  }

  it("offers places, is worked by keys, and keeps a longer text as it was typed", async () => {
    const field = await typed("瑶光北站东侧", [place("瑶光北站", "place"), place("北站路", "road")]);
    const input = field.find("input");
    expect(input.attributes("aria-expanded")).toBe("true");
    await input.trigger("keydown", { key: "ArrowDown" });
    expect(input.attributes("aria-activedescendant")).toBe(field.findAll("[role=option]")[0]?.attributes("id"));
    await input.trigger("keydown", { key: "Enter" });
    expect(field.emitted("pick")).toMatchObject([[{ precision: "place" }]]);
    expect(field.emitted("update:modelValue")?.at(-1)).toEqual(["瑶光北站东侧"]);
    expect(field.find("[role=listbox]").exists()).toBe(false);
    field.unmount();
  });

  it("fills in a name that was only begun", async () => {
    const field = await typed("北站", [place("北站路", "road")]);
    await field.find("[role=option]").trigger("click");
    expect(field.emitted("update:modelValue")?.at(-1)).toEqual(["北站路"]);
    field.unmount();
  });
});

describe("controls", () => {
  it("count characters only when it begins to matter", async () => {
    const field = mount(TextField, { global, props: { label: "x", modelValue: "12345", max: 10 } });
    expect(field.text()).not.toContain("/ 10");
    await field.setProps({ modelValue: "1234567" });
    expect(field.text()).toContain("7 / 10");
  });

  it("give a limit as the API's word, and nothing for no amount", async () => {
    const field = mount(LimitField, { global, props: { label: "x", max: "5 working_day", modelValue: "" } });
    await field.find("input").setValue("3");
    await field.find("input").setValue("");
    expect(field.emitted("update:modelValue")).toEqual([["3 working_day"], [""]]);
  });

  it("rate with radio buttons that say what each star means", async () => {
    const field = mount(StarsField, { global, props: { label: "x", modelValue: undefined } });
    expect(field.findAll("input[type=radio]")).toHaveLength(5);
    await field.findAll("input")[3]?.setValue(true);
    expect(field.emitted("update:modelValue")).toEqual([[4]]);
    expect(field.text()).toContain("满意");
  });

  it("tell a deadline in words beside its shape", () => {
    const late = mount(DueChip, { global, props: { due_at: new Date(Date.now() - 200.5 * 60_000).toISOString(), state: "ok" } });
    expect(late.text()).toBe("已超时 3 小时 20 分");
    expect(late.find("svg").attributes("aria-hidden")).toBe("true");
    expect(mount(DueChip, { global, props: { due_at: "2020-01-01T00:00:00Z", state: "paused" } }).text()).toBe("已暂停计时");
  });
});
