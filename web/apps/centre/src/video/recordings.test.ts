import { expect, test } from "vitest";
import { megabytes, span } from "./recordings";

test("files are as long as people say it", () => {
  const at = (seconds: number) => new Date(Date.UTC(2026, 10, 28) + seconds * 1_000).toISOString();
  expect([span(at(0), at(59.4), "zh-CN"), span(at(0), at(60), "zh-CN"), span(at(0), at(90), "en"), span(at(0), at(0), "en")]).toEqual(["59秒", "1分钟", "1.5 min", "1 sec"]);
  expect([megabytes(15_040_000, "en"), megabytes(900, "zh-CN")]).toEqual(["15 MB", "0 MB"]);
});
