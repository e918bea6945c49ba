// @vitest-environment jsdom
import { createDictionary } from "@dipper/ui";
import { mount } from "@vue/test-utils";
import { describe, expect, it } from "vitest";
import { defineComponent, h } from "vue";
import { zhCN } from "../locales/zh-CN";
import { amount, clockOff, isLow, useReadings, withUnit } from "./values";

describe("a number of a sensor", () => {
  it.each([
    [0.0412, "0.041"],
    [2.5, "2.5"],
    [42.4137, "42.41"],
    [228.06, "228.1"],
    [9_999_999.4, "9,999,999"],
    [-5.005, "-5.01"],
    [0, "0"],
  ])("%d has the digits that tell something", (value, words) => {
    expect(amount(value, "en")).toBe(words);
  });

  it("stands close to signs and apart from letters", () => {
    expect([withUnit("47", "°"), withUnit("88", "%"), withUnit("8.2", "°C"), withUnit("330", "cm"), withUnit("412", undefined)]).toEqual(["47°", "88%", "8.2\u00a0°C", "330\u00a0cm", "412"]);
  });
});

it("a clock a few seconds off is worth no word", () => {
  expect([clockOff(undefined), clockOff(-4.9), clockOff(5)]).toEqual([null, null, null]);
  expect(clockOff(-90)).toEqual({ isAhead: false, ms: 90_000 });
  expect(clockOff(30)).toEqual({ isAhead: true, ms: 30_000 });
});

it("a battery below a fifth is low, an unknown one is not", () => {
  expect([isLow(undefined), isLow(19.9), isLow(20)]).toEqual([false, true, false]);
});

it("truths and clocks are told in words", () => {
  let readings: ReturnType<typeof useReadings> | undefined;
  const Probe = defineComponent(() => {
    readings = useReadings();
    return () => h("i");
  });
  mount(Probe, { global: { plugins: [createDictionary({ ...zhCN }, async () => ({}))] } });
  const said = readings!;
  expect([said.words({ kind: "truth" }, 1), said.words({ kind: "truth" }, 0), said.words({ kind: "count" }, undefined)]).toEqual([zhCN.device.yes, zhCN.device.no, "–"]);
  expect(said.clock(2)).toBe("");
  expect(said.clock(-30)).toBe(zhCN.device.clock_behind.replace("{span}", zhCN.device.seconds.replace("{n}", "30")));
});
