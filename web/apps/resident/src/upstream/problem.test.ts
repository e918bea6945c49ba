import { expect, it } from "vitest";
import { problemIn } from "./problem.ts";

it("takes known words alone", () => {
  for (const [word, expected] of [
    ["upstream_denied", "upstream_denied"],
    ["upstream_taken", "upstream_taken"],
    ["<b>", undefined],
    ["", undefined],
    [["upstream_denied", "x"], undefined],
    [undefined, undefined],
  ] as const)
    expect(problemIn({ problem: word as string })?.code).toBe(expected);
});
