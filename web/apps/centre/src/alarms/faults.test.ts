import { expect, it } from "vitest";
import { isBusy, lineOf, nearest, readFaults } from "./faults";

const RULE = `title: {en: Cover, zh-CN: x}
classes: [manhole_cover]
levels:
  - {severity: minor, when: tilt > 5.0}
  - {severity: major, when: tilt >}
hysteresis: 5.0
`;

it("a fault stands at its line, and names the key that was probably meant", () => {
  const [fault] = readFaults('rule:4: unknown key "wen"; known are title, category, when, severity', RULE);
  expect(fault).toMatchObject({ line: 4, id: "rule.fault_near", values: { key: "wen", near: "when" } });
});

it("a key that is like none is told with those that are known", () => {
  const [fault] = readFaults('rule:9: unknown key "colour"; known are title, when', RULE);
  expect(fault).toMatchObject({ line: 9, id: "rule.fault_key", values: { key: "colour", known: "title, when" } });
});

it("several faults are several", () => {
  const faults = readFaults('rule:1: the text is missing in zh-CN\nrule:8: "severity" stands twice, first on line 5', RULE);
  expect(faults.map(({ line, id }) => [line, id])).toEqual([
    [1, "rule.fault_language"],
    [8, "rule.fault_twice"],
  ]);
});

it("faults of conditions and lists are found at the line of their key", () => {
  const at = (message: string) => readFaults(message, RULE).map(({ line, id }) => [line, id])[0];
  expect(at('alarm rule "rehearsal": levels[1].when: expected a value, got the end, at character 7')).toEqual([5, "rule.fault_at"]);
  expect(at("classes: the city has no class xx")).toEqual([2, "rule.fault_class"]);
  expect(at('alarm rule "rehearsal": when: give either when or levels, or no_data_after alone')).toEqual([null, "rule.fault_condition"]);
});

it("what is not known is told as the server says it", () => {
  expect(readFaults("the readings cannot be read now", RULE)).toEqual([{ line: null, id: null, values: {}, words: "the readings cannot be read now" }]);
  expect(readFaults("rule:0: longer than 16384 bytes", RULE)[0]).toMatchObject({ line: null, words: "longer than 16384 bytes" });
});

it("fields have lines", () => {
  expect([lineOf(RULE, "hysteresis"), lineOf(RULE, "levels[0].when"), lineOf(RULE, "levels"), lineOf(RULE, "selector.properties")]).toEqual([6, 4, 3, null]);
});

it("near is a slip, not another word", () => {
  const known = ["title", "when", "for"];
  expect([nearest("wen", known), nearest("titel", known), nearest("x", known), nearest("colour", known)]).toEqual(["when", "title", null, null]);
});

it("knows that another rule is being tried", () => {
  expect([isBusy({ code: "rehearsal_busy" }), isBusy({ code: "invalid" })]).toEqual([true, false]);
});
