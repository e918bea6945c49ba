import { expect, test } from "vitest";
import { isLabel } from "./labels";

test("labels are short words of any script", () => {
  for (const text of ["汛期重点", " batch-7 ", "鼓楼 东", "a.b_c·d", "灯".repeat(24)]) expect(isLabel(text), text).toBe(true);
  for (const text of ["", "  ", "a,b", "a  b", "<b>", "a/b", "%", "灯".repeat(25)]) expect(isLabel(text), text).toBe(false);
});
