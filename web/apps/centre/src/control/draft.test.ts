import { Problem } from "@dipper/api";
import { expect, it } from "vitest";
import type { CommandKind, CommandParameter } from "../types";
import { blankCommand, commandBody, faultOf, isShare, problemAt, readNumber, readReason } from "./draft";

const brightness: CommandParameter = { id: "brightness", title: {}, kind: "measurement", symbol: "%", min: 0, max: 100 };
const lit: CommandParameter = { id: "lit", title: {}, kind: "truth" };
const turns: CommandParameter = { id: "turns", title: {}, kind: "count", min: 1 };
const dim: CommandKind = { id: "dim", title: {}, parameters: [brightness, lit, turns], is_dangerous: false, expires_seconds: 300 };

it("numbers are read as people type them", () => {
  const table: [string, number | null][] = [
    ["40", 40],
    [" 40 % ", 40],
    ["\uff14\uff10\uff05", 40],
    ["-2.5", -2.5],
    ["\u22122", -2],
    [".5", 0.5],
    ["", null],
    ["1,5", null],
    ["4e1", null],
    ["forty", null],
    ["%", null],
  ];
  for (const [typed, number] of table) expect(readNumber(typed, "%"), typed).toBe(number);
  expect(readNumber("40 %")).toBeNull();
});

it("a value that does not do is told why", () => {
  expect(faultOf(brightness, " ")).toEqual({ id: "form.required" });
  expect(faultOf(brightness, "bright")).toEqual({ id: "control.not_number" });
  expect(faultOf(brightness, "150")).toEqual({ id: "form.out_of_range", min: 0, max: 100 });
  expect(faultOf(turns, "0")).toEqual({ id: "control.at_least", min: 1 });
  expect(faultOf({ ...turns, min: undefined, max: 3 } as CommandParameter, "4")).toEqual({ id: "control.at_most", max: 3 });
  expect(faultOf(turns, "1.5")).toEqual({ id: "form.whole_number" });
  expect(faultOf(lit, "")).toEqual({ id: "form.required" });
  expect([faultOf(brightness, "0"), faultOf(brightness, "100"), faultOf(lit, "false"), faultOf(turns, "7")]).toEqual([null, null, null, null]);
});

it("becomes the body of a command", () => {
  expect(blankCommand(dim)).toEqual({ brightness: "", lit: "", turns: "" });
  expect(commandBody(dim, { brightness: "40%", lit: "false", turns: "2" }, " glare,\n at night ")).toEqual({
    command: "dim",
    arguments: { brightness: 40, lit: false, turns: 2 },
    reason: "glare, at night",
  });
});

it("a reason is one line", () => {
  expect(readReason("\n a\t b \r\n")).toBe("a b");
});

it("a problem is shown at its field, and elsewhere when it is of none", () => {
  const known = ["arguments.brightness", "reason"];
  const field = (name: string) => ({ field: name, message: "no" });
  const problem = new Problem(422, "invalid", "no", [field("arguments.brightness"), field("command")]);
  expect(problemAt(problem, known, "arguments.brightness")?.fields).toEqual([field("arguments.brightness")]);
  expect(problemAt(problem, known, "reason")).toBeUndefined();
  expect(problemAt(problem, known)?.fields).toEqual([field("command")]);
  const away = new Problem(409, "device_state", "no");
  expect([problemAt(away, known)?.code, problemAt(away, known, "reason"), problemAt(undefined, known)]).toEqual(["device_state", undefined, undefined]);
});

it("shares of a whole have a slider", () => {
  expect([isShare(brightness), isShare({ ...brightness, symbol: "W" }), isShare(lit), isShare(turns)]).toEqual([true, false, false, false]);
});
